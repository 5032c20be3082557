package merge

import (
	"maps"
	"slices"

	"playersync/syncer"
)

// Set returns the edit that gives the fields named in the save the values in it,
// as an explicit request does: scalars are set even where they look unchanged.
// Sets are brought from the current members to the wanted ones. Counters are the
// exception: the sender counts on from what it was shown, so they move by the
// difference to that, and never down.
func Set(current, shown View, saved Save, s syncer.GameServer) Edit {
	shown.Flags, shown.Attributes = current.Flags, current.Attributes
	shown.History, shown.Achievements = current.History, current.Achievements
	e := Diff(shown, saved, s)
	e.Scalars = e.Scalars.setTo(saved.Scalars)
	if saved.USID.Set {
		e.Addresses = map[string]AddressEdit{s.Address: {USID: saved.USID.Value}}
	}
	return e
}

// Without returns e less what next sets anew: the part of an older edit that may still
// be stored after the newer one was.
func (e Edit) Without(next Edit) Edit {
	e.Scalars = e.Scalars.without(next.Scalars)
	e.Flags = SetEdit{
		Add: membersWithout(e.Flags.Add, next.Flags.Remove), Remove: membersWithout(e.Flags.Remove, next.Flags.Add),
	}
	e.Addresses = maps.Clone(e.Addresses)
	for address := range next.Addresses {
		delete(e.Addresses, address)
	}
	return e
}

// Split parts an edit by when it must be stored: what is important, and the
// history that explains it, at once; the rest may wait in memory.
func (e Edit) Split() (now, later Edit) {
	later = e.WithoutImportant()
	if !e.IsImportant() {
		return Edit{}, later
	}
	later.History = nil
	now = Edit{Scalars: e.Scalars.important(), Flags: e.Flags, Attributes: e.Attributes, History: e.History}
	return now, later
}

// Distance counts the fields in which a save differs from a view: how unlikely
// it is that the sender started from that view.
func Distance(shown View, saved Save, s syncer.GameServer) int {
	e := Diff(shown, saved, s)
	distance := e.Scalars.count() + len(e.Flags.Add) + len(e.Flags.Remove) + len(e.Attributes)
	distance += len(e.History) + len(e.Addresses)
	for _, g := range e.Gamemodes {
		distance += len(g.Stats) + len(g.AtLeast)
	}
	return distance
}

// Nearest returns the index of the view that the save differs from least, the
// latest of equals, or -1 if there is none. A server may have been shown several
// states of a player. Those of the revision that the save names come first.
func Nearest(shown []View, saved Save, s syncer.GameServer) int {
	named := slices.ContainsFunc(shown, saved.names)
	return least(shown, func(v View) (distance int, counts bool) {
		return Distance(v, saved, s), !named || saved.names(v)
	})
}

// CountedFrom returns the index of the view whose counters the save goes on from: one
// with the fewest counters above those of the save, if there are several one of the
// revision that the save names, and of these the latest; or -1 if there is none.
func CountedFrom(shown []View, saved Save) int {
	return least(shown, func(v View) (distance int, counts bool) {
		_, below := countedSince(v.Stats, saved.Stats)
		distance = 2 * len(below)
		if !saved.names(v) {
			distance++
		}
		return distance, true
	})
}

// names reports whether the save says that it started from a view of this revision.
func (s Save) names(v View) bool { return s.Revision != 0 && s.Revision == v.Revision }

// least returns the index of the view with the least distance of those that count, the
// latest of equals, or -1.
func least(shown []View, measure func(View) (distance int, counts bool)) int {
	best, least := -1, 0
	for i, view := range shown {
		if distance, counts := measure(view); counts && (best < 0 || distance <= least) {
			best, least = i, distance
		}
	}
	return best
}

// Overlaps reports whether both edits set one and the same scalar, so that their
// order matters.
func (e Edit) Overlaps(other Edit) bool {
	both := e.Scalars.overlaps(other.Scalars)
	for address := range e.Addresses {
		_, shared := other.Addresses[address]
		both = both || shared
	}
	return both
}
