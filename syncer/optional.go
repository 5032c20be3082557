package syncer

import "encoding/json"

// Optional is a value that may be absent. The zero value is absent, and an absent value
// is the zero value. With a pointer type inside, null and absent are different things, as
// a JSON merge patch needs. With the tag omitzero an absent one is left out of JSON.
type Optional[T any] struct {
	Value T
	Set   bool
}

// Some returns a present value.
func Some[T any](v T) Optional[T] { return Optional[T]{Value: v, Set: true} }

// IsZero reports whether the value is absent; encoding/json uses it for omitzero.
func (o Optional[T]) IsZero() bool { return !o.Set }

// Or returns the value, or fallback where it is absent.
func (o Optional[T]) Or(fallback T) T {
	if o.Set {
		return o.Value
	}
	return fallback
}

// Then returns next where it is present, else o.
func (o Optional[T]) Then(next Optional[T]) Optional[T] {
	if next.Set {
		return next
	}
	return o
}

// MarshalJSON writes the value.
func (o Optional[T]) MarshalJSON() ([]byte, error) { return json.Marshal(o.Value) }

// UnmarshalJSON reads the value and marks it present, also when it is null.
func (o *Optional[T]) UnmarshalJSON(data []byte) error {
	o.Set = true
	return json.Unmarshal(data, &o.Value)
}
