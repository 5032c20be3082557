package syncer

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// Time is none, an instant with millisecond precision, or "for ever". The zero
// value is none. Values are comparable with ==.
//
// As JSON it is null, an RFC 3339 text in UTC with milliseconds, or "infinity";
// PostgreSQL reads all three as timestamptz.
type Time struct {
	kind timeKind
	ms   int64 // since 1970-01-01T00:00:00Z; 0 unless kind is instant
}

type timeKind uint8

const (
	none timeKind = iota
	instant
	forever
)

// timeLayout is RFC 3339 with exactly three decimals.
const timeLayout = "2006-01-02T15:04:05.000Z07:00"

// Limits of what the text form can carry, which are those of the database's constraints:
// years 1 to 9999.
var (
	minInstant = time.Date(1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()
	maxInstant = time.Date(9999, 12, 31, 23, 59, 59, 999e6, time.UTC).UnixMilli()
)

// Forever is later than every instant: a mute without end.
var Forever = Time{kind: forever}

// TimeOf returns t, cut to milliseconds and clamped to the years 1 to 9999.
func TimeOf(t time.Time) Time {
	switch seconds := t.Unix(); { // milliseconds overflow far from 1970
	case seconds < minInstant/1000:
		return Millis(minInstant)
	case seconds > maxInstant/1000:
		return Millis(maxInstant)
	default:
		return Millis(t.UnixMilli())
	}
}

// Millis returns the instant ms milliseconds after 1970 (UTC), clamped to the
// years 1 to 9999.
func Millis(ms int64) Time {
	return Time{kind: instant, ms: min(max(ms, minInstant), maxInstant)}
}

// IsZero reports whether t is none.
func (t Time) IsZero() bool { return t.kind == none }

// IsForever reports whether t is [Forever].
func (t Time) IsForever() bool { return t.kind == forever }

// Instant returns the point in time and true, or false for none and for ever.
func (t Time) Instant() (time.Time, bool) {
	return time.UnixMilli(t.ms).UTC(), t.kind == instant
}

// Millis returns milliseconds since 1970 and true, or false for none and for ever.
func (t Time) Millis() (int64, bool) { return t.ms, t.kind == instant }

// OptionalMillis returns milliseconds since 1970, or nil for none and for ever: the
// form of times that are stored inside JSON objects.
func (t Time) OptionalMillis() *int64 {
	if ms, ok := t.Millis(); ok {
		return &ms
	}
	return nil
}

// TimeOfMillis returns the time of [Time.OptionalMillis]: none for nil.
func TimeOfMillis(ms *int64) Time {
	if ms == nil {
		return Time{}
	}
	return Millis(*ms)
}

// After reports whether t lies after now: never for none, always for ever.
func (t Time) After(now time.Time) bool {
	return t.kind == forever || t.kind == instant && t.ms > now.UnixMilli()
}

// String returns the JSON text without quotes, and "none" for none.
func (t Time) String() string {
	switch t.kind {
	case none:
		return "none"
	case forever:
		return "infinity"
	default:
		return time.UnixMilli(t.ms).UTC().Format(timeLayout)
	}
}

// MarshalJSON writes null, an RFC 3339 text with milliseconds, or "infinity".
func (t Time) MarshalJSON() ([]byte, error) {
	if t.kind == none {
		return []byte("null"), nil
	}
	return []byte(`"` + t.String() + `"`), nil
}

// UnmarshalJSON accepts what [Time.MarshalJSON] writes, and any RFC 3339 text.
func (t *Time) UnmarshalJSON(data []byte) error {
	if bytes.Equal(data, []byte("null")) {
		*t = Time{}
		return nil
	}
	var text string
	if err := json.Unmarshal(data, &text); err != nil {
		return fmt.Errorf("a time is an RFC 3339 text, \"infinity\" or null")
	}
	parsed, err := ParseTime(text)
	if err != nil {
		return err
	}
	*t = parsed
	return nil
}

// ParseTime reads "infinity" or an RFC 3339 text.
func ParseTime(text string) (Time, error) {
	if text == "infinity" {
		return Forever, nil
	}
	parsed, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return Time{}, fmt.Errorf("%q is neither an RFC 3339 time nor \"infinity\"", text)
	}
	return TimeOf(parsed), nil
}

// Earliest returns the earlier of two times; none loses against any time.
func Earliest(a, b Time) Time {
	switch {
	case a.IsZero():
		return b
	case b.IsZero():
		return a
	case a.kind == forever || b.kind == instant && b.ms < a.ms:
		return b
	default:
		return a
	}
}

// Latest returns the later of two times; none loses against any time.
func Latest(a, b Time) Time {
	switch {
	case a.kind == forever || b.kind == forever:
		return Forever
	case a.IsZero() || b.kind == instant && b.ms > a.ms:
		return b
	default:
		return a
	}
}
