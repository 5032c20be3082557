package syncer

import "time"

// NewMute is a request to mute a player.
type NewMute struct {
	Player  PlayerID
	Until   Time // [Forever]: until unmuted
	Reason  string
	By      string
	Replace bool // give a mute that stands already this reason and end
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (m NewMute) Validate(now time.Time) error {
	if err := CheckText("reason", m.Reason, MaxMuteReasonLength); err != nil {
		return err
	}
	if !m.Until.After(now) {
		return Invalid("expiresAt", "must lie in the future")
	}
	return CheckAuthor("by", m.By)
}

// MuteOutcome is what became of a request to mute or unmute.
type MuteOutcome string

// The outcomes.
const (
	MuteMade     MuteOutcome = "made"     // muted who was not
	MuteStands   MuteOutcome = "stands"   // muted already, and the mute is as it was
	MuteReplaced MuteOutcome = "replaced" // muted already, and the mute has the reason and end that were asked for
	MuteEnded    MuteOutcome = "ended"    // unmuted
	MuteAbsent   MuteOutcome = "absent"   // there was no mute to end
)

// Muting is a player after a request to mute or unmute.
type Muting struct {
	Player  *Player // shared
	Outcome MuteOutcome
}
