package syncer

// BanRecord is a ban as it is carried into a database from another one or from a
// file: open or lifted, with its own times. Its number is not carried.
type BanRecord struct {
	Target     Target
	Reason     string
	By         string
	CreatedAt  Time // none: when it is stored
	ExpiresAt  Time // none: until lifted
	LiftedAt   Time // none: open, unless it has expired
	LiftedBy   string
	LiftReason string
}

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
		if err := checkText(t.field, t.text, t.limit); err != nil {
			return err
		}
	}
	return r.validateTimes()
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

// ImportOutcome is what became of one imported ban.
type ImportOutcome string

const (
	ImportAdded  ImportOutcome = "added"  // stored
	ImportKnown  ImportOutcome = "known"  // was here: same target, time and author
	ImportStands ImportOutcome = "stands" // another open ban of the target stands
)

// ImportedBan is what became of one imported ban, and the number of the ban that
// is there now.
type ImportedBan struct {
	Outcome ImportOutcome
	Number  int64
}
