package syncer

import "time"

// NewBan is a request to ban. The zero ExpiresAt bans until lifted.
type NewBan struct {
	Target    Target
	Reason    string
	By        string
	ExpiresAt Time
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
