package sidecar

import (
	"context"
	"crypto/rand"
	"errors"
	"time"

	"golang.org/x/sync/errgroup"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// maxBatch is how many players one batch holds: as many as the database's feed
// reports one by one.
const maxBatch = 256

// lastWords bounds the flush at shutdown; what is not in the database by then
// waits in the outbox.
const lastWords = 5 * time.Second

// Run stores what is held in memory: leaves as they come, everything else each
// flush interval, and what waits in the outbox once the database is back. When
// ctx ends it stores all that is left and returns nil.
func (s *Sidecar) Run(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.runSaver(ctx) })
	group.Go(func() error { return s.runReplay(ctx) })
	group.Go(func() error { return s.trails.run(ctx) })
	return group.Wait()
}

func (s *Sidecar) runSaver(ctx context.Context) error {
	ticker := time.NewTicker(s.config.FlushInterval)
	defer ticker.Stop()
	for {
		select {
		case <-s.wake:
			s.flush(ctx, s.takeUrgent)
		case <-ticker.C:
			s.flush(ctx, s.takePending)
		case <-ctx.Done():
			final, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
			defer cancel()
			s.flush(final, s.takeUrgent)
			s.flush(final, s.takePending)
			return nil
		}
	}
}

// flush saves batch after batch until take has no more.
func (s *Sidecar) flush(ctx context.Context, take func() (merge.Batch, []chan error)) {
	for {
		batch, waiting := take()
		if len(batch.Edits) == 0 && len(waiting) == 0 {
			return
		}
		err := s.save(context.WithoutCancel(ctx), batch)
		for _, done := range waiting {
			done <- err
		}
	}
}

// await asks for the player's edits to be made safe at once. The caller holds
// s.mu for writing.
func (s *Sidecar) await(id syncer.PlayerID) <-chan error {
	done := make(chan error, 1)
	s.urgent[id] = append(s.urgent[id], done)
	select {
	case s.wake <- struct{}{}:
	default: // the saver is about to look anyway
	}
	return done
}

func wait(ctx context.Context, saved <-chan error) error {
	select {
	case err := <-saved:
		return err
	case <-ctx.Done():
		return syncer.Unavailable(ctx.Err())
	}
}

// takeUrgent moves the edits of players that somebody waits for into a batch.
func (s *Sidecar) takeUrgent() (merge.Batch, []chan error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := newBatch()
	var waiting []chan error
	for id, channels := range s.urgent {
		if len(batch.Edits) == maxBatch {
			break
		}
		s.take(&batch, id)
		waiting = append(waiting, channels...)
		delete(s.urgent, id)
	}
	return batch, waiting
}

// takePending moves edits of any players into a batch.
func (s *Sidecar) takePending() (merge.Batch, []chan error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	batch := newBatch()
	for id := range s.visitors {
		if len(batch.Edits) == maxBatch {
			break
		}
		s.take(&batch, id)
	}
	return batch, nil
}

// take moves one player's pending edit into the batch. The caller holds s.mu.
func (s *Sidecar) take(batch *merge.Batch, id syncer.PlayerID) {
	v, known := s.visitors[id]
	if !known || v.pending.IsZero() {
		return
	}
	batch.Edits[id] = v.pending
	v.saving = append(v.saving, sending{batch: batch.ID, edit: v.pending})
	v.pending = merge.Edit{}
}

func newBatch() merge.Batch {
	batch := merge.Batch{Edits: map[syncer.PlayerID]merge.Edit{}}
	_, _ = rand.Read(batch.ID[:]) // never fails, says its documentation
	return batch
}

// save makes a batch safe: in the database or, failing that, on disk behind what
// waits there already. An error means that it is in memory only, as before.
func (s *Sidecar) save(ctx context.Context, batch merge.Batch) error {
	if len(batch.Edits) == 0 {
		return nil
	}
	var err error
	if s.outbox.Len() == 0 {
		if err = s.storeBatch(ctx, batch); err == nil {
			return nil
		}
		if syncer.CodeOf(err) == syncer.CodeInvalid {
			return s.saveEach(ctx, batch, err)
		}
		s.log.Warn("cannot store saves; they wait on disk", "players", len(batch.Edits), "error", err)
	}
	if failed := s.outbox.Add(batch); failed != nil {
		s.log.Error("cannot keep saves on disk; they are in memory only", "players", len(batch.Edits), "error", failed)
		s.giveBack(batch)
		return syncer.Unavailable(errors.Join(err, failed))
	}
	return nil
}

// storeBatch stores one batch and shows the result to everyone.
func (s *Sidecar) storeBatch(ctx context.Context, batch merge.Batch) error {
	begun := s.applier.Begin()
	readings, changes, err := s.store.SaveBatch(ctx, batch)
	if err != nil {
		return err
	}
	s.applier.Wrote(begun, readings, changes)
	s.drop(batch)
	return nil
}

// saveEach stores the players of a batch one by one after the database refused a
// value in it, so that one bad edit costs nobody else's. The bad one is set aside
// on disk for a person to look at, and reported to whoever waits.
func (s *Sidecar) saveEach(ctx context.Context, batch merge.Batch, refusal error) error {
	if len(batch.Edits) == 1 {
		s.setAside(batch, refusal)
		return refusal
	}
	var refused error
	for id, edit := range batch.Edits {
		single := newBatch()
		single.Edits[id] = edit
		s.rename(id, batch.ID, single.ID)
		if err := s.save(ctx, single); err != nil {
			refused = err
		}
	}
	return refused
}

// drop forgets that a batch was under way.
func (s *Sidecar) drop(batch merge.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range batch.Edits {
		if v, known := s.visitors[id]; known {
			v.remove(batch.ID)
			s.forget(id)
		}
	}
}

// giveBack makes a batch's edits pending again.
func (s *Sidecar) giveBack(batch merge.Batch) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, edit := range batch.Edits {
		v := s.visitor(id)
		v.remove(batch.ID)
		v.pending = edit.Then(v.pending)
	}
}

// rename moves one player's part from one batch to another.
func (s *Sidecar) rename(id syncer.PlayerID, from, to [16]byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if v, known := s.visitors[id]; known {
		for i := range v.saving {
			if v.saving[i].batch == from {
				v.saving[i].batch = to
			}
		}
	}
}
