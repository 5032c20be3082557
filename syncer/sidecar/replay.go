package sidecar

import (
	"context"
	"maps"
	"slices"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// replayInterval is how often the outbox is tried while it holds anything.
const replayInterval = time.Second

// runReplay sends what waits in the outbox, in order, until ctx ends.
func (s *Saver) runReplay(ctx context.Context) error {
	ticker := time.NewTicker(replayInterval)
	defer ticker.Stop()
	for {
		if s.hasWaiting() {
			s.replay(ctx)
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// fate is what became of a batch that waited on disk.
type fate int

const (
	stays  fate = iota // there, with all behind it: the database is away
	stored             // and no longer on disk
	parted             // parts of it are in its place
	passed             // it waits, and what is behind it goes on
)

// replay sends batches until the database does not answer. One that does not get through is
// sent in halves, and these in halves, until those that do are stored. Whoever does not even
// get through alone waits, with what is behind him of his own, and nobody else does.
func (s *Saver) replay(ctx context.Context) {
	sent := 0
	for s.replayOnce(ctx, &sent) {
	}
	if sent > 0 {
		s.log.Info("stored saves that waited on disk", "batches", sent)
	}
}

// replayOnce goes through the outbox once, and reports whether to begin anew: parts have taken
// a place that may be passed already.
func (s *Saver) replayOnce(ctx context.Context, sent *int) (again bool) {
	for batch, err := range s.outbox.Pending(ctx) {
		if ctx.Err() != nil {
			return false
		}
		if err != nil {
			s.log.Error("cannot read a save from the outbox", "error", err)
			continue
		}
		switch s.resend(ctx, batch) {
		case stays:
			return false
		case parted:
			return true
		case stored:
			*sent++
		case passed:
		}
	}
	return false
}

// resend sends one batch from the outbox.
func (s *Saver) resend(ctx context.Context, batch merge.Batch) fate {
	waiting, others := s.stuck.among(batch, time.Now())
	switch {
	case len(waiting) == 1 && len(others) == 0:
		return passed
	case len(waiting) > 0:
		groups := slices.Collect(slices.Chunk(waiting, 1))
		if len(others) > 0 {
			groups = append(groups, others)
		}
		return s.part(ctx, batch, groups)
	}
	begun := s.applier.Begin()
	readings, changes, err := s.store.SaveBatch(ctx, batch)
	switch {
	case err == nil && len(readings) > 0:
		s.applier.Wrote(begun, readings, changes)
		return s.discard(batch)
	case len(others) > 1:
		became := s.part(ctx, batch, halvesOf(batch)) // unless it is stored already
		if became == parted && err != nil {
			s.log.Warn("saves do not get through together; they are sent in parts",
				"players", len(others), "error", err)
		}
		return became
	case syncer.CodeOf(err) == syncer.CodeInvalid:
		if !s.setAside(batch, err) {
			return stays
		}
		return passed
	}
	became := s.part(ctx, batch, [][]syncer.PlayerID{others})
	if became == parted && err != nil {
		s.holdUp(others[0], err)
		return passed
	}
	return became
}

// part puts parts in the place of a batch on disk, unless it turns out to be stored. The
// database must answer.
func (s *Saver) part(ctx context.Context, batch merge.Batch, groups [][]syncer.PlayerID) fate {
	isStored, err := s.store.PartBatch(ctx, batch.ID)
	switch {
	case err != nil:
		return stays
	case isStored:
		return s.discard(batch)
	}
	parts := partsOf(batch, groups)
	if err := s.outbox.Replace(batch.ID, parts); err != nil {
		s.log.Error("cannot part saves in the outbox", "error", err)
		return stays
	}
	s.visitors.part(batch.ID, parts)
	return parted
}

// discard forgets a batch that is stored.
func (s *Saver) discard(batch merge.Batch) fate {
	s.visitors.drop(batch)
	for id := range batch.Edits {
		delete(s.stuck, id)
	}
	if err := s.outbox.Remove(batch.ID); err != nil {
		s.log.Error("cannot remove a stored save from the outbox; it will be recognised when sent again", "error", err)
		return stays
	}
	return stored
}

// setAside keeps a refused save of one player on disk for a person to look at. It may
// wait there already. False means that it could not be kept.
func (s *Saver) setAside(single merge.Batch, refusal error) bool {
	for id := range single.Edits {
		s.log.Error("the database refuses a save; it is set aside on disk", "player", id, "error", refusal)
	}
	s.visitors.drop(single)
	err := s.outbox.Add(single)
	if err == nil {
		err = s.outbox.Refuse(single.ID, refusal.Error())
	}
	if err != nil {
		s.log.Error("cannot set a save aside", "error", err)
	}
	return err == nil
}

// Of a player whose saves do not get through although the database answers.
const (
	firstPause  = time.Second // until the next try; it doubles with each
	maxPause    = 5 * time.Minute
	toldFailure = 3 // of which the log tells first: what passes by itself is over by then
)

// stuck are the players whose saves on disk do not get through although the database answers:
// somebody keeps their rows locked, or they are more than the network carries in time.
type stuck map[syncer.PlayerID]failing

// failing is how often a player's saves did not get through, and when they are tried again.
type failing struct {
	failures int
	retryAt  time.Time
}

// among returns the players of a batch whose time has not come yet, and the others.
func (st stuck) among(batch merge.Batch, now time.Time) (waiting, others []syncer.PlayerID) {
	for _, id := range slices.Sorted(maps.Keys(batch.Edits)) {
		if f, known := st[id]; known && now.Before(f.retryAt) {
			waiting = append(waiting, id)
		} else {
			others = append(others, id)
		}
	}
	return waiting, others
}

// holdUp lets the saves of a player wait for a while.
func (s *Saver) holdUp(id syncer.PlayerID, cause error) {
	f := s.stuck[id]
	pause := min(firstPause<<min(f.failures, 16), maxPause)
	f.failures++
	f.retryAt = time.Now().Add(pause)
	s.stuck[id] = f
	if f.failures >= toldFailure {
		s.log.Error("the saves of a player do not get through and wait on disk; the others go on",
			"player", id, "tries", f.failures, "next_try_in", pause, "error", cause)
	}
}
