package wire

import (
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Shared is what all servers know of a player alike.
type Shared struct {
	Rank       string      `json:"rank" example:"admin" doc:"Rank."`
	Flags      []string    `json:"flags" example:"trusted" doc:"Flags, sorted."`
	UnmuteTime syncer.Time `json:"unmuteTime" doc:"Muted until."`
	MuteReason string      `json:"muteReason" example:"spam" doc:"Why muted; empty for no reason and while not muted."`
	UnmarkTime syncer.Time `json:"unmarkTime" doc:"Marked until."`
	Attributes Object      `json:"attributes" example:"{\"economy\":{\"tier\":2}}" doc:"One key per plugin."`

	Name           string   `json:"name" example:"[accent]Steve" doc:"Name, colour tags included."`
	OverrideName   *string  `json:"overrideName" doc:"Name shown instead."`
	Highlight      *string  `json:"highlight" doc:"Markup put before chat messages."`
	Rainbow        *Rainbow `json:"rainbow" doc:"Colour effect on the name."`
	ChatStrictness string   `json:"chatStrictness" enum:"chat,strict" doc:"How strictly the chat filter judges."`
	ShowRankPrefix bool     `json:"showRankPrefix" example:"true" doc:"Whether the rank is shown before the name."`
	Language       string   `json:"language" example:"en" doc:"Language chosen by the player, empty if none."`
	Achievements   *string  `json:"achievements" doc:"Bit set of achievements."`
}

func sharedOf(s syncer.Synced) Shared {
	return Shared{
		Rank: s.Rank, Flags: append([]string{}, s.Flags...), UnmuteTime: s.UnmuteTime, MuteReason: s.MuteReason,
		UnmarkTime: s.UnmarkTime, Attributes: Object(s.Attributes),
		Name: s.Name, OverrideName: s.OverrideName, Highlight: s.Highlight, Rainbow: rainbowOf(s.Rainbow),
		ChatStrictness: s.ChatStrictness, ShowRankPrefix: s.ShowRankPrefix, Language: s.Language,
		Achievements: s.Achievements,
	}
}

// Record is a player as one game server sees it: what all servers share, its own
// entry of what is kept per gamemode or address, and sums over all gamemodes.
type Record struct {
	UUID syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"The player's id."`
	Shared
	History []HistoryEntry `json:"history" doc:"The newest 500 moderation actions, oldest first; the rest is at /v1/players/{id}/history."`

	USID        *string          `json:"usid" example:"gB3mTVEkJpo=" doc:"The client's proof of identity towards the asking server."`
	FirstJoined syncer.Time      `json:"firstJoined" example:"2029-12-24T18:00:00.000Z" doc:"First join in the asking server's gamemode."`
	LastJoined  syncer.Time      `json:"lastJoined" example:"2030-01-02T03:04:05.000Z" doc:"Last join in the asking server's gamemode."`
	Stats       map[string]int64 `json:"stats" nullable:"true" example:"{\"blocksBroken\":120}" doc:"Counters of the asking server's gamemode; null if it was never visited."`

	GlobalFirstJoined syncer.Time      `json:"globalFirstJoined" example:"2029-12-24T18:00:00.000Z" doc:"Earliest known first join of all gamemodes."`
	GlobalLastJoined  syncer.Time      `json:"globalLastJoined" example:"2030-01-02T03:04:05.000Z" doc:"Latest join of all gamemodes."`
	GlobalStats       map[string]int64 `json:"globalStats" example:"{\"blocksBroken\":120}" doc:"Counters summed over all gamemodes."`

	Revision  int64       `json:"revision" example:"42" doc:"Higher is newer; the ETag."`
	CreatedAt syncer.Time `json:"createdAt" example:"2029-12-24T18:00:00.000Z" doc:"When the player was first seen."`
	Muted     bool        `json:"muted" doc:"Whether unmuteTime lies in the future."`
}

// RecordOf returns a view at the given time of the database's clock. It shares maps with it.
func RecordOf(v merge.View, now time.Time) Record {
	return Record{
		UUID:              v.ID,
		Shared:            sharedOf(v.Synced),
		History:           HistoryOf(v.History),
		USID:              v.USID,
		FirstJoined:       v.FirstJoined,
		LastJoined:        v.LastJoined,
		Stats:             v.Stats,
		GlobalFirstJoined: v.GlobalFirstJoined,
		GlobalLastJoined:  v.GlobalLastJoined,
		GlobalStats:       v.GlobalStats,
		Revision:          v.Revision,
		CreatedAt:         v.CreatedAt,
		Muted:             v.UnmuteTime.After(now),
	}
}

// Rainbow is a colour effect on a name.
type Rainbow struct {
	Speed int `json:"speed" minimum:"1" maximum:"1000" example:"5" doc:"Speed."`
}

func rainbowOf(r *syncer.Rainbow) *Rainbow {
	if r == nil {
		return nil
	}
	return &Rainbow{r.Speed}
}

// HistoryEntry is a moderation action.
type HistoryEntry struct {
	Action string      `json:"action" example:"muted" doc:"What was done."`
	By     Person      `json:"by" nullable:"true" example:"Steve" doc:"Who did it; null if nobody was named."`
	Time   syncer.Time `json:"time" example:"2030-01-02T03:04:05.000Z" doc:"When."`
}

// HistoryPage is one page of a player's history.
type HistoryPage struct {
	History []HistoryEntry `json:"history" doc:"Moderation actions, oldest first."`
	Next    *string        `json:"next" doc:"The after of the page with older ones; null: there are none."`
}

// HistoryPageOf returns the page behind which older entries begin at next, "" for none.
func HistoryPageOf(entries []syncer.HistoryEntry, next string) HistoryPage {
	return HistoryPage{History: HistoryOf(entries), Next: Next(next)}
}

// HistoryOf returns the entries, never nil.
func HistoryOf(entries []syncer.HistoryEntry) []HistoryEntry {
	history := make([]HistoryEntry, len(entries))
	for i, entry := range entries {
		history[i] = HistoryEntry{entry.Action, Person(entry.By), entry.Time}
	}
	return history
}

// Join says what the game knows when a player connects.
type Join struct {
	Name string  `json:"name" maxLength:"512" example:"[accent]Steve" doc:"Name, colour tags included."`
	IP   Address `json:"ip" maxLength:"64" example:"203.0.113.7" doc:"Where the player connects from, IPv4 or IPv6."`
	USID *string `json:"usid,omitzero" maxLength:"256" example:"gB3mTVEkJpo=" doc:"The client's proof of identity towards this server, if the game has one."`
}

// Joined is the record and the verdict that a [Join] asks for.
type Joined struct {
	Player *Record `json:"player" doc:"The record; null while the database is out of reach and the player is not in memory."`
	Ban    *Ban    `json:"ban" doc:"The ban that applies; null: let the player in."`
}

// PlayersPage is one page of a search.
type PlayersPage struct {
	Players []PlayerSummary `json:"players" doc:"The players found."`
	Next    *string         `json:"next" doc:"The next page's after; null: this is the last."`
}

// PlayerSummary is a player as a search lists it.
type PlayerSummary struct {
	UUID syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"The player's id."`
	Name string          `json:"name" example:"[accent]Steve" doc:"Name, colour tags included."`
	Rank string          `json:"rank" example:"admin" doc:"Rank."`
}

// PlayersPageOf returns the page behind which the next one begins at next, "" for none.
func PlayersPageOf(players []syncer.PlayerSummary, next string) PlayersPage {
	page := PlayersPage{Players: make([]PlayerSummary, len(players)), Next: Next(next)}
	for i, p := range players {
		page.Players[i] = PlayerSummary{UUID: p.ID, Name: p.Name, Rank: p.Rank}
	}
	return page
}
