package sidecar

import (
	"cmp"
	"crypto/rand"
	"crypto/sha256"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// maxBatch is how many players one batch holds: as many as the database's feed
// reports one by one.
const maxBatch = 256

func newBatch() merge.Batch {
	return merge.Batch{
		ID: newBatchID(), Edits: map[syncer.PlayerID]merge.Edit{}, Known: map[syncer.PlayerID]merge.Edit{},
		Servers: map[syncer.PlayerID]string{},
	}
}

func newBatchID() (id [16]byte) {
	_, _ = rand.Read(id[:]) // never fails, says its documentation
	return id
}

// partOf derives the id of one player's part of a batch. It must be the same
// after a restart, so that a part that was stored is recognised.
func partOf(batch [16]byte, id syncer.PlayerID) [16]byte {
	sum := sha256.Sum256(append(batch[:], id...))
	return [16]byte(sum[:16])
}

// takeUrgent moves the edits of players that somebody waits for into a batch.
func (vs *visitors) takeUrgent() (merge.Batch, []chan error) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	batch := newBatch()
	var waiting []chan error
	for id, channels := range vs.urgent {
		if len(batch.Edits) == maxBatch {
			break
		}
		vs.take(&batch, id)
		waiting = append(waiting, channels...)
		delete(vs.urgent, id)
	}
	return batch, waiting
}

// takePending moves edits of any players into a batch.
func (vs *visitors) takePending() (merge.Batch, []chan error) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	batch := newBatch()
	for id := range vs.byID {
		if len(batch.Edits) == maxBatch {
			break
		}
		vs.take(&batch, id)
	}
	return batch, nil
}

// drop forgets that a batch was under way.
func (vs *visitors) drop(batch merge.Batch) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for id := range batch.Edits {
		if v, known := vs.byID[id]; known {
			vs.see(id, v)
			v.remove(batch.ID)
			vs.forget(id)
		}
	}
}

// giveBack makes a batch's edits pending again.
func (vs *visitors) giveBack(batch merge.Batch) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for id, edit := range batch.Edits {
		v := vs.of(id)
		v.remove(batch.ID)
		v.pending = edit.Then(v.pending)
		v.through = cmp.Or(v.through, batch.Servers[id])
	}
}

// rename moves one player's part from one batch to another.
func (vs *visitors) rename(id syncer.PlayerID, from, to [16]byte) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if v, known := vs.byID[id]; known {
		for i := range v.saving {
			if v.saving[i].batch == from {
				v.saving[i].batch = to
			}
		}
	}
}
