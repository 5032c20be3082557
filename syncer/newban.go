package syncer

import "time"

// MaxReasonLength bounds the reasons of bans and of lifting them, in characters.
const MaxReasonLength = 2000

// NewBan is a request to ban. The zero ExpiresAt bans until lifted.
type NewBan struct {
	Target    Target
	Reason    string
	By        string
	ExpiresAt Time
	Replace   bool // give a ban that stands already this reason and end
	MeantID   bool // the target is an id, and neither the name of a player nor that of a host
	Confirmed bool // also one that is wide or meets many players, see [BanPreview.CheckConfirmed]
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (b NewBan) Validate(now time.Time) error {
	if b.Target == (Target{}) {
		return Invalid("uuid", "give a uuid or an ip")
	}
	if err := CheckText("reason", b.Reason, MaxReasonLength); err != nil {
		return err
	}
	if err := CheckText("by", b.By, MaxHistoryText); err != nil {
		return err
	}
	if !b.ExpiresAt.IsZero() && !b.ExpiresAt.After(now) {
		return Invalid("expiresAt", "must lie in the future")
	}
	return nil
}

// CheckLift returns an [Error] naming the first of by and reason that cannot be stored.
func CheckLift(by, reason string) error {
	if err := CheckAuthor("by", by); err != nil {
		return err
	}
	return CheckText("reason", reason, MaxReasonLength)
}
