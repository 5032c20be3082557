package sidecar

import (
	"context"
	"crypto/rand"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/mindustry"
	"playersync/syncer/writequeue"
)

// ModLog is the log of moderation. It is safe for concurrent use.
type ModLog struct {
	store   ModLogStore
	entries *writequeue.Kind[mindustry.ModEntry]
	clock   Clock
	forward func(string)

	mu     sync.Mutex
	recent map[recentEntry]time.Time // entries of the last moments
}

type recentEntry struct{ source, message string }

// ModLogStore is what the log needs of the database.
type ModLogStore interface {
	ModLog(ctx context.Context, filter mindustry.ModLogFilter, before int64, size int) ([]mindustry.ModEntry, error)
	AddModEntry(ctx context.Context, entry mindustry.ModEntry) error
}

// NewModLog returns a log that writes through the queue. Forward takes each entry
// for other places and must not block; nil: there are none.
func NewModLog(store ModLogStore, queue *writequeue.Queue, clock Clock, forward func(string)) *ModLog {
	if forward == nil {
		forward = func(string) {}
	}
	entries := writequeue.Register(queue, "moderation log", store.AddModEntry)
	return &ModLog{store: store, entries: entries, clock: clock, forward: forward, recent: map[recentEntry]time.Time{}}
}

// Add writes down what moderators did, as a game server reports it. The same again
// within five seconds is the same. It is in the database when Add returns or, while
// that is away, on disk. Errors: invalid.
func (l *ModLog) Add(ctx context.Context, source, message string) error {
	entry := mindustry.ModEntry{At: syncer.TimeOf(l.clock.Now()), Source: source, Message: message}
	if err := entry.Validate(); err != nil {
		return err
	}
	if l.isRepeated(recentEntry{source, message}) {
		return nil
	}
	_, _ = rand.Read(entry.Token[:]) // never fails, says its documentation
	if err := l.entries.Write(ctx, entry); err != nil {
		return err
	}
	l.forward(message)
	return nil
}

// List returns entries, newest first, and the position of the next page, "" on the last.
// Errors: invalid, database_unavailable.
func (l *ModLog) List(
	ctx context.Context, filter mindustry.ModLogFilter, page Page,
) (entries []mindustry.ModEntry, next string, err error) {
	if err := filter.Validate(); err != nil {
		return nil, "", err
	}
	number := func(entry mindustry.ModEntry) int64 { return entry.Number }
	return numbered(page, number, func(before int64, size int) ([]mindustry.ModEntry, error) {
		return l.store.ModLog(ctx, filter, before, size)
	})
}

// repeatWindow is how long the same entry counts as sent twice.
const repeatWindow = 5 * time.Second

// isRepeated reports whether the entry came a moment ago, and remembers it.
func (l *ModLog) isRepeated(entry recentEntry) bool {
	now := time.Now()
	l.mu.Lock()
	defer l.mu.Unlock()
	for other, at := range l.recent {
		if now.Sub(at) >= repeatWindow {
			delete(l.recent, other)
		}
	}
	if _, repeated := l.recent[entry]; repeated {
		return true
	}
	l.recent[entry] = now
	return false
}
