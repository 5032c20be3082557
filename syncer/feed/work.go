package feed

import (
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// subject is what an event is about: a player or its balances or, if there is none,
// a target.
type subject struct {
	player   syncer.PlayerID
	balances bool
	target   syncer.Target
}

// subjectOf returns what a change is about, or false if that is the whole table.
// A key that does not name a target could be any.
func subjectOf(ch changefeed.Change) (s subject, single bool) {
	if ch.IsWhole() {
		return subject{}, false
	}
	if ch.Entity != syncer.EntityBan {
		return subject{player: syncer.PlayerID(ch.Key), balances: ch.Entity == syncer.EntityBalance}, true
	}
	target, err := syncer.ParseTargetKey(ch.Key)
	return subject{target: target}, err == nil
}

// isKnown reports whether the entity names players, their balances or bans.
func isKnown(entity syncer.Entity) bool {
	return entity == syncer.EntityPlayer || entity == syncer.EntityBalance || entity == syncer.EntityBan
}

// isOfPlayer reports whether a change is of a player or his balances.
func isOfPlayer(ch changefeed.Change) bool {
	return ch.Entity == syncer.EntityPlayer || ch.Entity == syncer.EntityBalance
}

// subjects is a small ordered set.
type subjects []subject

func (list *subjects) add(s subject) {
	if !slices.Contains(*list, s) {
		*list = append(*list, s)
	}
}

// work is what must be read to bring memory to a poll's position.
type work struct {
	allPlayers bool // every player held
	allBans    bool
	allTables  bool              // all further ones
	players    []syncer.PlayerID // wanted ones
	targets    []syncer.Target

	tables     map[syncer.Entity][]changefeed.Change // further tables, with the changes behind it
	changes    map[subject][]changefeed.Change       // the changes behind the rest, by subject
	newChanges []changefeed.Change                   // those that this work applies
	unfounded  []changefeed.Change                   // those that were notified and never made
}

// whole reports whether all players or all bans are read. Subscribers then get one
// resync.
func (w *work) whole() bool { return w.allPlayers || w.allBans }

// reads reports whether the work includes the read of a subject already. One reading
// holds a player and its balances.
func (w *work) reads(s subject) bool {
	other := s
	other.balances = !s.balances
	return w.changes[s] != nil || s.player != "" && w.changes[other] != nil
}

// add includes a change of a known entity.
func (w *work) add(ch changefeed.Change) {
	if !isKnown(ch.Entity) {
		w.tables[ch.Entity] = append(w.tables[ch.Entity], ch)
		return
	}
	s, single := subjectOf(ch)
	isBan := ch.Entity == syncer.EntityBan
	switch known := w.reads(s); {
	case !single && isBan:
		w.allBans = true
		return
	case !single:
		w.allPlayers = true
		return
	case isBan && !known:
		w.targets = append(w.targets, s.target)
	case !known:
		w.players = append(w.players, s.player)
	}
	w.changes[s] = append(w.changes[s], ch)
}
