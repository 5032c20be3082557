package sidecar

import (
	"context"
	"log/slog"
	"slices"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// BacklogStore is what small writes need of the database. Each may be repeated.
type BacklogStore interface {
	AddBlacklisted(ctx context.Context, addresses []string, by string) ([]changefeed.Change, error)
	RemoveBlacklisted(ctx context.Context, address string) ([]changefeed.Change, error)
	AddModEntry(ctx context.Context, entry mindustry.ModEntry) error
	AddPlayerCount(ctx context.Context, report syncer.CountReport) error
	ReportMapRun(ctx context.Context, report syncer.MapReport) (syncer.CurrentMapRun, error)
	FinishMapRun(ctx context.Context, finish syncer.MapFinish) (syncer.MapRun, error)
}

// BacklogDisk keeps small writes that wait.
type BacklogDisk interface {
	AddWaiting(w mindustry.QueuedWrite) (number uint64, err error)
	Waiting() ([]mindustry.QueuedWrite, error)
	RemoveWaiting(number uint64) error
}

// Backlog stores small writes whose senders forget them at once, whatever the
// answer: while the database is away they wait on disk, in their order, and in
// memory only if the disk fails too. It is safe for concurrent use.
type Backlog struct {
	store   BacklogStore
	disk    BacklogDisk
	applier Applier
	log     *slog.Logger

	writing sync.Mutex // one write at a time
	mu      sync.Mutex
	waiting []mindustry.QueuedWrite // oldest first
}

// NewBacklog returns a backlog with what waits on disk. Run must be running for
// that to be stored.
func NewBacklog(store BacklogStore, disk BacklogDisk, applier Applier, log *slog.Logger) *Backlog {
	b := &Backlog{store: store, disk: disk, applier: applier, log: log}
	var err error
	if b.waiting, err = disk.Waiting(); err != nil {
		log.Error("cannot read all small writes that waited on disk", "error", err)
	}
	return b
}

// Len returns how many writes wait.
func (b *Backlog) Len() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return len(b.waiting)
}

// pending returns what waits, shared.
func (b *Backlog) pending() []mindustry.QueuedWrite {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clip(b.waiting)
}

// write stores a write, or lets it wait behind those that do. The error is one that
// waiting does not help.
func (b *Backlog) write(ctx context.Context, w mindustry.QueuedWrite) error {
	_, err := b.writeBy(ctx, w, func(ctx context.Context) error { return b.do(ctx, w) })
	return err
}

// writeBy is write for who wants what the store returns: do stores the write unless
// it has to wait.
func (b *Backlog) writeBy(ctx context.Context, w mindustry.QueuedWrite, do func(context.Context) error) (waits bool, err error) {
	ctx = context.WithoutCancel(ctx) // the sender may be gone, what it sent is not
	b.writing.Lock()
	defer b.writing.Unlock()
	if b.Len() == 0 {
		err := do(ctx)
		if err == nil || !isAway(err) {
			return false, err
		}
		b.log.Warn("cannot store a small write; it waits on disk", "error", err)
	}
	number, err := b.disk.AddWaiting(w)
	if err != nil {
		b.log.Error("cannot keep a small write on disk; it is in memory only", "error", err)
	}
	w.Number = number
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = append(slices.Clip(b.waiting), w)
	return true, nil
}

// do stores a write.
func (b *Backlog) do(ctx context.Context, w mindustry.QueuedWrite) error {
	var err error
	switch {
	case w.ModEntry != nil:
		err = b.store.AddModEntry(ctx, *w.ModEntry)
	case w.Count != nil:
		err = b.store.AddPlayerCount(ctx, *w.Count)
	case w.MapReport != nil:
		_, err = b.store.ReportMapRun(ctx, *w.MapReport)
	case w.MapFinish != nil:
		_, err = b.store.FinishMapRun(ctx, *w.MapFinish)
	case w.Blacklist != nil:
		err = b.editBlacklist(ctx, *w.Blacklist)
	}
	return err
}

func (b *Backlog) editBlacklist(ctx context.Context, edit mindustry.BlacklistEdit) error {
	begun := b.applier.Begin()
	if edit.Listed {
		changes, err := b.store.AddBlacklisted(ctx, edit.Addresses, edit.By)
		b.applier.Wrote(begun, nil, changes)
		return err
	}
	for _, address := range edit.Addresses {
		changes, err := b.store.RemoveBlacklisted(ctx, address)
		b.applier.Wrote(begun, nil, changes)
		if err != nil {
			return err
		}
	}
	return nil
}

// Run stores what waits once the database is back, until ctx ends.
func (b *Backlog) Run(ctx context.Context) error {
	ticker := time.NewTicker(replayInterval)
	defer ticker.Stop()
	for {
		for b.Len() > 0 && b.storeOldest(ctx) {
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// storeOldest stores the first write that waits; false: not now.
func (b *Backlog) storeOldest(ctx context.Context) bool {
	oldest := b.pending()[0]
	err := b.do(ctx, oldest)
	if err != nil && (isAway(err) || ctx.Err() != nil) {
		return false
	}
	if err != nil {
		b.log.Error("the database refuses a small write that waited on disk; it is dropped", "error", err)
	}
	if oldest.Number != 0 {
		if err := b.disk.RemoveWaiting(oldest.Number); err != nil {
			b.log.Error("cannot remove a stored write from disk; it will be stored again after a restart", "error", err)
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting = b.waiting[1:]
	return true
}
