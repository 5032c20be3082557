package syncer

import (
	"errors"
	"time"
)

// Moment is a time as a request names it: by itself, or by how long ago it was. The zero
// value is none.
type Moment struct {
	at  Time
	ago time.Duration
}

// ParseMoment reads an RFC 3339 time, or a duration before now, see [ParseDuration].
func ParseMoment(text string) (Moment, error) {
	if at, err := ParseTime(text); err == nil && !at.IsForever() {
		return Moment{at: at}, nil
	}
	ago, err := ParseDuration(text)
	switch {
	case err == nil:
		return Moment{ago: ago}, nil
	case LooksLikeDuration(text):
		return Moment{}, err
	default:
		return Moment{}, errors.New("must be a time such as 2030-01-31T18:00:00Z, or how long ago, such as 7d")
	}
}

// At returns the time, now by the database's clock.
func (m Moment) At(now time.Time) Time {
	if m.ago != 0 {
		return TimeOf(now.Add(-m.ago))
	}
	return m.at
}
