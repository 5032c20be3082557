// Package wire holds the messages of the HTTP API: a struct for each body of a request or
// an answer, with its JSON, its documentation and its limits. The server reads, writes and
// documents with them, the command line writes the same JSON, and a client in Go can use
// them as they are.
//
// # Tags
//
// json names a member; omitzero and omitempty make it optional in a request. doc, example,
// enum, minimum, maximum, minLength, maxLength, maxItems and format go into the OpenAPI
// document and are checked when a request is read, see package strict. A pointer, a
// [syncer.Time] or a field with nullable:"true" may be null; a list never is.
//
// Functions named …Of build an answer from the domain; methods of requests return what the
// domain understands, or an error that names the member at fault.
package wire

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"playersync/syncer"
)

// Object is a JSON object of any content.
type Object json.RawMessage

// MarshalJSON writes the object as it is; one that is empty is {}.
func (o Object) MarshalJSON() ([]byte, error) {
	if len(o) == 0 {
		return []byte("{}"), nil
	}
	return o, nil
}

// UnmarshalJSON keeps a copy.
func (o *Object) UnmarshalJSON(data []byte) error {
	*o = append((*o)[:0], data...)
	return nil
}

// Person is who did something, in an answer; as JSON the empty one, of whom nobody spoke, is
// null. Its fields have the tag nullable:"true".
type Person string

// MarshalJSON writes the text, or null for none.
func (p Person) MarshalJSON() ([]byte, error) {
	if p == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(p))
}

// PlayerID is a player id in a request.
type PlayerID string

// UnmarshalText checks the id.
func (p *PlayerID) UnmarshalText(text []byte) error {
	id, err := syncer.ParsePlayerID(string(text))
	*p = PlayerID(id)
	return err
}

// Address is an address in a request: IPv4 or IPv6, not a range.
type Address struct{ netip.Addr }

// UnmarshalText reads the address as all of syncer does.
func (a *Address) UnmarshalText(text []byte) (err error) {
	a.Addr, err = syncer.ParseAddress(string(text))
	return err
}

// Instant is a time that is never "infinity"; null and the zero value are none.
type Instant struct{ syncer.Time }

// UnmarshalText reads an RFC 3339 text.
func (i *Instant) UnmarshalText(text []byte) (err error) {
	if i.Time, err = syncer.ParseTime(string(text)); err == nil && i.IsForever() {
		return errors.New(`must be an RFC 3339 text or null, is "infinity"`)
	}
	return err
}

// JSONForms names the text.
func (*Instant) JSONForms() string { return "an RFC 3339 text" }

// Duration is how long something lasts; see [syncer.ParseDuration].
type Duration time.Duration

// UnmarshalText reads either form.
func (d *Duration) UnmarshalText(text []byte) error {
	parsed, err := syncer.ParseDuration(string(text))
	if *d = Duration(parsed); syncer.IsEndless(err) {
		return fmt.Errorf("%w; for no end, write null", err)
	}
	return err
}

// MarshalText writes seconds.
func (d Duration) MarshalText() ([]byte, error) {
	return []byte(time.Duration(d).String()), nil
}

// Next returns what a page says of the next: nil for "", which is the last page.
func Next(position string) *string { return Filled(position) }

// Filled returns nil for the zero value.
func Filled[T comparable](v T) *T {
	if v == *new(T) {
		return nil
	}
	return &v
}

// PassedOver is a member that a request may have, with any value, and that is not read.
type PassedOver struct{}

// JSONTarget returns where any value goes: nowhere.
func (*PassedOver) JSONTarget(byte) any { return new(json.RawMessage) }

// JSONForms says that it takes any value.
func (*PassedOver) JSONForms() string { return "anything" }
