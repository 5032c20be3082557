package syncer

import (
	"encoding/json"
	"slices"
)

// Save is a record, or part of one, as a game server sends it: absolute values,
// as opposed to the differences of an [Edit]. Absent fields say nothing.
type Save struct {
	Rank       Optional[string]          `json:"rank,omitzero"`
	Flags      Optional[[]string]        `json:"flags,omitzero"`
	UnmuteTime Optional[Time]            `json:"unmuteTime,omitzero"`
	UnmarkTime Optional[Time]            `json:"unmarkTime,omitzero"`
	Attributes Optional[json.RawMessage] `json:"attributes,omitzero"`

	Name           Optional[string]   `json:"name,omitzero"`
	OverrideName   Optional[*string]  `json:"overrideName,omitzero"`
	Highlight      Optional[*string]  `json:"highlight,omitzero"`
	Rainbow        Optional[*Rainbow] `json:"rainbow,omitzero"`
	ChatStrictness Optional[string]   `json:"chatStrictness,omitzero"`
	ShowRankPrefix Optional[bool]     `json:"showRankPrefix,omitzero"`
	Language       Optional[string]   `json:"language,omitzero"`
	Achievements   Optional[*string]  `json:"achievements,omitzero"`
	History        []HistoryEntry     `json:"history,omitempty"`

	USID        Optional[*string] `json:"usid,omitzero"`
	FirstJoined Time              `json:"firstJoined,omitzero"`
	LastJoined  Time              `json:"lastJoined,omitzero"`
	Stats       map[string]int64  `json:"stats,omitempty"`
}

// Diff is the three-way merge: it returns what the server s changed since it was
// shown the view, so that applying it to any later row loses nothing that others
// changed meanwhile. Scalars that differ are set, set members added or removed,
// counters moved by the difference, history and achievements united, join times
// only widened.
func Diff(shown View, saved Save, s GameServer) Edit {
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
	if g := diffGamemode(shown, saved); !g.isZero() {
		e.Gamemodes = map[string]GamemodeEdit{s.Gamemode: g}
	}
	return e
}

// DiffUnseen is [Diff] for a server that is not known to have been shown
// anything: the save is taken as given against the current view, except that
// counters are never lowered, since the sender may have started from zero.
func DiffUnseen(current View, saved Save, s GameServer) Edit {
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

func diffGamemode(shown View, saved Save) GamemodeEdit {
	var g GamemodeEdit
	if first := earlier(shown.FirstJoined, saved.FirstJoined); first != shown.FirstJoined {
		g.FirstJoined = first
	}
	if last := later(shown.LastJoined, saved.LastJoined); last != shown.LastJoined {
		g.LastJoined = last
	}
	if difference := subtractCounters(saved.Stats, shown.Stats); len(difference) > 0 {
		g.Stats = difference
	}
	return g
}

func (g GamemodeEdit) isZero() bool {
	return g.FirstJoined.IsZero() && g.LastJoined.IsZero() && len(g.Stats) == 0 && len(g.AtLeast) == 0
}

func diffSet(shown, saved []string) SetEdit {
	var e SetEdit
	for _, member := range NormalizeSet(saved) {
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
func changed[T comparable](shown T, saved Optional[T]) Optional[T] {
	if saved.Set && saved.Value == shown {
		return Optional[T]{}
	}
	return saved
}

func changedPointer[T comparable](shown *T, saved Optional[*T]) Optional[*T] {
	equal := shown == nil && saved.Value == nil ||
		shown != nil && saved.Value != nil && *shown == *saved.Value
	if saved.Set && equal {
		return Optional[*T]{}
	}
	return saved
}

// changedBits keeps saved achievements only where they hold a bit not yet shown,
// or clear what was shown.
func changedBits(shown *string, saved Optional[*string]) Optional[*string] {
	if saved = changedPointer(shown, saved); !saved.Set || saved.Value == nil || shown == nil {
		return saved
	}
	before, errBefore := ParseBits(*shown)
	after, errAfter := ParseBits(*saved.Value)
	if errBefore == nil && errAfter == nil && before.Contains(after) {
		return Optional[*string]{}
	}
	return saved
}
