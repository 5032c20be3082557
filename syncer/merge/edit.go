package merge

import (
	"encoding/json"
	"maps"
	"slices"

	"playersync/syncer"
)

// Edit is what one server changes of one player: differences, never a whole record, so
// that it can be applied to any state of the row. The zero value changes nothing. Its
// JSON form is what the SQL function player_edited takes and what waits on disk during
// an outage.
type Edit struct {
	Scalars

	Flags      SetEdit               `json:"flags,omitzero"`       // important
	Attributes []json.RawMessage     `json:"attributes,omitempty"` // important; merge patches (RFC 7386), in order
	History    []syncer.HistoryEntry `json:"history,omitempty"`    // entries to add

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

// GamemodeEdit changes the counters and join times of one gamemode. FirstJoined can only
// lower the stored time and LastJoined can only raise it: an edit that arrives late or
// twice does no harm to them.
type GamemodeEdit struct {
	FirstJoined syncer.Time
	LastJoined  syncer.Time
	Stats       map[string]int64 // added to each counter
	AtLeast     map[string]int64 // then raises each counter to this; for a save whose start is unknown
}

// MarshalJSON writes the form that player_edited takes: times in milliseconds.
func (g GamemodeEdit) MarshalJSON() ([]byte, error) {
	return json.Marshal(gamemodeEditJSON{
		FirstJoined: g.FirstJoined.OptionalMillis(), LastJoined: g.LastJoined.OptionalMillis(),
		Stats: g.Stats, AtLeast: g.AtLeast,
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
	return syncer.NormalizeSet(append(membersWithout(members, s.Remove), s.Add...))
}

// then joins two edits of one set; the later one wins on each member.
func (s SetEdit) then(next SetEdit) SetEdit {
	return SetEdit{
		Add:    syncer.NormalizeSet(append(membersWithout(s.Add, next.Remove), next.Add...)),
		Remove: syncer.NormalizeSet(append(membersWithout(s.Remove, next.Add), next.Remove...)),
	}
}

// membersWithout returns the members that are not dropped, as a new slice.
func membersWithout(members, dropped []string) []string {
	return slices.DeleteFunc(slices.Clone(members), func(m string) bool { return slices.Contains(dropped, m) })
}

// IsZero reports whether the edit changes nothing.
func (e Edit) IsZero() bool {
	return e.Scalars.isEmpty() && e.Flags.IsZero() && len(e.Attributes) == 0 && len(e.History) == 0 &&
		len(e.Gamemodes) == 0 && len(e.Addresses) == 0 && len(e.Visits) == 0
}

// IsImportant reports whether the edit touches an important field and so must be
// stored and spread at once.
func (e Edit) IsImportant() bool {
	return !e.Flags.IsZero() || len(e.Attributes) > 0 || !e.Scalars.important().isEmpty()
}

// ImportantChanges counts the important fields that the edit sets, each member of
// flags by itself and the attributes as one.
func (e Edit) ImportantChanges() int {
	return e.Scalars.important().count() + len(e.Flags.Add) + len(e.Flags.Remove) + min(len(e.Attributes), 1)
}

// WithoutImportant returns the edit without what only an important change may
// store: what a leave saves of a whole record.
func (e Edit) WithoutImportant() Edit {
	e.Scalars, e.Flags, e.Attributes = e.Scalars.withoutImportant(), SetEdit{}, nil
	return e
}

// Apply returns p after the edit. It is the rule that the SQL function
// player_edited follows; p is not changed and nothing mutable is shared.
func (e Edit) Apply(p syncer.Player) syncer.Player {
	p = p.Clone()
	p.Synced = e.Scalars.appliedTo(p.Synced)
	p.Flags = e.Flags.apply(p.Flags)
	for _, patch := range e.Attributes {
		p.Attributes = MergePatch(p.Attributes, patch)
	}
	if len(e.History) > 0 {
		p.History = syncer.NewestHistory(syncer.UniteHistory(p.History, e.History))
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
		Scalars:    e.Scalars.then(next.Scalars),
		Flags:      e.Flags.then(next.Flags),
		Attributes: slices.Concat(e.Attributes, next.Attributes),
		History:    syncer.UniteHistory(e.History, next.History),
		Gamemodes:  thenEach(e.Gamemodes, next.Gamemodes, GamemodeEdit.then),
		Addresses:  thenEach(e.Addresses, next.Addresses, func(_, next AddressEdit) AddressEdit { return next }),
		Visits:     joinVisits(e.Visits, next.Visits),
	}
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

// RaisedFrom returns the edit with counters raised to what it makes of a player's, in place of
// what it adds to them: however often it is applied, it counts once. What it subtracts it does
// still subtract.
func (e Edit) RaisedFrom(player syncer.Player) Edit {
	counted := e
	counted.Gamemodes = maps.Clone(e.Gamemodes)
	for mode, g := range e.Gamemodes {
		before := player.Gamemodes[mode].Stats
		g.AtLeast = maps.Clone(g.AtLeast)
		if g.AtLeast == nil {
			g.AtLeast = map[string]int64{}
		}
		g.Stats = maps.Clone(g.Stats)
		for name, difference := range g.Stats {
			if difference >= 0 {
				count := addCounters(before[name], difference)
				if least, known := g.AtLeast[name]; !known || count > least {
					g.AtLeast[name] = count
				}
				delete(g.Stats, name)
			}
		}
		counted.Gamemodes[mode] = g
	}
	return counted
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
