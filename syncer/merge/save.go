package merge

import (
	"encoding/json"
	"slices"

	"playersync/syncer"
)

// Save is a record, or part of one, as a game server sends it: absolute values,
// as opposed to the differences of an [Edit]. Absent fields say nothing.
type Save struct {
	Rank       syncer.Optional[string]          `json:"rank,omitzero"`
	Flags      syncer.Optional[[]string]        `json:"flags,omitzero"`
	UnmuteTime syncer.Optional[syncer.Time]     `json:"unmuteTime,omitzero"`
	UnmarkTime syncer.Optional[syncer.Time]     `json:"unmarkTime,omitzero"`
	Attributes syncer.Optional[json.RawMessage] `json:"attributes,omitzero"`

	Name           syncer.Optional[string]          `json:"name,omitzero"`
	OverrideName   syncer.Optional[*string]         `json:"overrideName,omitzero"`
	Highlight      syncer.Optional[*string]         `json:"highlight,omitzero"`
	Rainbow        syncer.Optional[*syncer.Rainbow] `json:"rainbow,omitzero"`
	ChatStrictness syncer.Optional[string]          `json:"chatStrictness,omitzero"`
	ShowRankPrefix syncer.Optional[bool]            `json:"showRankPrefix,omitzero"`
	Language       syncer.Optional[string]          `json:"language,omitzero"`
	Achievements   syncer.Optional[*string]         `json:"achievements,omitzero"`
	History        []syncer.HistoryEntry            `json:"history,omitempty"`

	USID        syncer.Optional[*string] `json:"usid,omitzero"`
	FirstJoined syncer.Time              `json:"firstJoined,omitzero"`
	LastJoined  syncer.Time              `json:"lastJoined,omitzero"`
	Stats       map[string]int64         `json:"stats,omitempty"`
}

// Diff is the three-way merge: it returns what the server s changed since it was
// shown the view, so that applying it to any later row loses nothing that others
// changed meanwhile. Scalars that differ are set, set members added or removed,
// counters moved by the difference, history and achievements united, join times
// only widened.
func Diff(shown View, saved Save, s syncer.GameServer) Edit {
	e := Edit{
		Rank:           changed(shown.Rank, saved.Rank),
		UnmuteTime:     changed(shown.UnmuteTime, saved.UnmuteTime),
		UnmarkTime:     changed(shown.UnmarkTime, saved.UnmarkTime),
		Name:           changed(shown.Name, saved.Name),
		OverrideName:   changedPointer(shown.OverrideName, saved.OverrideName),
		Highlight:      changedPointer(shown.Highlight, saved.Highlight),
		Rainbow:        changedPointer(shown.Rainbow, saved.Rainbow),
		ChatStrictness: changed(shown.ChatStrictness, saved.ChatStrictness),
		ShowRankPrefix: changed(shown.ShowRankPrefix, saved.ShowRankPrefix),
		Language:       changed(shown.Language, saved.Language),
		Achievements:   changedBits(shown.Achievements, saved.Achievements),
	}
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
	if usid := changedPointer(shown.USID, saved.USID); usid.Set {
		e.Addresses = map[string]AddressEdit{s.Address: {USID: usid.Value}}
	}
	if g := DiffGamemode(shown, saved); !g.IsZero() {
		e.Gamemodes = map[string]GamemodeEdit{s.Gamemode: g}
	}
	return e
}

// DiffUnseen is [Diff] for a server that is not known to have been shown
// anything: the save is taken as given against the current view, except that
// counters are never lowered, since the sender may have started from zero.
func DiffUnseen(current View, saved Save, s syncer.GameServer) Edit {
	e := Diff(current, saved, s)
	if g, ok := e.Gamemodes[s.Gamemode]; ok && len(g.Stats) > 0 {
		g.AtLeast = make(map[string]int64, len(g.Stats))
		for name := range g.Stats {
			g.AtLeast[name] = saved.Stats[name]
		}
		g.Stats = nil
		e.Gamemodes[s.Gamemode] = g
	}
	return e
}

// DiffGamemode is the part of [Diff] for the gamemode of the server: counters moved
// by the difference, join times widened.
func DiffGamemode(shown View, saved Save) GamemodeEdit {
	var g GamemodeEdit
	if first := syncer.Earliest(shown.FirstJoined, saved.FirstJoined); first != shown.FirstJoined {
		g.FirstJoined = first
	}
	if last := syncer.Latest(shown.LastJoined, saved.LastJoined); last != shown.LastJoined {
		g.LastJoined = last
	}
	if difference := subtractCounters(saved.Stats, shown.Stats); len(difference) > 0 {
		g.Stats = difference
	}
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

// changed keeps a saved value only where it differs from the one shown.
func changed[T comparable](shown T, saved syncer.Optional[T]) syncer.Optional[T] {
	if saved.Set && saved.Value == shown {
		return syncer.Optional[T]{}
	}
	return saved
}

func changedPointer[T comparable](shown *T, saved syncer.Optional[*T]) syncer.Optional[*T] {
	equal := shown == nil && saved.Value == nil ||
		shown != nil && saved.Value != nil && *shown == *saved.Value
	if saved.Set && equal {
		return syncer.Optional[*T]{}
	}
	return saved
}

// changedBits keeps saved achievements only where they hold a bit not yet shown,
// or clear what was shown.
func changedBits(shown *string, saved syncer.Optional[*string]) syncer.Optional[*string] {
	if saved = changedPointer(shown, saved); !saved.Set || saved.Value == nil || shown == nil {
		return saved
	}
	before, errBefore := syncer.ParseBits(*shown)
	after, errAfter := syncer.ParseBits(*saved.Value)
	if errBefore == nil && errAfter == nil && before.Contains(after) {
		return syncer.Optional[*string]{}
	}
	return saved
}
