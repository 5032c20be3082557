package sidecar

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"maps"
	"time"

	"golang.org/x/sync/errgroup"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
)

// shutdownTimeout bounds the flush at shutdown; what is not in the database by then
// waits in the outbox.
const shutdownTimeout = 5 * time.Second

// Saver stores the edits that [Players] hold in memory, in batches. It is safe for
// concurrent use; Run must be running for anything to be stored.
type Saver struct {
	interval time.Duration
	visitors *visitors
	store    SaverStore
	applier  Applier
	outbox   Outbox
	log      *slog.Logger

	most  int   // players of the next batch; belongs to the goroutine that flushes
	stuck stuck // belongs to the goroutine that replays

	// unsure are batches, oldest first, that may be stored, that the disk did not take, and that
	// must therefore be sent again as they are. They belong to the goroutine that flushes.
	unsure []merge.Batch
}

// SaverStore is what the saver needs of the database.
type SaverStore interface {
	// SaveBatch stores a batch once, however often it is sent.
	SaveBatch(ctx context.Context, batch merge.Batch) ([]changefeed.VersionedPlayer, []changefeed.Change, error)
	// PartBatch reports whether a batch is stored. If not, it never will be, so that its parts
	// may be sent as batches of their own.
	PartBatch(ctx context.Context, id [16]byte) (stored bool, err error)
}

// Outbox keeps batches on disk while the database is away.
type Outbox interface {
	Add(batch merge.Batch) error
	Pending(ctx context.Context) iter.Seq2[merge.Batch, error]
	Remove(id [16]byte) error
	// Replace puts parts in the place of a batch.
	Replace(id [16]byte, parts []merge.Batch) error
	Refuse(id [16]byte, reason string) error
	Len() int
}

// NewSaver returns a saver without edits. It stores them at the latest after the
// interval; 0 means 5 s. A player with edits is held in memory.
func NewSaver(
	interval time.Duration, store SaverStore, held HeldPlayers, applier Applier, outbox Outbox, log *slog.Logger,
) *Saver {
	if interval <= 0 {
		interval = 5 * time.Second
	}
	return &Saver{
		interval: interval, visitors: newVisitors(held),
		store: store, applier: applier, outbox: outbox, log: log, most: maxBatch, stuck: stuck{},
	}
}

// Recall notes what waits on disk since an earlier run, so that players are shown with it. It is
// called before anybody asks for one.
func (s *Saver) Recall(ctx context.Context) {
	for batch, err := range s.outbox.Pending(ctx) {
		if err != nil {
			s.log.Error("cannot read a save from the outbox", "error", err)
			continue
		}
		s.visitors.recall(batch)
	}
}

// hasWaiting reports whether batches wait on disk.
func (s *Saver) hasWaiting() bool { return s.outbox.Len() > 0 }

// Run stores what is held in memory: leaves as they come, everything else each
// interval, and what waits in the outbox once the database is back. When ctx ends it
// stores all that is left and returns nil.
func (s *Saver) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.runFlush(ctx) })
	group.Go(func() error { return s.runReplay(ctx) })
	return group.Wait()
}

func (s *Saver) runFlush(ctx context.Context) error {
	ticker := time.NewTicker(s.interval)
	defer ticker.Stop()
	for {
		select {
		case <-s.visitors.wake:
			s.flush(ctx, s.visitors.takeUrgent)
		case <-ticker.C:
			s.resolve(ctx)
			s.flush(ctx, s.visitors.takeUrgent)
			s.flush(ctx, s.visitors.takePending)
		case <-ctx.Done():
			final, cancel := context.WithTimeout(context.WithoutCancel(ctx), shutdownTimeout)
			defer cancel()
			s.resolve(final)
			s.flush(final, s.visitors.takeUrgent)
			s.flush(final, s.visitors.takePending)
			return nil
		}
	}
}

// resolve sends the batches again that may be stored, and reports whether none is left.
func (s *Saver) resolve(ctx context.Context) bool {
	batches := s.unsure
	s.unsure = nil
	for i, batch := range batches {
		if s.save(context.WithoutCancel(ctx), batch, true); len(s.unsure) > 0 {
			s.log.Warn("cannot learn whether saves are stored; they are sent again")
			s.unsure = append(s.unsure, batches[i+1:]...)
			return false
		}
	}
	return true
}

// flush saves batch after batch until take has no more, or one is in memory only.
func (s *Saver) flush(ctx context.Context, take func(most int) (merge.Batch, waitingFor)) {
	for {
		batch, waiting := take(s.most)
		if len(batch.Edits) == 0 && len(waiting) == 0 {
			return
		}
		var unsafe failures
		resolved := s.resolve(ctx)
		if resolved {
			unsafe = s.save(context.WithoutCancel(ctx), batch, false)
		} else {
			s.visitors.giveBack(batch)
			unsafe = failuresOf(maps.Keys(waiting), errUnsure)
		}
		for id, channels := range waiting {
			for _, done := range channels {
				done <- unsafe[id]
			}
		}
		if !resolved || unsafe.inMemoryOnly() {
			return
		}
	}
}

// failures are the errors of players whose edits are not safe.
type failures map[syncer.PlayerID]error

// failuresOf returns an error that all have.
func failuresOf(players iter.Seq[syncer.PlayerID], err error) failures {
	all := failures{}
	for id := range players {
		all[id] = err
	}
	return all
}

// inMemoryOnly reports whether edits have no other place.
func (f failures) inMemoryOnly() bool {
	for _, err := range f {
		if syncer.CodeOf(err) == syncer.CodeOutcomeUnknown {
			return true
		}
	}
	return false
}

// errUnsure is of saves that come after others of which nobody knows yet whether they are stored.
var errUnsure = stillInMemory(errors.New("earlier saves are not stored yet"))

// wait returns the outcome of an edit that somebody awaits.
func wait(ctx context.Context, saved <-chan error) error {
	select {
	case err := <-saved:
		return err
	case <-ctx.Done():
		return stillInMemory(ctx.Err())
	}
}

// stillInMemory is the outcome of a save that is neither in the database nor on disk when its
// caller has to be answered.
func stillInMemory(cause error) error {
	return &syncer.Error{
		Code:    syncer.CodeOutcomeUnknown,
		Message: "the save is only in memory; it is stored as soon as that is possible",
		Cause:   cause,
	}
}

// save makes a batch safe: in the database or, failing that, on disk behind what waits there
// already. Whose edits are not safe has an error: they are refused or, outcome_unknown, in
// memory only, as before or, if they may be stored, all of the batch as it is.
func (s *Saver) save(ctx context.Context, batch merge.Batch, mayBeStored bool) failures {
	if len(batch.Edits) == 0 {
		return nil
	}
	var err error
	if !s.hasWaiting() {
		if err = s.storeBatch(ctx, batch); err == nil {
			s.most = min(max(s.most, 2*len(batch.Edits)), maxBatch)
			return nil
		}
		if syncer.CodeOf(err) == syncer.CodeInvalid {
			return s.saveHalves(ctx, batch, err)
		}
		s.most = max(len(batch.Edits)/2, 1) // the next one must not fail because it is too much
		s.log.Warn("cannot store saves; they wait on disk", "players", len(batch.Edits), "error", err)
	}
	if failed := s.outbox.Add(batch); failed != nil {
		s.log.Error("cannot keep saves on disk; they are in memory only", "players", len(batch.Edits), "error", failed)
		if mayBeStored || syncer.CodeOf(err) == syncer.CodeOutcomeUnknown {
			s.unsure = append(s.unsure, batch)
		} else {
			s.visitors.giveBack(batch)
		}
		return failuresOf(maps.Keys(batch.Edits), stillInMemory(errors.Join(err, failed)))
	}
	return nil
}

// storeBatch stores one batch and shows the result to everyone.
func (s *Saver) storeBatch(ctx context.Context, batch merge.Batch) error {
	begun := s.applier.Begin()
	readings, changes, err := s.store.SaveBatch(ctx, batch)
	if err != nil {
		return err
	}
	s.applier.Wrote(begun, readings, changes)
	s.visitors.drop(batch)
	return nil
}

// saveHalves stores a batch in parts after the database refused a value in it, so that one bad
// edit costs nobody else's. The bad one is set aside on disk for a person to look at.
func (s *Saver) saveHalves(ctx context.Context, batch merge.Batch, refusal error) failures {
	if len(batch.Edits) == 1 {
		s.setAside(batch, refusal)
		return failuresOf(maps.Keys(batch.Edits), refusal)
	}
	parts := partsOf(batch, halvesOf(batch))
	s.visitors.part(batch.ID, parts)
	all := failures{}
	for _, part := range parts {
		maps.Copy(all, s.save(ctx, part, false))
	}
	return all
}
