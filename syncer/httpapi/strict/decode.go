package strict

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"playersync/syncer"
)

// Choice is implemented by types whose JSON has one of several forms.
type Choice interface {
	// JSONTarget returns a pointer to what a value of the kind is read into: '{', '[',
	// '"', '0', 't' or 'n'. It returns nil for a kind that no form has.
	JSONTarget(kind byte) any
	// JSONForms names the forms: "a list or an object".
	JSONForms() string
}

// Refused is implemented by types of members that may not be given at all.
type Refused interface {
	JSONRefusal() string // why: "is computed and cannot be set"
}

// decoder reads one text. Its methods return an error only for wrong syntax; faults are
// noted.
type decoder struct {
	*jsontext.Decoder
	faults []Fault
}

func (d *decoder) note(at *place, format string, args ...any) {
	if len(d.faults) < maxFaults {
		d.faults = append(d.faults, Fault{at.String(), fmt.Sprintf(format, args...)})
	}
}

// refuse notes that another kind of value is needed, and passes the value.
func (d *decoder) refuse(wanted string, r *rule, at *place) error {
	if r.nullable {
		wanted += " or null"
	}
	if is := kindNames[d.PeekKind()]; is != "" {
		d.note(at, "must be %s, is %s", wanted, is)
	}
	return d.SkipValue()
}

var kindNames = map[jsontext.Kind]string{
	'{': "an object", '[': "a list", '"': "a text", '0': "a number", 't': "a boolean", 'f': "a boolean", 'n': "null",
}

// value reads any value.
func (d *decoder) value(v reflect.Value, r *rule, at *place) error {
	if isOptional(v.Type()) {
		v.Field(1).SetBool(true)
		v = v.Field(0)
	}
	if known, err := d.special(v, r, at); known {
		return err
	}
	if d.PeekKind() == 'n' && r.nullable {
		_, err := d.ReadToken()
		return err
	}
	if v.Kind() == reflect.Pointer {
		to := reflect.New(v.Type().Elem())
		v.Set(to)
		v = to.Elem()
	}
	if into, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v.Addr()); ok {
		return d.parsed(into, r, at)
	}
	return d.plain(v, r, at)
}

// special reads a value of a type that is not what it looks like; known is false for
// others.
func (d *decoder) special(v reflect.Value, r *rule, at *place) (known bool, err error) {
	switch into := v.Addr().Interface().(type) {
	case *json.RawMessage:
		raw, err := d.ReadValue()
		*into = slices.Clone(json.RawMessage(raw))
		return true, err
	case *syncer.Time:
		return true, d.time(into, at)
	case Refused:
		d.note(at, "%s", into.JSONRefusal())
		return true, d.SkipValue()
	case Choice:
		target := into.JSONTarget(byte(d.PeekKind()))
		if target == nil {
			return true, d.refuse(into.JSONForms(), r, at)
		}
		return true, d.value(reflect.ValueOf(target).Elem(), r, at)
	default:
		return false, nil
	}
}

// plain reads a value of one of Go's kinds.
func (d *decoder) plain(v reflect.Value, r *rule, at *place) error {
	switch v.Kind() {
	case reflect.String:
		return d.text(v, r, at)
	case reflect.Bool:
		return d.boolean(v, r, at)
	case reflect.Int, reflect.Int64:
		return d.integer(v, r, at)
	case reflect.Slice:
		return d.list(v, r, at)
	case reflect.Map:
		return d.entries(v, r, at)
	case reflect.Struct:
		return d.object(v, r, at)
	case reflect.Interface:
		tree, err := d.tree(at)
		if tree != nil {
			v.Set(reflect.ValueOf(tree))
		}
		return err
	default:
		panic(fmt.Sprintf("strict: %v cannot be read", v.Type()))
	}
}

func (d *decoder) list(v reflect.Value, r *rule, at *place) error {
	if d.PeekKind() != '[' {
		return d.refuse("a list", r, at)
	}
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	v.Set(reflect.MakeSlice(v.Type(), 0, 0))
	items := r.items(v.Type().Elem())
	for i := 0; d.PeekKind() != ']'; i++ {
		item := reflect.New(v.Type().Elem()).Elem()
		if err := d.value(item, &items, &place{at, "", i}); err != nil {
			return err
		}
		v.Set(reflect.Append(v, item))
	}
	if r.maxItems > 0 && v.Len() > r.maxItems {
		d.note(at, "must have at most %d items, has %d", r.maxItems, v.Len())
	}
	_, err := d.ReadToken()
	return err
}

// entries reads an object into a map.
func (d *decoder) entries(v reflect.Value, r *rule, at *place) error {
	if d.PeekKind() != '{' {
		return d.refuse("an object", r, at)
	}
	v.Set(reflect.MakeMap(v.Type()))
	values := r.items(v.Type().Elem())
	return d.members(at, func(name string, at *place) error {
		value := reflect.New(v.Type().Elem()).Elem()
		err := d.value(value, &values, at)
		v.SetMapIndex(reflect.ValueOf(name), value)
		return err
	})
}

// object reads an object into a struct.
func (d *decoder) object(v reflect.Value, r *rule, at *place) error {
	if d.PeekKind() != '{' {
		return d.refuse("an object", r, at)
	}
	s := shapeOf(v.Type())
	given := make([]bool, len(s.order))
	err := d.members(at, func(name string, at *place) error {
		f := s.fields[name]
		if f == nil {
			d.unknown(s, at)
			return d.SkipValue()
		}
		given[f.number] = true
		return d.value(v.FieldByIndex(f.index), &f.rule, at)
	})
	if err != nil {
		return err
	}
	for i, f := range s.order {
		if f.required && !given[i] {
			d.note(&place{at, f.name, -1}, "is missing")
		}
	}
	return nil
}

func (d *decoder) unknown(s *shape, at *place) {
	if s.known == "" {
		d.note(at, "is unknown here")
		return
	}
	d.note(at, "is unknown here; known are %s", s.known)
}

// members reads the members of an object in the order written. Of a name given twice the
// second is refused: which of the two is meant cannot be known.
func (d *decoder) members(at *place, read func(name string, at *place) error) error {
	if _, err := d.ReadToken(); err != nil {
		return err
	}
	seen := map[string]bool{}
	for d.PeekKind() != '}' {
		token, err := d.ReadToken()
		if err != nil {
			return err
		}
		name := token.String()
		member := &place{at, name, -1}
		if seen[name] {
			d.note(member, "is given twice")
			err = d.SkipValue()
		} else {
			seen[name] = true
			err = read(name, member)
		}
		if err != nil {
			return err
		}
	}
	_, err := d.ReadToken()
	return err
}
