package syncer

import "time"

// MaxNoteLength is the limit of a note's text, in characters.
const MaxNoteLength = 4000

// BanNote is what the staff noted on a ban after the fact. Players and game
// servers never see notes.
type BanNote struct {
	Number int64 // the row's id
	At     Time
	By     string
	Text   string
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (n BanNote) Validate() error {
	if n.Text == "" {
		return Invalid("text", "must not be empty")
	}
	if err := CheckText("text", n.Text, MaxNoteLength); err != nil {
		return err
	}
	if n.At.IsForever() {
		return Invalid("at", "must be an instant")
	}
	return CheckText("by", n.By, MaxHistoryText)
}

// NotedBan is a ban with its notes, oldest first.
type NotedBan struct {
	Ban
	Notes []BanNote
}

// BanChange gives an open ban another reason or expiry; what is not set stays.
type BanChange struct {
	Reason    Optional[string]
	ExpiresAt Optional[Time] // none: until lifted
	By        string         // who changes it, for the audit; "" if not said
	Expected  *int64         // the revision that the ban must still have; nil: any
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (c BanChange) Validate(now time.Time) error {
	if !c.Reason.Set && !c.ExpiresAt.Set {
		return Invalid("reason", "give a reason, an expiresAt or a duration")
	}
	if err := CheckText("reason", c.Reason.Value, MaxReasonLength); err != nil {
		return err
	}
	if t := c.ExpiresAt.Value; !t.IsZero() && !t.After(now) {
		return Invalid("expiresAt", "must lie in the future")
	}
	return CheckAuthor("by", c.By)
}
