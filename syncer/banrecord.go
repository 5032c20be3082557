package syncer

import (
	"errors"
	"fmt"
	"time"
)

// BanRecord is a ban as it is carried into a database from another one or from a
// file: open or lifted, with its own times and its notes. Numbers are not carried.
type BanRecord struct {
	Target     Target
	MeantID    bool // the target is an id for certain, and no name
	Reason     string
	By         string
	CreatedAt  Time // none: when it is stored
	ExpiresAt  Time // none: until lifted
	LiftedAt   Time // none: open, unless it has expired
	LiftedBy   string
	LiftReason string
	Notes      []BanNote
	Confirmed  bool // also one in force that is wide, see [Target.IsWide]
}

// Record returns the ban as it is carried to another database. One that has
// expired is closed, as it is at the next ban of its target.
func (b NotedBan) Record(now time.Time) BanRecord {
	r := BanRecord{
		Target: b.Target, MeantID: true, Reason: b.Reason, By: b.By, CreatedAt: b.CreatedAt, ExpiresAt: b.ExpiresAt,
		LiftedAt: b.LiftedAt, LiftedBy: b.LiftedBy, LiftReason: b.LiftReason, Notes: b.Notes,
	}
	if r.LiftedAt.IsZero() && !b.Applies(now) {
		r.LiftedAt = r.ExpiresAt
	}
	return r
}

// MayBeName reports whether the target may be the name of a player as well as an id.
func (r BanRecord) MayBeName() bool { return r.Target.ID != "" && !r.MeantID && !r.Target.ID.HasForm() }

// Validate returns an [Error] naming the first field that cannot be stored, by
// its name in JSON.
func (r BanRecord) Validate() error {
	if r.Target == (Target{}) {
		return Invalid("uuid", "give a uuid or an ip")
	}
	for _, t := range []struct {
		field, text string
		limit       int
	}{
		{"reason", r.Reason, MaxReasonLength},
		{"by", r.By, MaxHistoryText},
		{"liftedBy", r.LiftedBy, MaxHistoryText},
		{"liftReason", r.LiftReason, MaxReasonLength},
	} {
		if err := CheckText(t.field, t.text, t.limit); err != nil {
			return err
		}
	}
	for i, note := range r.Notes {
		if err := note.Validate(); err != nil {
			return within(fmt.Sprintf("notes[%d].", i), err)
		}
		if note.At.IsZero() {
			return Invalid(fmt.Sprintf("notes[%d].at", i), "must be given")
		}
	}
	if err := r.validateTimes(); err != nil {
		return err
	}
	return r.checkConfirmed()
}

// checkConfirmed refuses a wide target that nobody confirmed, unless its ban is over.
func (r BanRecord) checkConfirmed() error {
	if r.Confirmed || !r.Target.IsWide() || !r.LiftedAt.IsZero() {
		return nil
	}
	return &Error{
		Code: CodeUnconfirmed, Field: "ip",
		Message: fmt.Sprintf("%s is wider than /%d; such a ban must be confirmed", r.Target, r.Target.widest()),
	}
}

// within puts a path in front of the field that an [Error] names.
func within(path string, err error) error {
	if e, ok := errors.AsType[*Error](err); ok {
		return &Error{Code: e.Code, Field: path + e.Field, Message: e.Message, Cause: e.Cause}
	}
	return err
}

func (r BanRecord) validateTimes() error {
	if r.CreatedAt.IsForever() {
		return Invalid("createdAt", "must be an instant")
	}
	if r.LiftedAt.IsForever() {
		return Invalid("liftedAt", "must be an instant")
	}
	created, given := r.CreatedAt.Instant()
	if !given && !r.LiftedAt.IsZero() {
		return Invalid("createdAt", "must be given for a lifted ban")
	}
	if !given && !r.ExpiresAt.IsZero() && !r.ExpiresAt.IsForever() {
		return Invalid("createdAt", "must be given for a ban that expires")
	}
	if given && !r.ExpiresAt.IsZero() && !r.ExpiresAt.After(created) {
		return Invalid("expiresAt", "must lie after createdAt")
	}
	if lifted, ok := r.LiftedAt.Instant(); ok && lifted.Before(created) {
		return Invalid("liftedAt", "must not lie before createdAt")
	}
	if r.LiftedAt.IsZero() && r.LiftedBy != "" {
		return Invalid("liftedBy", "must be given with liftedAt only")
	}
	if r.LiftedAt.IsZero() && r.LiftReason != "" {
		return Invalid("liftReason", "must be given with liftedAt only")
	}
	return nil
}

// ImportOutcome is the outcome of one imported ban.
type ImportOutcome string

// The outcomes.
const (
	ImportAdded  ImportOutcome = "added"  // stored
	ImportKnown  ImportOutcome = "known"  // was here: same target, time and author
	ImportStands ImportOutcome = "stands" // another open ban of the target stands
)

// ImportedBan is the outcome of one imported ban, and the number of the ban that
// is there now.
type ImportedBan struct {
	Outcome  ImportOutcome
	Number   int64
	Stranger bool // of an id that no player has
}
