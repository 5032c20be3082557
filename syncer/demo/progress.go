package demo

import (
	"context"
	"log/slog"
)

// Progress shows what takes long.
type Progress interface {
	Begin(what string) // what is waited for from now on
	End()              // nothing is waited for any more
}

// silence shows nothing.
type silence struct{}

// Begin implements Progress.
func (silence) Begin(string) {}

// End implements Progress.
func (silence) End() {}

// progressHandler shows messages of a part that starts as progress: a first run
// may fetch PostgreSQL, which takes minutes on a slow line.
type progressHandler struct {
	slog.Handler
	progress Progress
}

// Enabled implements slog.Handler.
func (h progressHandler) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelInfo || h.Handler.Enabled(ctx, level)
}

// Handle implements slog.Handler.
func (h progressHandler) Handle(ctx context.Context, record slog.Record) error {
	if record.Level >= slog.LevelInfo {
		h.progress.Begin(record.Message)
	}
	if !h.Handler.Enabled(ctx, record.Level) {
		return nil
	}
	return h.Handler.Handle(ctx, record)
}
