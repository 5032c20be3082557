package syncer

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
)

// DefaultRank is the rank of a player nobody has given another.
const DefaultRank = "player"

// Chat strictness values.
const (
	StrictnessChat   = "chat"
	StrictnessStrict = "strict"
)

// Player is one row of the database with its history: everything that any
// server may see of a player. Values handed out by a cache or a store are
// shared and must not be changed; [merge.Edit.Apply] returns a new one.
type Player struct {
	ID PlayerID `json:"uuid"`
	Synced
	Unsynced
	History []HistoryEntry `json:"history"` // oldest first, a set

	Revision  int64 `json:"revision"` // drawn from one sequence; higher is newer
	CreatedAt Time  `json:"createdAt"`
}

// Synced is the part of a player that every server sees alike and that travels
// inside notifications: the important fields and the unimportant scalars.
type Synced struct {
	Rank       string          `json:"rank"`
	Flags      []string        `json:"flags"` // a set: sorted, no duplicates
	UnmuteTime Time            `json:"unmuteTime"`
	MuteReason string          `json:"muteReason"` // why, empty for no reason and while UnmuteTime is zero
	UnmarkTime Time            `json:"unmarkTime"`
	Attributes json.RawMessage `json:"attributes"` // a JSON object, one key per plugin

	Name           string   `json:"name"`
	OverrideName   *string  `json:"overrideName"`
	Highlight      *string  `json:"highlight"`
	Rainbow        *Rainbow `json:"rainbow"`
	ChatStrictness string   `json:"chatStrictness"`
	ShowRankPrefix bool     `json:"showRankPrefix"`
	Language       string   `json:"language"`
	Achievements   *string  `json:"achievements"` // the text of [Bits], which only grow; nil: none
}

// Unsynced is the part that is kept per gamemode or per server address. It is
// stored centrally so that a server may change its gamemode, but it never
// travels: a copy is as fresh as the read or save that fetched it.
type Unsynced struct {
	Gamemodes map[string]GamemodeRecord `json:"gamemodes"` // by gamemode
	Addresses map[string]AddressRecord  `json:"addresses"` // by "ip:port" of the game server
}

// Rainbow is a running colour effect on the player's name.
type Rainbow struct {
	Speed int `json:"speed"` // positive
}

// HistoryEntry is one moderation action. The whole triple is its identity.
type HistoryEntry struct {
	Action string `json:"action"`
	By     string `json:"by"`
	Time   Time   `json:"time"` // an instant
}

// AddressRecord is what one game server knows of a player by its address.
type AddressRecord struct {
	USID *string `json:"usid"` // the client's proof of identity towards that server
}

// GamemodeRecord is what the servers of one gamemode count of a player.
// As JSON its times are milliseconds since 1970, absent for none.
type GamemodeRecord struct {
	FirstJoined Time
	LastJoined  Time
	Stats       map[string]int64 // counters by name
}

// MarshalJSON writes the stored form.
func (g GamemodeRecord) MarshalJSON() ([]byte, error) {
	return json.Marshal(gamemodeJSON{
		FirstJoined: g.FirstJoined.OptionalMillis(), LastJoined: g.LastJoined.OptionalMillis(), Stats: g.Stats,
	})
}

// UnmarshalJSON reads the stored form.
func (g *GamemodeRecord) UnmarshalJSON(data []byte) error {
	var stored gamemodeJSON
	if err := json.Unmarshal(data, &stored); err != nil {
		return err
	}
	*g = GamemodeRecord{
		FirstJoined: TimeOfMillis(stored.FirstJoined), LastJoined: TimeOfMillis(stored.LastJoined), Stats: stored.Stats,
	}
	return nil
}

// NewPlayer returns a player as the database creates one: everything default.
func NewPlayer(id PlayerID) Player {
	return Player{
		ID: id,
		Synced: Synced{
			Rank: DefaultRank, Flags: []string{}, Attributes: json.RawMessage("{}"),
			ChatStrictness: StrictnessChat, ShowRankPrefix: true,
		},
		Unsynced: Unsynced{Gamemodes: map[string]GamemodeRecord{}, Addresses: map[string]AddressRecord{}},
		History:  []HistoryEntry{},
	}
}

// Clone returns a copy that shares nothing mutable with p.
func (p Player) Clone() Player {
	p.Flags = slices.Clone(p.Flags)
	p.Attributes = bytes.Clone(p.Attributes)
	p.History = slices.Clone(p.History)
	p.Addresses = maps.Clone(p.Addresses)
	gamemodes := make(map[string]GamemodeRecord, len(p.Gamemodes))
	for mode, record := range p.Gamemodes {
		record.Stats = maps.Clone(record.Stats)
		gamemodes[mode] = record
	}
	p.Gamemodes = gamemodes
	return p
}

// CompareHistory orders entries oldest first, then by action and author.
func CompareHistory(a, b HistoryEntry) int {
	switch {
	case a.Time.ms != b.Time.ms:
		if a.Time.ms < b.Time.ms {
			return -1
		}
		return 1
	case a.Action != b.Action:
		if a.Action < b.Action {
			return -1
		}
		return 1
	case a.By < b.By:
		return -1
	case a.By > b.By:
		return 1
	}
	return 0
}

// UniteHistory returns the union of two histories, oldest first, without
// changing either.
func UniteHistory(a, b []HistoryEntry) []HistoryEntry {
	united := make([]HistoryEntry, 0, len(a)+len(b))
	united = append(append(united, a...), b...)
	slices.SortFunc(united, CompareHistory)
	return slices.Compact(united)
}

// NewestHistory returns the newest of entries that come oldest first, those that are kept in
// memory and shown: at most [HistoryShown].
func NewestHistory(entries []HistoryEntry) []HistoryEntry {
	return entries[max(0, len(entries)-HistoryShown):]
}

// NormalizeSet returns the members sorted and without duplicates.
func NormalizeSet(members []string) []string {
	set := slices.Clone(members)
	if set == nil {
		set = []string{}
	}
	slices.Sort(set)
	return slices.Compact(set)
}

// PlayerSummary is a player as a search lists it.
type PlayerSummary struct {
	ID   PlayerID `json:"uuid"`
	Name string   `json:"name"`
	Rank string   `json:"rank"`
}

// gamemodeJSON is the stored form of a [GamemodeRecord].
type gamemodeJSON struct {
	FirstJoined *int64           `json:"firstJoined,omitempty"`
	LastJoined  *int64           `json:"lastJoined,omitempty"`
	Stats       map[string]int64 `json:"stats,omitempty"`
}
