package httpapi

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Record is a player as one game server sees it: what all servers share, its own
// entry of what is kept per gamemode or address, and sums over all gamemodes.
type Record struct {
	UUID       syncer.PlayerID `json:"uuid" doc:"The player's id." example:"abcdefghijklmnopqrstuv=="`
	Rank       string          `json:"rank" doc:"Rank."`
	Flags      []string        `json:"flags" nullable:"false" doc:"Flags, sorted."`
	UnmuteTime syncer.Time     `json:"unmuteTime" doc:"Muted until."`
	UnmarkTime syncer.Time     `json:"unmarkTime" doc:"Marked until."`
	Attributes json.RawMessage `json:"attributes" doc:"One key per plugin."`

	Name           string          `json:"name" doc:"Name, colour tags included."`
	OverrideName   *string         `json:"overrideName" doc:"Name shown instead."`
	Highlight      *string         `json:"highlight" doc:"Markup put before chat messages."`
	Rainbow        *syncer.Rainbow `json:"rainbow" doc:"Colour effect on the name."`
	ChatStrictness string          `json:"chatStrictness" enum:"chat,strict" doc:"How strictly the chat filter judges."`
	ShowRankPrefix bool            `json:"showRankPrefix" doc:"Whether the rank is shown before the name."`
	Language       string          `json:"language" doc:"Language chosen by the player, empty if none."`
	Achievements   *string         `json:"achievements" doc:"Bit set of achievements."`

	History []syncer.HistoryEntry `json:"history" nullable:"false" doc:"Moderation actions, oldest first."`

	USID        *string          `json:"usid" doc:"The client's proof of identity towards the asking server."`
	FirstJoined syncer.Time      `json:"firstJoined" doc:"First join in the asking server's gamemode."`
	LastJoined  syncer.Time      `json:"lastJoined" doc:"Last join in the asking server's gamemode."`
	Stats       map[string]int64 `json:"stats" nullable:"true" doc:"Counters of the asking server's gamemode; null if it was never visited."`

	GlobalFirstJoined syncer.Time      `json:"globalFirstJoined" doc:"Earliest known first join of all gamemodes."`
	GlobalLastJoined  syncer.Time      `json:"globalLastJoined" doc:"Latest join of all gamemodes."`
	GlobalStats       map[string]int64 `json:"globalStats" doc:"Counters summed over all gamemodes."`

	Revision  int64       `json:"revision" doc:"Higher is newer; the ETag."`
	CreatedAt syncer.Time `json:"createdAt" doc:"When the player was first seen."`
	Muted     bool        `json:"muted" doc:"Whether unmuteTime lies in the future."`
}

// TransformSchema says which members may be null.
func (Record) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullableMembers(s, "rainbow")
}

// recordOf returns the JSON form of a view at the given time of the database's
// clock. It shares slices and maps with it.
func recordOf(v merge.View, now time.Time) Record {
	return Record{
		UUID: v.ID, Rank: v.Rank, Flags: v.Flags, UnmuteTime: v.UnmuteTime, UnmarkTime: v.UnmarkTime, Attributes: v.Attributes,
		Name: v.Name, OverrideName: v.OverrideName, Highlight: v.Highlight, Rainbow: v.Rainbow,
		ChatStrictness: v.ChatStrictness, ShowRankPrefix: v.ShowRankPrefix, Language: v.Language, Achievements: v.Achievements,
		History: v.History, USID: v.USID, FirstJoined: v.FirstJoined, LastJoined: v.LastJoined, Stats: v.Stats,
		GlobalFirstJoined: v.GlobalFirstJoined, GlobalLastJoined: v.GlobalLastJoined, GlobalStats: v.GlobalStats,
		Revision: v.Revision, CreatedAt: v.CreatedAt, Muted: v.UnmuteTime.After(now),
	}
}

// Ban is one ban, open or lifted.
type Ban = syncer.BanView

// PlayerEvent is the data of an event of type player.
type PlayerEvent struct {
	UUID     syncer.PlayerID `json:"uuid" doc:"Who changed."`
	Revision int64           `json:"revision" doc:"Revision of the record; 0 without one."`
	Gone     bool            `json:"gone" doc:"Whether the player was deleted."`
	Player   *Record         `json:"player" doc:"The record as the asking server sees it; null if it is not in memory: ask for it if it matters."`
}

// TransformSchema says which members may be null.
func (PlayerEvent) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullableMembers(s, "player")
}

// BanEvent is the data of an event of type ban.
type BanEvent struct {
	UUID      *syncer.PlayerID `json:"uuid" doc:"The player id; null for an address."`
	IP        *string          `json:"ip" doc:"The address or CIDR range; null for a player id."`
	Banned    bool             `json:"banned" doc:"Whether a ban stands now."`
	ExpiresAt syncer.Time      `json:"expiresAt" doc:"When it ends by itself; null: when it is lifted."`
}

// timeDoc stands for syncer.Time in the OpenAPI document.
type timeDoc struct{}

// Schema describes the three forms of a time.
func (timeDoc) Schema(huma.Registry) *huma.Schema {
	s := timeSchema("")
	s.Description = `RFC 3339 in UTC with milliseconds, "infinity" for ever, null for none.`
	return s
}

// objectDoc stands for a JSON object of any content.
type objectDoc struct{}

// Schema describes the object.
func (objectDoc) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeObject, AdditionalProperties: true, Description: "A JSON object."}
}

// schemaName names the schema of a type as the API speaks of it.
func schemaName(t reflect.Type, hint string) string {
	switch t {
	case reflect.TypeFor[Ban]():
		return "Ban"
	case reflect.TypeFor[BanPreview]():
		return "BanPreview"
	}
	return huma.DefaultSchemaNamer(t, hint)
}

// newRegistry returns a schema registry that knows the domain's types.
func newRegistry() huma.Registry {
	registry := huma.NewMapRegistry("#/components/schemas/", schemaName)
	registry.RegisterTypeAlias(reflect.TypeFor[syncer.Time](), reflect.TypeFor[timeDoc]())
	registry.RegisterTypeAlias(reflect.TypeFor[json.RawMessage](), reflect.TypeFor[objectDoc]())
	registry.RegisterTypeAlias(reflect.TypeFor[syncer.BanRecord](), reflect.TypeFor[banRecordDoc]())
	return registry
}
