package syncer

import (
	"encoding/json"
	"fmt"
	"time"
)

// Limits of a [Transient].
const (
	MaxTransientKey   = 64                  // bytes
	MaxTransientValue = 64 << 10            // bytes of JSON
	MaxTransientTTL   = 30 * 24 * time.Hour // 30 days
)

// Transient is a value that a game server keeps for a player until it restarts.
type Transient struct {
	Key         string
	Value       json.RawMessage // any JSON
	TTL         time.Duration   // for how long; 0: until the game server or the sidecar restarts
	ResetOnJoin bool            // dropped when the player joins the server again
}

// Validate returns an [Error] naming the first field that cannot be kept:
// too_large for a value beyond the limit, else invalid.
func (t Transient) Validate() error {
	if err := CheckTransientKey("key", t.Key); err != nil {
		return err
	}
	if len(t.Value) > MaxTransientValue {
		return &Error{
			Code: CodeTooLarge, Field: "value",
			Message: fmt.Sprintf("must have at most %d bytes of JSON, has %d", MaxTransientValue, len(t.Value)),
		}
	}
	if t.TTL < 0 || t.TTL > MaxTransientTTL {
		return Invalid("ttl", "must be at most %d days", int(MaxTransientTTL.Hours()/24))
	}
	return nil
}

// CheckTransientKey returns an [Error] at field unless the text can be a key: 1 to
// 64 of letters, digits and _ . : - from ASCII, and first a letter, digit or _.
func CheckTransientKey(field, key string) error {
	if err := CheckLength(field, key, MaxTransientKey); err != nil {
		return err
	}
	for i, r := range key {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '_':
		case i > 0 && (r == '.' || r == ':' || r == '-'):
		default:
			return Invalid(field, "must consist of letters, digits, _ . : and -, and begin with a letter, a digit or _")
		}
	}
	return nil
}
