package merge

import (
	"encoding/json"
	"maps"
	"slices"

	"playersync/syncer"
)

// Edit is what one server wants changed of one player: differences, never a
// whole record, so that it can be applied to whatever the row holds by the time
// it arrives. The zero value changes nothing. Its JSON form is what the SQL
// function player_edited takes and what waits on disk during an outage.
type Edit struct {
	// Important.
	Rank       syncer.Optional[string]      `json:"rank,omitzero"`
	Flags      SetEdit                      `json:"flags,omitzero"`
	UnmuteTime syncer.Optional[syncer.Time] `json:"unmuteTime,omitzero"`
	UnmarkTime syncer.Optional[syncer.Time] `json:"unmarkTime,omitzero"`
	Attributes []json.RawMessage            `json:"attributes,omitempty"` // merge patches (RFC 7386), applied in order

	// Unimportant.
	Name           syncer.Optional[string]          `json:"name,omitzero"`
	OverrideName   syncer.Optional[*string]         `json:"overrideName,omitzero"`
	Highlight      syncer.Optional[*string]         `json:"highlight,omitzero"`
	Rainbow        syncer.Optional[*syncer.Rainbow] `json:"rainbow,omitzero"`
	ChatStrictness syncer.Optional[string]          `json:"chatStrictness,omitzero"`
	ShowRankPrefix syncer.Optional[bool]            `json:"showRankPrefix,omitzero"`
	Language       syncer.Optional[string]          `json:"language,omitzero"`
	Achievements   syncer.Optional[*string]         `json:"achievements,omitzero"` // bits are united with the stored ones; nil clears
	History        []syncer.HistoryEntry            `json:"history,omitempty"`     // entries to add

	// Unsynced.
	Gamemodes map[string]GamemodeEdit `json:"gamemodes,omitempty"` // by gamemode
	Addresses map[string]AddressEdit  `json:"addresses,omitempty"` // by server address

	// Visits are counted beside the player's row, in the same transaction: joins,
	// kicks, names and addresses. See [syncer.PlayerInfo].
	Visits []syncer.Visit `json:"visits,omitempty"`
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
	FirstJoined syncer.Time
	LastJoined  syncer.Time
	Stats       map[string]int64 // added to each counter
	AtLeast     map[string]int64 // then raises each counter to this, for a save whose base is unknown
}

// MarshalJSON writes the form that player_edited takes: times in milliseconds.
func (g GamemodeEdit) MarshalJSON() ([]byte, error) {
	return json.Marshal(gamemodeEditJSON{
		FirstJoined: g.FirstJoined.OptionalMillis(), LastJoined: g.LastJoined.OptionalMillis(), Stats: g.Stats, AtLeast: g.AtLeast,
	})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (g *GamemodeEdit) UnmarshalJSON(data []byte) error {
	var stored gamemodeEditJSON
	if err := json.Unmarshal(data, &stored); err != nil {
		return err
	}
	*g = GamemodeEdit{
		FirstJoined: syncer.TimeOfMillis(stored.FirstJoined), LastJoined: syncer.TimeOfMillis(stored.LastJoined),
		Stats: stored.Stats, AtLeast: stored.AtLeast,
	}
	return nil
}

// gamemodeEditJSON is the form that player_edited takes of a [GamemodeEdit].
type gamemodeEditJSON struct {
	FirstJoined *int64           `json:"firstJoined,omitempty"`
	LastJoined  *int64           `json:"lastJoined,omitempty"`
	Stats       map[string]int64 `json:"stats,omitempty"`
	AtLeast     map[string]int64 `json:"atLeast,omitempty"`
}

// IsZero reports whether the edit adds and removes nothing.
func (s SetEdit) IsZero() bool { return len(s.Add) == 0 && len(s.Remove) == 0 }

// apply returns the members after the edit, as a new normalized set.
func (s SetEdit) apply(members []string) []string {
	kept := slices.DeleteFunc(slices.Clone(members), func(m string) bool { return slices.Contains(s.Remove, m) })
	return syncer.NormalizeSet(append(kept, s.Add...))
}

// then joins two edits of one set; the later one wins on each member.
func (s SetEdit) then(next SetEdit) SetEdit {
	without := func(members, drop []string) []string {
		return slices.DeleteFunc(slices.Clone(members), func(m string) bool { return slices.Contains(drop, m) })
	}
	return SetEdit{
		Add:    syncer.NormalizeSet(append(without(s.Add, next.Remove), next.Add...)),
		Remove: syncer.NormalizeSet(append(without(s.Remove, next.Add), next.Remove...)),
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
func (e Edit) Apply(p syncer.Player) syncer.Player {
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
		p.History = syncer.UniteHistory(p.History, e.History)
	}
	for mode, edit := range e.Gamemodes {
		p.Gamemodes[mode] = edit.apply(p.Gamemodes[mode])
	}
	if len(e.Addresses) > 0 && p.Addresses == nil {
		p.Addresses = map[string]syncer.AddressRecord{}
	}
	for address, edit := range e.Addresses {
		p.Addresses[address] = syncer.AddressRecord(edit)
	}
	return p
}

func (g GamemodeEdit) apply(r syncer.GamemodeRecord) syncer.GamemodeRecord {
	r.FirstJoined = syncer.Earliest(r.FirstJoined, g.FirstJoined)
	r.LastJoined = syncer.Latest(r.LastJoined, g.LastJoined)
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
		Rank: e.Rank.Then(next.Rank), Flags: e.Flags.then(next.Flags),
		UnmuteTime: e.UnmuteTime.Then(next.UnmuteTime), UnmarkTime: e.UnmarkTime.Then(next.UnmarkTime),
		Attributes: slices.Concat(e.Attributes, next.Attributes),
		Name:       e.Name.Then(next.Name), OverrideName: e.OverrideName.Then(next.OverrideName),
		Highlight: e.Highlight.Then(next.Highlight), Rainbow: e.Rainbow.Then(next.Rainbow),
		ChatStrictness: e.ChatStrictness.Then(next.ChatStrictness), ShowRankPrefix: e.ShowRankPrefix.Then(next.ShowRankPrefix),
		Language: e.Language.Then(next.Language), Achievements: thenBits(e.Achievements, next.Achievements),
		History:   syncer.UniteHistory(e.History, next.History),
		Gamemodes: thenEach(e.Gamemodes, next.Gamemodes, GamemodeEdit.then),
		Addresses: thenEach(e.Addresses, next.Addresses, func(_, next AddressEdit) AddressEdit { return next }),
		Visits:    joinVisits(e.Visits, next.Visits),
	}
}

// thenBits joins two edits of a bit set. Clearing and then adding cannot be told
// apart from adding alone, so the stored bits survive: bits are only ever lost
// by a clear that stays the last word.
func thenBits(first, next syncer.Optional[*string]) syncer.Optional[*string] {
	if first.Set && next.Set && next.Value != nil {
		return syncer.Some(uniteOptionalBits(first.Value, next.Value))
	}
	return first.Then(next)
}

func (g GamemodeEdit) then(next GamemodeEdit) GamemodeEdit {
	joined := GamemodeEdit{
		FirstJoined: syncer.Earliest(g.FirstJoined, next.FirstJoined),
		LastJoined:  syncer.Latest(g.LastJoined, next.LastJoined),
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
