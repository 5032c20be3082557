package merge

import (
	"encoding/json"
	"maps"
	"slices"

	"playersync/syncer"
)

// Save is a record, or part of one, as a game server sends it: absolute values,
// as opposed to the differences of an [Edit]. Absent fields say nothing.
type Save struct {
	Scalars

	Flags      syncer.Optional[[]string]        `json:"flags,omitzero"`
	Attributes syncer.Optional[json.RawMessage] `json:"attributes,omitzero"`
	History    []syncer.HistoryEntry            `json:"history,omitempty"`

	USID        syncer.Optional[*string] `json:"usid,omitzero"`
	FirstJoined syncer.Time              `json:"firstJoined,omitzero"`
	LastJoined  syncer.Time              `json:"lastJoined,omitzero"`
	Stats       map[string]int64         `json:"stats,omitempty"`

	// Revision is that of the record which the server holds, 0 if it does not say: the save
	// started from a state of that revision, if one was shown.
	Revision int64 `json:"-"`
}

// Diff is the three-way merge: it returns what the server s changed since it was
// shown the view, so that applying it to any later row loses nothing that others
// changed meanwhile. Scalars that differ are set, set members added or removed,
// counters moved by the difference, history and achievements united, join times
// only widened. A counter below the one shown did not start there and takes nothing
// away: the stored one is only raised to it.
func Diff(shown View, saved Save, s syncer.GameServer) Edit {
	e := Edit{Scalars: saved.Scalars.changesOf(shown.Synced)}
	if saved.Flags.Set {
		e.Flags = diffSet(shown.Flags, saved.Flags.Value)
	}
	if saved.Attributes.Set {
		e.Attributes = diffAttributes(shown.Attributes, saved.Attributes.Value)
	}
	for _, entry := range saved.History {
		if !slices.Contains(shown.History, entry) {
			e.History = append(e.History, entry)
		}
	}
	if saved.USID.Set && !sameValue(shown.USID, saved.USID.Value) {
		e.Addresses = map[string]AddressEdit{s.Address: {USID: saved.USID.Value}}
	}
	if g := DiffGamemode(shown, saved); !g.IsZero() {
		e.Gamemodes = map[string]GamemodeEdit{s.Gamemode: g}
	}
	return e
}

// DiffShown is [Diff] for a server that was shown several states of a player, at least
// one, and does not say which of them it holds. It may hold the counters of one and the
// rest of another: it counts by itself, and not every answer is taken over.
func DiffShown(shown []View, saved Save, s syncer.GameServer) Edit {
	e := Diff(shown[Nearest(shown, saved, s)], saved, s)
	e.Gamemodes = nil
	if g := DiffGamemode(shown[CountedFrom(shown, saved)], saved); !g.IsZero() {
		e.Gamemodes = map[string]GamemodeEdit{s.Gamemode: g}
	}
	return e
}

// DiffUnseen is [Diff] for a server that is not known to have been shown
// anything: the save is taken as given against the current view, except that
// counters are only raised, since the sender may have started from zero.
func DiffUnseen(current View, saved Save, s syncer.GameServer) Edit {
	e := Diff(current, saved, s)
	if g, ok := e.Gamemodes[s.Gamemode]; ok && len(g.Stats) > 0 {
		g.AtLeast = maps.Clone(g.AtLeast)
		if g.AtLeast == nil {
			g.AtLeast = make(map[string]int64, len(g.Stats))
		}
		for name := range g.Stats {
			g.AtLeast[name] = saved.Stats[name]
		}
		g.Stats = nil
		e.Gamemodes[s.Gamemode] = g
	}
	return e
}

// DiffGamemode is the part of [Diff] for the gamemode of the server: counters moved
// by the difference, or raised where they are below those shown; join times widened.
func DiffGamemode(shown View, saved Save) GamemodeEdit {
	var g GamemodeEdit
	if first := syncer.Earliest(shown.FirstJoined, saved.FirstJoined); first != shown.FirstJoined {
		g.FirstJoined = first
	}
	if last := syncer.Latest(shown.LastJoined, saved.LastJoined); last != shown.LastJoined {
		g.LastJoined = last
	}
	g.Stats, g.AtLeast = countedSince(shown.Stats, saved.Stats)
	return g
}

// IsZero reports whether the edit changes nothing.
func (g GamemodeEdit) IsZero() bool {
	return g.FirstJoined.IsZero() && g.LastJoined.IsZero() && len(g.Stats) == 0 && len(g.AtLeast) == 0
}

func diffSet(shown, saved []string) SetEdit {
	var e SetEdit
	for _, member := range syncer.NormalizeSet(saved) {
		if !slices.Contains(shown, member) {
			e.Add = append(e.Add, member)
		}
	}
	for _, member := range shown {
		if !slices.Contains(saved, member) {
			e.Remove = append(e.Remove, member)
		}
	}
	return e
}
