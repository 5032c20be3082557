// Package fishjson reads players in the JSON form that the Mindustry plugin gives
// them: in its uploads, and in what a database keeps of those. Times are
// milliseconds since 1970, below zero for none and 9999999999999 for ever; numbers
// may have lost digits on their way through JavaScript.
package fishjson

import (
	"bytes"
	"encoding/json"
	"math"

	"playersync/syncer"
)

// Times on the wire are milliseconds since 1970.
const (
	NoTime  = -1                // none, or not known
	Forever = 9_999_999_999_999 // without end
)

// IsNoAddress reports whether a text is what the game has for the address of a player who
// never connected, or is not connected.
func IsNoAddress(text string) bool { return text == "<unknown>" || text == "localhost" }

// CounterNames are the counters that the plugin knows. It needs all or none: one
// that is missing becomes NaN at its first increment.
var CounterNames = [...]string{
	"blocksBroken", "blocksPlaced", "timeInGame", "chatMessagesSent", "gamesFinished", "gamesWon",
}

// Object is a JSON object whose members are not decoded yet. Names are told apart
// by case.
type Object map[string]json.RawMessage

// Has reports whether the member is there and not null.
func (o Object) Has(name string) bool {
	value, found := o[name]
	return found && !IsNull(value)
}

// IsNull reports whether a value is the JSON null.
func IsNull(value json.RawMessage) bool { return bytes.Equal(value, []byte("null")) }

// Text returns a member that must be a text, or an [syncer.Error] that names it.
func (o Object) Text(name string) (string, error) {
	var text string
	if !o.Has(name) || json.Unmarshal(o[name], &text) != nil {
		return "", syncer.Invalid(name, "must be a text")
	}
	return text, nil
}

// Number reads a number and rounds it. Beyond what a double carries exactly the
// result is the largest number of that sign that it does. The name is the field
// that an error shows.
func Number(name string, value json.RawMessage) (int64, error) {
	var n float64
	if value == nil || IsNull(value) || json.Unmarshal(value, &n) != nil {
		return 0, syncer.Invalid(name, "must be a number")
	}
	const most = float64(syncer.MaxCounter)
	return int64(min(max(math.Round(n), -most), most)), nil
}
