package wire

import (
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

import "playersync/syncer"

// LongPollEvent is one event in the answer of a long poll; an SSE event carries
// the same in its fields id, event and data.
type LongPollEvent struct {
	ID   string               `json:"id" example:"K3XQ7A-1841" doc:"Position of the event."`
	Type changefeed.EventType `json:"type" enum:"player,balance,ban,chat,presence,kick,antibot,blacklist,moderation,resync" example:"player" doc:"What it is about."`
	Data EventData            `json:"data" doc:"A PlayerEvent, a BalanceEvent, a BanEvent, a StaffMessage, a PresenceEvent, a KickEvent, a NamePattern, a BlacklistEvent, a ModEntry, or an empty object for a resync."`
}

// EventData is the data of an event: a [PlayerEvent], a [BalanceEvent], a [BanEvent], a
// [StaffMessage], a [PresenceEvent], a [KickEvent], a [NamePattern], a [BlacklistEvent], a
// [ModEntry], or a [Resync].
type EventData any

// PlayerEvent is the data of an event of type player.
type PlayerEvent struct {
	UUID     syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Who changed."`
	Revision int64           `json:"revision" example:"42" doc:"Revision of the record; 0 without one."`
	Gone     bool            `json:"gone" doc:"Whether the player was deleted."`
	Player   *Record         `json:"player" doc:"The record as the asking server sees it; null if it is not in memory: ask for it if it matters."`
}

// BalanceEvent is the data of an event of type balance.
type BalanceEvent struct {
	UUID     syncer.PlayerID  `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Whose."`
	Balances map[string]int64 `json:"balances" nullable:"true" example:"{\"coins\":750}" doc:"All of the player's balances by currency; null if they are not in memory: ask for them if it matters."`
}

// BanEvent is the data of an event of type ban.
type BanEvent struct {
	UUID      *syncer.PlayerID  `json:"uuid" doc:"The player id; null for an address."`
	IP        *string           `json:"ip" example:"198.51.100.0/24" doc:"The address or CIDR range; null for a player id."`
	Banned    bool              `json:"banned" example:"true" doc:"Whether a ban stands now."`
	ExpiresAt syncer.Time       `json:"expiresAt" example:"2030-01-09T03:04:05.000Z" doc:"When it ends by itself; null: when it is lifted."`
	Online    []syncer.PlayerID `json:"online" doc:"The players on the asking server whom the ban keeps out and whom it should kick: those who joined through this sidecar since it started."`
}

// BanEventOf returns what changed for a target, with nobody online.
func BanEventOf(e changefeed.Event) BanEvent {
	uuid, ip := e.Target.Fields()
	return BanEvent{UUID: uuid, IP: ip, Banned: e.Banned, ExpiresAt: e.ExpiresAt, Online: []syncer.PlayerID{}}
}

// PresenceEvent is the data of an event of type presence.
type PresenceEvent struct {
	Session
	Online bool `json:"online" example:"true" doc:"Whether the player came; else it left the server, or the server died."`
}

// KickEvent is the data of an event of type kick.
type KickEvent struct {
	UUID   syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Whom."`
	Online bool            `json:"online" example:"true" doc:"Whether the player is on the asking server, which should kick him then: he joined through this sidecar since it started."`
	Reason string          `json:"reason" example:"spam" doc:"Why, for the player to read; empty if none was given."`
	By     Person          `json:"by" nullable:"true" example:"Alice" doc:"Who wants it; null if nobody was named."`
	At     syncer.Time     `json:"at" example:"2030-01-02T03:04:05.000Z" doc:"When it was asked for."`
}

// KickEventOf returns a request, which concerns the asking server if the player is there.
func KickEventOf(k syncer.Kick, here bool) KickEvent {
	return KickEvent{UUID: k.Player, Online: here, Reason: k.Reason, By: Person(k.By), At: k.At}
}

// EventRowOf returns the data of an event that carries a row of one game's table.
func EventRowOf(row changefeed.Row) EventData {
	switch row := row.(type) {
	case *mindustry.AntibotPattern:
		return NamePatternOf(*row)
	case *mindustry.BlacklistRow:
		return BlacklistEvent{row.Address, row.Listed}
	case *mindustry.ModEntry:
		return ModEntryOf(*row)
	default:
		return Resync{}
	}
}

// Resync is the data of an event of type resync: nothing.
type Resync struct{}
