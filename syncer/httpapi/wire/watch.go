package wire

import (
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// WatchedChange is one change as `syncer watch` prints it.
type WatchedChange struct {
	At        syncer.Time          `json:"at"` // when it was seen
	Type      changefeed.EventType `json:"type"`
	UUID      *syncer.PlayerID     `json:"uuid,omitempty"`
	IP        *string              `json:"ip,omitempty"`
	Gone      bool                 `json:"gone,omitempty"`      // of a player: deleted
	Player    *Player              `json:"player,omitempty"`    // as it is now
	Banned    *bool                `json:"banned,omitempty"`    // of a ban
	ExpiresAt *syncer.Time         `json:"expiresAt,omitempty"` // of a ban
	Balances  *syncer.Balances     `json:"balances,omitempty"`  // of a balance: all of the player's
	Message   *StaffMessage        `json:"message,omitempty"`   // of the staff chat
	Session   *Session             `json:"session,omitempty"`   // of a presence
	Online    *bool                `json:"online,omitempty"`    // of a presence: came, else left
	Reason    *string              `json:"reason,omitempty"`    // of a kick
	By        *Person              `json:"by,omitempty"`        // of a kick
	Pattern   *NamePattern         `json:"pattern,omitempty"`   // of an antibot event; empty: cleared
	Address   *BlacklistEvent      `json:"blacklist,omitempty"` // of a blacklist event
	Entry     *ModEntry            `json:"entry,omitempty"`     // of the moderation log
}

// WatchedChangeOf returns the change that was seen now.
func WatchedChangeOf(e changefeed.Event, now time.Time) WatchedChange {
	change := WatchedChange{At: syncer.TimeOf(now), Type: e.Type, Gone: e.Gone}
	if e.Player != nil {
		change.Player = new(PlayerOf(*e.Player))
	}
	switch e.Type {
	case changefeed.EventPlayer:
		change.UUID = &e.ID
	case changefeed.EventBalance:
		change.UUID, change.Balances = &e.ID, e.Balances
	case changefeed.EventBan:
		change.Banned = &e.Banned
		if e.Banned {
			change.ExpiresAt = &e.ExpiresAt
		}
		change.UUID, change.IP = e.Target.Fields()
	case changefeed.EventChat:
		change.Message = new(StaffMessageOf(*e.Message))
	case changefeed.EventKick:
		change.UUID, change.Reason, change.By = &e.ID, &e.Kick.Reason, (*Person)(&e.Kick.By)
	case changefeed.EventAntibot, changefeed.EventBlacklist, changefeed.EventModeration:
		switch row := EventRowOf(e.Row).(type) {
		case NamePattern:
			change.Pattern = &row
		case BlacklistEvent:
			change.Address = &row
		case ModEntry:
			change.Entry = &row
		}
	case changefeed.EventPresence:
		change.Session, change.Online = new(SessionOf(*e.Session)), &e.Online
	}
	return change
}
