package sidecar

import (
	"cmp"
	"crypto/rand"
	"maps"
	"slices"

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

// halvesOf returns the players of a batch of at least two in two groups.
func halvesOf(batch merge.Batch) [][]syncer.PlayerID {
	ids := slices.Sorted(maps.Keys(batch.Edits))
	return [][]syncer.PlayerID{ids[:len(ids)/2], ids[len(ids)/2:]}
}

// partsOf returns a batch in parts, of which each has one group of its players.
func partsOf(batch merge.Batch, groups [][]syncer.PlayerID) []merge.Batch {
	parts := make([]merge.Batch, len(groups))
	for i, ids := range groups {
		parts[i] = batch.Part(newBatchID(), ids...)
	}
	return parts
}

// waitingFor are those who wait for the edits of players to be safe.
type waitingFor map[syncer.PlayerID][]chan error

// takeUrgent moves the edits of players that somebody waits for into a batch, those of most
// players at most.
func (vs *visitors) takeUrgent(most int) (merge.Batch, waitingFor) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	batch, waiting := newBatch(), waitingFor{}
	for id, channels := range vs.urgent {
		if len(batch.Edits) == most {
			break
		}
		vs.take(&batch, id)
		waiting[id] = channels
		delete(vs.urgent, id)
	}
	return batch, waiting
}

// takePending moves edits of any players into a batch, those of most players at most.
func (vs *visitors) takePending(most int) (merge.Batch, waitingFor) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	batch := newBatch()
	for id := range vs.byID {
		if len(batch.Edits) == most {
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

// recall notes that a batch of an earlier run is under way.
func (vs *visitors) recall(batch merge.Batch) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for id, edit := range batch.Edits {
		before := batch.Known[id].Apply(syncer.NewPlayer(id))
		v := vs.of(id)
		v.saving = append(v.saving, sending{batch: batch.ID, edit: edit, row: &before})
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

// part notes that parts are under way in place of a batch.
func (vs *visitors) part(whole [16]byte, parts []merge.Batch) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	for _, part := range parts {
		for id := range part.Edits {
			if v, known := vs.byID[id]; known {
				v.rename(whole, part.ID)
			}
		}
	}
}
