package strict

import (
	"encoding"
	"errors"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"playersync/syncer"
)

// string reads a text of any length.
func (d *decoder) string(r *rule, at *place) (text string, ok bool, err error) {
	if d.PeekKind() != '"' {
		return "", false, d.refuse("a text", r, at)
	}
	token, err := d.ReadToken()
	if err != nil {
		return "", false, err
	}
	return token.String(), true, nil
}

func (d *decoder) text(v reflect.Value, r *rule, at *place) error {
	text, ok, err := d.string(r, at)
	if !ok {
		return err
	}
	v.SetString(text)
	switch n := utf8.RuneCountInString(text); {
	case n == 0 && r.minLength > 0:
		d.note(at, "must not be empty")
	case n < r.minLength:
		d.note(at, "must have at least %d characters, has %d", r.minLength, n)
	case r.maxLength > 0 && n > r.maxLength:
		d.note(at, "must have at most %d characters, has %d", r.maxLength, n)
	case r.enum != nil && !slices.Contains(r.enum, text):
		d.note(at, "must be one of %s", strings.Join(r.enum, ", "))
	}
	return nil
}

// parsed reads a text that the type itself understands.
func (d *decoder) parsed(into encoding.TextUnmarshaler, r *rule, at *place) error {
	if named, ok := into.(interface{ JSONForms() string }); ok && d.PeekKind() != '"' {
		return d.refuse(named.JSONForms(), r, at)
	}
	text, ok, err := d.string(r, at)
	if !ok {
		return err
	}
	if err := into.UnmarshalText([]byte(text)); err != nil {
		d.note(at, "%s", messageOf(err))
	}
	return nil
}

// messageOf returns what an error says of a value, without the name of its field.
func messageOf(err error) string {
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		return e.Message
	}
	return err.Error()
}

func (d *decoder) time(into *syncer.Time, at *place) error {
	if d.PeekKind() == 'n' {
		_, err := d.ReadToken()
		return err
	}
	if d.PeekKind() != '"' {
		return d.refuse(`an RFC 3339 text, "infinity" or null`, &rule{}, at)
	}
	text, _, err := d.string(&rule{}, at)
	if err != nil {
		return err
	}
	if *into, err = syncer.ParseTime(text); err != nil {
		d.note(at, "%s", err)
	}
	return nil
}

func (d *decoder) boolean(v reflect.Value, r *rule, at *place) error {
	if kind := d.PeekKind(); kind != 't' && kind != 'f' {
		return d.refuse("true or false", r, at)
	}
	token, err := d.ReadToken()
	if err == nil {
		v.SetBool(token.Bool())
	}
	return err
}

// integer reads a whole number; 5.0 and 5e0 are whole.
func (d *decoder) integer(v reflect.Value, r *rule, at *place) error {
	if d.PeekKind() != '0' {
		return d.refuse("a whole number", r, at)
	}
	raw, err := d.ReadValue()
	if err != nil {
		return err
	}
	number := string(raw)
	n, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(number, 64)
		if err == nil && f != math.Trunc(f) {
			d.note(at, "must be a whole number, is %s", number)
			return nil
		}
		n = math.MaxInt64
		if err == nil && math.Abs(f) <= float64(syncer.MaxCounter) {
			n = int64(f)
		}
	}
	switch {
	case r.bounded && (n < r.minimum || n > r.maximum):
		d.note(at, "must be from %d to %d, is %s", r.minimum, r.maximum, number)
	case n > syncer.MaxCounter || n < -syncer.MaxCounter:
		d.note(at, "must lie within ±%d", syncer.MaxCounter)
	default:
		v.SetInt(n)
	}
	return nil
}
