package feed

import (
	"slices"

	"playersync/syncer"
)

// subject is what an event is about: a player or, if that is empty, a target.
type subject struct {
	player syncer.PlayerID
	target syncer.Target
}

// subjectOf returns what a change is about, or false if that is the whole table.
// A key that does not name a target could be any.
func subjectOf(ch syncer.Change) (s subject, single bool) {
	if ch.IsWhole() {
		return subject{}, false
	}
	if ch.Entity != syncer.EntityBan {
		return subject{player: syncer.PlayerID(ch.Key)}, true
	}
	target, err := syncer.ParseTargetKey(ch.Key)
	return subject{target: target}, err == nil
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
	players    []syncer.PlayerID // wanted ones
	targets    []syncer.Target

	marks map[subject][]syncer.Change // the changes behind it, by subject
	news  []syncer.Change             // those that this work applies
}

// everything is the work after which nothing before it matters.
func everything() work { return work{allPlayers: true, allBans: true} }

// whole reports whether a whole table is read. Subscribers then get one resync.
func (w *work) whole() bool { return w.allPlayers || w.allBans }

// add includes a change.
func (w *work) add(ch syncer.Change) {
	s, single := subjectOf(ch)
	switch ch.Entity {
	case syncer.EntityPlayer:
		if !single {
			w.allPlayers = true
			return
		}
		if w.marks[s] == nil {
			w.players = append(w.players, s.player)
		}
	case syncer.EntityBan:
		if !single {
			w.allBans = true
			return
		}
		if w.marks[s] == nil {
			w.targets = append(w.targets, s.target)
		}
	default:
		return // of a newer version
	}
	w.marks[s] = append(w.marks[s], ch)
}
