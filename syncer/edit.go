package syncer

import (
	"encoding/json"
	"maps"
	"slices"
)

// Edit is what one server wants changed of one player: differences, never a
// whole record, so that it can be applied to whatever the row holds by the time
// it arrives. The zero value changes nothing. Its JSON form is what the SQL
// function player_edited takes and what waits on disk during an outage.
type Edit struct {
	// Important.
	Rank       Optional[string]  `json:"rank,omitzero"`
	Flags      SetEdit           `json:"flags,omitzero"`
	UnmuteTime Optional[Time]    `json:"unmuteTime,omitzero"`
	UnmarkTime Optional[Time]    `json:"unmarkTime,omitzero"`
	Attributes []json.RawMessage `json:"attributes,omitempty"` // merge patches (RFC 7386), applied in order

	// Unimportant.
	Name           Optional[string]   `json:"name,omitzero"`
	OverrideName   Optional[*string]  `json:"overrideName,omitzero"`
	Highlight      Optional[*string]  `json:"highlight,omitzero"`
	Rainbow        Optional[*Rainbow] `json:"rainbow,omitzero"`
	ChatStrictness Optional[string]   `json:"chatStrictness,omitzero"`
	ShowRankPrefix Optional[bool]     `json:"showRankPrefix,omitzero"`
	Language       Optional[string]   `json:"language,omitzero"`
	Achievements   Optional[*string]  `json:"achievements,omitzero"` // bits are united with the stored ones; nil clears
	History        []HistoryEntry     `json:"history,omitempty"`     // entries to add

	// Unsynced.
	Gamemodes map[string]GamemodeEdit `json:"gamemodes,omitempty"` // by gamemode
	Addresses map[string]AddressEdit  `json:"addresses,omitempty"` // by server address

	// Visits are counted beside the player's row, in the same transaction: joins,
	// kicks, names and addresses. See [PlayerInfo].
	Visits []Visit `json:"visits,omitempty"`
}

// SetEdit adds and removes members of a set. No member is in both.
type SetEdit struct {
	Add    []string `json:"add,omitempty"`
	Remove []string `json:"remove,omitempty"`
}

// AddressEdit sets the usid of one server address.
type AddressEdit struct {
	USID *string `json:"usid"` // nil clears
}

// GamemodeEdit moves the counters and join times of one gamemode. FirstJoined
// only ever lowers the stored time and LastJoined only raises it, so that an
// edit that arrives late or twice does no harm.
type GamemodeEdit struct {
	FirstJoined Time
	LastJoined  Time
	Stats       map[string]int64 // added to each counter
	AtLeast     map[string]int64 // then raises each counter to this, for a save whose base is unknown
}

// MarshalJSON writes the form that player_edited takes: times in milliseconds.
func (g GamemodeEdit) MarshalJSON() ([]byte, error) {
	return json.Marshal(gamemodeJSON{
		FirstJoined: millis(g.FirstJoined), LastJoined: millis(g.LastJoined), Stats: g.Stats, AtLeast: g.AtLeast,
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (g *GamemodeEdit) UnmarshalJSON(data []byte) error {
	var stored gamemodeJSON
	if err := json.Unmarshal(data, &stored); err != nil {
		return err
	}
	*g = GamemodeEdit{
		FirstJoined: fromMillis(stored.FirstJoined), LastJoined: fromMillis(stored.LastJoined),
		Stats: stored.Stats, AtLeast: stored.AtLeast,
	}
	return nil
}

// IsZero reports whether the edit adds and removes nothing.
func (s SetEdit) IsZero() bool { return len(s.Add) == 0 && len(s.Remove) == 0 }

// apply returns the members after the edit, as a new normalized set.
func (s SetEdit) apply(members []string) []string {
	kept := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return slices.Contains(s.Remove, m) })
	return NormalizeSet(append(kept, s.Add...))
}

// then joins two edits of one set; the later one wins on each member.
func (s SetEdit) then(next SetEdit) SetEdit {
	without := func(members, drop []string) []string {
		return slices.DeleteFunc(slices.Clone(members), func(m string) bool { return slices.Contains(drop, m) })
	}
	return SetEdit{
		Add:    NormalizeSet(append(without(s.Add, next.Remove), next.Add...)),
		Remove: NormalizeSet(append(without(s.Remove, next.Add), next.Remove...)),
	}
}

// IsZero reports whether the edit changes nothing.
func (e Edit) IsZero() bool {
	return !e.IsImportant() && !e.Name.Set && !e.OverrideName.Set && !e.Highlight.Set && !e.Rainbow.Set &&
		!e.ChatStrictness.Set && !e.ShowRankPrefix.Set && !e.Language.Set && !e.Achievements.Set &&
		len(e.History) == 0 && len(e.Gamemodes) == 0 && len(e.Addresses) == 0 && len(e.Visits) == 0
}

// IsImportant reports whether the edit touches an important field and so must be
// stored and spread at once.
func (e Edit) IsImportant() bool {
	return e.Rank.Set || !e.Flags.IsZero() || e.UnmuteTime.Set || e.UnmarkTime.Set || len(e.Attributes) > 0
}

// WithoutImportant returns the edit without what only an important change may
// store: what a leave saves of a whole record.
func (e Edit) WithoutImportant() Edit {
	e.Rank, e.Flags, e.UnmuteTime, e.UnmarkTime, e.Attributes = Edit{}.Rank, SetEdit{}, Edit{}.UnmuteTime, Edit{}.UnmarkTime, nil
	return e
}

// Apply returns p after the edit. It is the rule that the SQL function
// player_edited follows; p is not changed and nothing mutable is shared.
func (e Edit) Apply(p Player) Player {
	p = p.Clone()
	p.Rank = e.Rank.Or(p.Rank)
	p.Flags = e.Flags.apply(p.Flags)
	p.UnmuteTime = e.UnmuteTime.Or(p.UnmuteTime)
	p.UnmarkTime = e.UnmarkTime.Or(p.UnmarkTime)
	for _, patch := range e.Attributes {
		p.Attributes = MergePatch(p.Attributes, patch)
	}
	p.Name = e.Name.Or(p.Name)
	p.OverrideName = e.OverrideName.Or(p.OverrideName)
	p.Highlight = e.Highlight.Or(p.Highlight)
	p.Rainbow = e.Rainbow.Or(p.Rainbow)
	p.ChatStrictness = e.ChatStrictness.Or(p.ChatStrictness)
	p.ShowRankPrefix = e.ShowRankPrefix.Or(p.ShowRankPrefix)
	p.Language = e.Language.Or(p.Language)
	if e.Achievements.Set {
		p.Achievements = uniteOptionalBits(p.Achievements, e.Achievements.Value)
	}
	if len(e.History) > 0 {
		p.History = UniteHistory(p.History, e.History)
	}
	for mode, edit := range e.Gamemodes {
		p.Gamemodes[mode] = edit.apply(p.Gamemodes[mode])
	}
	if len(e.Addresses) > 0 && p.Addresses == nil {
		p.Addresses = map[string]AddressRecord{}
	}
	for address, edit := range e.Addresses {
		p.Addresses[address] = AddressRecord(edit)
	}
	return p
}

func (g GamemodeEdit) apply(r GamemodeRecord) GamemodeRecord {
	r.FirstJoined = earlier(r.FirstJoined, g.FirstJoined)
	r.LastJoined = later(r.LastJoined, g.LastJoined)
	if r.Stats == nil && len(g.Stats)+len(g.AtLeast) > 0 {
		r.Stats = map[string]int64{}
	}
	for name, difference := range g.Stats {
		r.Stats[name] = addCounters(r.Stats[name], difference)
	}
	for name, count := range g.AtLeast {
		r.Stats[name] = max(r.Stats[name], count)
	}
	return r
}

// Then returns one edit that does what e and next do one after the other.
func (e Edit) Then(next Edit) Edit {
	return Edit{
		Rank: e.Rank.then(next.Rank), Flags: e.Flags.then(next.Flags),
		UnmuteTime: e.UnmuteTime.then(next.UnmuteTime), UnmarkTime: e.UnmarkTime.then(next.UnmarkTime),
		Attributes: slices.Concat(e.Attributes, next.Attributes),
		Name:       e.Name.then(next.Name), OverrideName: e.OverrideName.then(next.OverrideName),
		Highlight: e.Highlight.then(next.Highlight), Rainbow: e.Rainbow.then(next.Rainbow),
		ChatStrictness: e.ChatStrictness.then(next.ChatStrictness), ShowRankPrefix: e.ShowRankPrefix.then(next.ShowRankPrefix),
		Language: e.Language.then(next.Language), Achievements: thenBits(e.Achievements, next.Achievements),
		History:   UniteHistory(e.History, next.History),
		Gamemodes: thenEach(e.Gamemodes, next.Gamemodes, GamemodeEdit.then),
		Addresses: thenEach(e.Addresses, next.Addresses, func(_, next AddressEdit) AddressEdit { return next }),
		Visits:    joinVisits(e.Visits, next.Visits),
	}
}

// thenBits joins two edits of a bit set. Clearing and then adding cannot be told
// apart from adding alone, so the stored bits survive: bits are only ever lost
// by a clear that stays the last word.
func thenBits(first, next Optional[*string]) Optional[*string] {
	if first.Set && next.Set && next.Value != nil {
		return Some(uniteOptionalBits(first.Value, next.Value))
	}
	return first.then(next)
}

func (g GamemodeEdit) then(next GamemodeEdit) GamemodeEdit {
	joined := GamemodeEdit{
		FirstJoined: earlier(g.FirstJoined, next.FirstJoined),
		LastJoined:  later(g.LastJoined, next.LastJoined),
		Stats:       maps.Clone(g.Stats),
		AtLeast:     map[string]int64{},
	}
	// max(v+a, la) followed by max(·+b, lb) is max(v+a+b, la+b, lb).
	for name, count := range g.AtLeast {
		joined.AtLeast[name] = addCounters(count, next.Stats[name])
	}
	for name, difference := range next.Stats {
		if joined.Stats == nil {
			joined.Stats = map[string]int64{}
		}
		joined.Stats[name] = addDifferences(joined.Stats[name], difference)
	}
	for name, count := range next.AtLeast {
		if known, ok := joined.AtLeast[name]; !ok || count > known {
			joined.AtLeast[name] = count
		}
	}
	return joined
}

func thenEach[E any](first, next map[string]E, then func(a, b E) E) map[string]E {
	joined := maps.Clone(first)
	if joined == nil {
		return maps.Clone(next)
	}
	for key, edit := range next {
		if earlier, ok := joined[key]; ok {
			edit = then(earlier, edit)
		}
		joined[key] = edit
	}
	return joined
}
