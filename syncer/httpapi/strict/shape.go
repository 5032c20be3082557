package strict

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// shape is what the type of a struct says of an object.
type shape struct {
	fields map[string]*field
	order  []*field
	known  string // all names, for people
}

// field is one member of it.
type field struct {
	name     string
	number   int // in order
	index    []int
	required bool
	rule     rule
}

// rule is what tags say of a value. Zero limits do not bind.
type rule struct {
	nullable             bool
	minLength, maxLength int
	maxItems             int
	bounded              bool
	minimum, maximum     int64
	enum                 []string
}

// items returns the rule for what a list or map holds.
func (r *rule) items(t reflect.Type) rule {
	inner := *r
	inner.maxItems, inner.nullable = 0, t.Kind() == reflect.Pointer
	return inner
}

var shapes sync.Map // of reflect.Type to *shape

func shapeOf(t reflect.Type) *shape {
	if known, ok := shapes.Load(t); ok {
		return known.(*shape)
	}
	s := &shape{fields: map[string]*field{}}
	var names []string
	for _, f := range reflect.VisibleFields(t) {
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		if !f.IsExported() || f.Anonymous && name == "" || name == "-" {
			continue
		}
		into := &field{name: name, number: len(s.order), index: f.Index, rule: ruleOf(f)}
		into.required = options == "" && f.Tag.Get("required") != "false"
		s.fields[name] = into
		s.order = append(s.order, into)
		if f.Tag.Get("hidden") != "true" { // else it is only there to be refused with words of its own
			names = append(names, name)
		}
	}
	slices.Sort(names)
	s.known = strings.Join(names, ", ")
	known, _ := shapes.LoadOrStore(t, s)
	return known.(*shape)
}

func ruleOf(f reflect.StructField) rule {
	r := rule{
		nullable:  f.Tag.Get("nullable") == "true" || f.Type.Kind() == reflect.Pointer,
		minLength: int(number(f, "minLength")), maxLength: int(number(f, "maxLength")),
		maxItems: int(number(f, "maxItems")),
		minimum:  number(f, "minimum"), maximum: number(f, "maximum"),
	}
	if isOptional(f.Type) {
		r.nullable = r.nullable || f.Type.Field(0).Type.Kind() == reflect.Pointer
	}
	_, below := f.Tag.Lookup("minimum")
	_, above := f.Tag.Lookup("maximum")
	if r.bounded = below && above; below != above {
		panic(fmt.Sprintf("strict: field %s has a minimum or a maximum, but not both", f.Name))
	}
	if words := f.Tag.Get("enum"); words != "" {
		r.enum = strings.Split(words, ",")
	}
	return r
}

// number reads a tag that is a whole number, 0 if there is none.
func number(f reflect.StructField, tag string) int64 {
	text, ok := f.Tag.Lookup(tag)
	if !ok {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		panic(fmt.Sprintf("strict: tag %s of field %s: %v", tag, f.Name, err))
	}
	return n
}

// isOptional reports whether t is a syncer.Optional.
func isOptional(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && t.PkgPath() == "playersync/syncer" && strings.HasPrefix(t.Name(), "Optional[")
}
