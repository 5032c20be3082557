package sidecar

import (
	"slices"
	"sync"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// visitors are the players with something to remember: those on a game server of this
// sidecar, and those whose edits are not stored yet. They are shared by [Players],
// which add edits, and [Saver], which stores them.
type visitors struct {
	held HeldPlayers

	mu     sync.RWMutex
	byID   map[syncer.PlayerID]*visitor
	urgent map[syncer.PlayerID][]chan error // leaves that wait for their edits to be safe
	wake   chan struct{}                    // a leave waits; capacity 1
}

func newVisitors(held HeldPlayers) *visitors {
	return &visitors{
		held: held, byID: map[syncer.PlayerID]*visitor{},
		urgent: map[syncer.PlayerID][]chan error{}, wake: make(chan struct{}, 1),
	}
}

// visitor is what is remembered of one player: where it is, what was shown of it, and
// which edits are not stored yet. All fields are guarded by visitors.mu.
type visitor struct {
	stays   map[string]*stay // by the name of the server that the player is on
	saving  []sending        // in batches that are not known to be stored, oldest first
	pending merge.Edit       // in no batch yet
	through string           // name of the server through which pending came; "" for none
	row     *syncer.Player   // as it was last seen in the database; nil: never
}

// sending is one player's part of a batch under way.
type sending struct {
	batch [16]byte
	edit  merge.Edit
	row   *syncer.Player // as it was before; nil: not known
}

// unsaved returns all edits that the row may not have yet, so that it can be laid over one that
// has some of them: what is counted in a batch is laid over the row of before.
//
//	row before   a batch under way   row now   shown
//	10 blocks    1 more              10        11
//	                                 11        11, though its outcome is not known
//	                                 14        14: others counted too, and perhaps the batch
func (v *visitor) unsaved() merge.Edit {
	var all merge.Edit
	for _, s := range v.saving {
		var before syncer.Player // its counters
		if s.row != nil {
			before.Gamemodes = s.row.Gamemodes
		}
		before = merge.Edit{Gamemodes: all.Gamemodes}.Apply(before)
		all = all.Then(s.edit.RaisedFrom(before))
	}
	return all.Then(v.pending)
}

// add adds an edit that came through a server, "" for none, to those that are in no batch
// yet. Of several servers the one counts that the audit may speak of.
func (v *visitor) add(server string, edit merge.Edit) {
	if v.pending.IsZero() || len(edit.Addresses) > 0 {
		v.through = server
	}
	v.pending = v.pending.Then(edit)
}

// isSaved reports whether no edit is in memory only.
func (v *visitor) isSaved() bool { return v.pending.IsZero() && len(v.saving) == 0 }

// meets reports whether a ban of the target keeps the player out who is on a server.
func (v *visitor) meets(id syncer.PlayerID, server string, target syncer.Target) bool {
	stay, on := v.stays[server]
	return on && (target.ID == id || target.Prefix.IsValid() && target.Prefix.Contains(stay.from))
}

// show remembers a state that was shown to a caller in the name of a server the player is on.
func (v *visitor) show(server, caller string, view merge.View) {
	if stay, on := v.stays[server]; on {
		stay.show(caller, view)
	}
}

// states returns those that a caller in the name of a server may have started from.
func (v *visitor) states(server, caller string) []merge.View {
	if stay, on := v.stays[server]; on {
		return stay.states(caller)
	}
	return nil
}

// remove forgets the part that a batch carries.
func (v *visitor) remove(batch [16]byte) {
	v.saving = slices.DeleteFunc(slices.Clone(v.saving), func(s sending) bool { return s.batch == batch })
}

// rename moves the part that a batch carries to another one.
func (v *visitor) rename(from, to [16]byte) {
	for i := range v.saving {
		if v.saving[i].batch == from {
			v.saving[i].batch = to
		}
	}
}

// count returns how many players are on a server, and how many have edits that are not
// stored yet.
func (vs *visitors) count() (online, unsaved int) {
	vs.mu.RLock()
	defer vs.mu.RUnlock()
	for _, v := range vs.byID {
		if len(v.stays) > 0 {
			online++
		}
		if !v.isSaved() {
			unsaved++
		}
	}
	return online, unsaved
}

// The methods below are for callers that hold vs.mu, for writing unless they only read.

// of returns what is remembered of a player, made if need be.
func (vs *visitors) of(id syncer.PlayerID) *visitor {
	v, known := vs.byID[id]
	if !known {
		v = &visitor{stays: map[string]*stay{}}
		vs.byID[id] = v
		vs.held.Hold(id)
	}
	return v
}

// see notes the row as it is in memory. Of a row that is gone, what was there before
// stays noted.
func (vs *visitors) see(id syncer.PlayerID, v *visitor) {
	if row, _ := vs.held.Get(id); row != nil {
		v.row = row
	}
}

// restore makes what is known of a player's row part of the edits, for the row is new.
func (vs *visitors) restore(id syncer.PlayerID) {
	if v, known := vs.byID[id]; known && v.row != nil {
		v.pending = merge.Restoration(*v.row).Then(v.pending)
		v.row = nil
	}
}

// forget drops a player of whom nothing is left to remember.
func (vs *visitors) forget(id syncer.PlayerID) {
	v, known := vs.byID[id]
	if known && len(v.stays) == 0 && v.isSaved() {
		delete(vs.byID, id)
		vs.held.Release(id)
	}
}

// view returns the player as a server sees it, with the edits laid over that are not
// stored yet.
func (vs *visitors) view(from syncer.GameServer, player *syncer.Player) merge.View {
	v, known := vs.byID[player.ID]
	if !known || v.isSaved() {
		return merge.ViewOf(*player, from)
	}
	return merge.ViewOf(v.unsaved().Apply(*player), from)
}

// await asks for the player's edits to be made safe at once.
func (vs *visitors) await(id syncer.PlayerID) <-chan error {
	done := make(chan error, 1)
	vs.urgent[id] = append(vs.urgent[id], done)
	select {
	case vs.wake <- struct{}{}:
	default: // the saver is about to look anyway
	}
	return done
}

// take moves one player's pending edit into a batch.
func (vs *visitors) take(batch *merge.Batch, id syncer.PlayerID) {
	v, known := vs.byID[id]
	if !known || v.pending.IsZero() {
		return
	}
	vs.see(id, v)
	batch.Edits[id] = v.pending
	if v.row != nil {
		batch.Known[id] = merge.Restoration(*v.row)
	}
	if v.through != "" {
		batch.Servers[id] = v.through
	}
	v.saving = append(v.saving, sending{batch: batch.ID, edit: v.pending, row: v.row})
	v.pending, v.through = merge.Edit{}, ""
}
