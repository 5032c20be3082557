package sidecar

import (
	"context"
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

// replay sends batches until one does not get through.
func (s *Saver) replay(ctx context.Context) {
	sent := 0
	for batch, err := range s.outbox.Pending(ctx) {
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			s.log.Error("cannot read a save from the outbox", "error", err)
			continue
		}
		if !s.resend(ctx, batch) {
			return
		}
		sent++
	}
	if sent > 0 {
		s.log.Info("stored the saves that waited on disk", "batches", sent)
	}
}

// resend stores one batch from the outbox; false means that it stays there.
func (s *Saver) resend(ctx context.Context, batch merge.Batch) bool {
	err := s.storeBatch(ctx, batch)
	if syncer.CodeOf(err) == syncer.CodeInvalid {
		return s.resendEach(ctx, batch, err)
	}
	if err != nil {
		return false
	}
	return s.discard(batch.ID)
}

// resendEach is saveEach for a batch that is on disk: its parts replace it there
// once each has been stored or refused.
func (s *Saver) resendEach(ctx context.Context, batch merge.Batch, refusal error) bool {
	if len(batch.Edits) == 1 {
		return s.setAside(batch, refusal)
	}
	for id := range batch.Edits {
		single := batch.Part(partOf(batch.ID, id), id)
		s.visitors.rename(id, batch.ID, single.ID)
		err := s.storeBatch(ctx, single)
		switch {
		case err == nil:
		case syncer.CodeOf(err) == syncer.CodeInvalid:
			if !s.setAside(single, err) {
				return false
			}
		default:
			return false
		}
	}
	return s.discard(batch.ID)
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

func (s *Saver) discard(id [16]byte) bool {
	if err := s.outbox.Remove(id); err != nil {
		s.log.Error("cannot remove a stored save from the outbox; it will be recognised when sent again", "error", err)
		return false
	}
	return true
}
