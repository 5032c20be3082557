package wire

import (
	"time"

	"playersync/syncer"
)

// NewMute asks to mute a player. Null says as much as absent.
type NewMute struct {
	Reason    *string     `json:"reason,omitzero" maxLength:"512" example:"spam" doc:"Why."`
	By        *string     `json:"by,omitzero" maxLength:"512" example:"Alice" doc:"Who does it; absent: what Syncer-By says."`
	ExpiresAt syncer.Time `json:"expiresAt,omitzero" doc:"When the mute ends by itself; absent, null or infinity: when the player is unmuted."`
	Duration  *Duration   `json:"duration,omitzero" maxLength:"64" example:"2h" doc:"Instead of expiresAt: 1y2mo3w4d5h6m7s, a month of 30 and a year of 365 days, or ISO 8601 without months and years."`
	Replace   bool        `json:"replace,omitempty" example:"true" doc:"Whether a mute that stands already gets this reason and end; else it stays as it is."`
}

// Mute returns what is asked for of a player, now by the database's clock. The message may
// be nil.
func (m *NewMute) Mute(id syncer.PlayerID, now time.Time) (syncer.NewMute, error) {
	said := value(m)
	until, err := endOf(said.ExpiresAt, said.Duration, now)
	return syncer.NewMute{
		Player: id, Until: until, Reason: value(said.Reason), By: value(said.By), Replace: said.Replace,
	}, err
}

// MuteEnd asks to unmute a player.
type MuteEnd struct {
	By *string `json:"by,omitzero" maxLength:"512" example:"Alice" doc:"Who does it; absent: what Syncer-By says."`
}

// Who returns who asks, "" if that is not said. The message may be nil.
func (m *MuteEnd) Who() string { return value(value(m).By) }

// Muting says what became of a request to mute or unmute a player, and what holds now.
type Muting struct {
	UUID       syncer.PlayerID    `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"The player."`
	Name       string             `json:"name" example:"[accent]Steve" doc:"Name, colour tags included."`
	Muted      bool               `json:"muted" example:"true" doc:"Whether the player is muted now."`
	UnmuteTime syncer.Time        `json:"unmuteTime" doc:"Muted until."`
	MuteReason string             `json:"muteReason" example:"spam" doc:"Why muted; empty for no reason and while not muted."`
	Outcome    syncer.MuteOutcome `json:"outcome" enum:"made,stands,replaced,ended,absent" example:"made" doc:"made: was not muted and is now; stands: was muted already and the mute is as it was, so that nothing of this request was stored; replaced: the mute got this reason and end; ended: was muted and is not now; absent: was not muted."`
}

// MutingOf returns the message at the given time of the database's clock.
func MutingOf(m syncer.Muting, now time.Time) Muting {
	p := m.Player
	return Muting{p.ID, p.Name, p.UnmuteTime.After(now), p.UnmuteTime, p.MuteReason, m.Outcome}
}
