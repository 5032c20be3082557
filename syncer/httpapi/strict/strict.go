// Package strict reads JSON into structs and leaves no doubt about what was meant.
//
// It refuses what encoding/json lets pass: unknown members, members given twice, absent
// members that are required, null where the type has no use for it, a value of another
// kind, and a value outside the limits that the field's tags name. It continues after a
// fault, so that one answer names all of them, each with its path, as in "flags[0]".
//
// # Types
//
// A struct stands for an object with exactly its members. A member is required unless its
// json tag says omitempty or omitzero, or it has the tag required:"false". Null is taken
// by pointers, by [syncer.Time] and by fields with the tag nullable:"true". A type that
// implements encoding.TextUnmarshaler is a text, and its error the fault's message;
// JSONForms, if it has that, names the text. [json.RawMessage] takes any value as it is
// written, the type any takes any value as a tree of maps, lists and [json.Number]. Whole
// numbers lie within ±[syncer.MaxCounter], which JSON carries exactly.
//
// # Tags
//
// minLength, maxLength (characters of a text or of each text in a list), minimum, maximum
// (of a number or each number of a map), maxItems (of a list) and enum (of a text) mean
// what they mean in the OpenAPI document, which is made from the same tags.
package strict

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/go-json-experiment/json/jsontext"
)

// Error says what is wrong with a text.
type Error struct {
	Malformed string  `json:"malformed"` // why it cannot be read at all, "" if it can
	Faults    []Fault `json:"faults"`    // in the order of the text, at most 20
}

// Fault is one place that is not as the type asks.
type Fault struct {
	Path    string `json:"path"`    // "" for the whole text
	Message string `json:"message"` // follows the path: "must be a text, is a number"
}

// Error returns all of it in one line.
func (e *Error) Error() string {
	if e.Malformed != "" {
		return e.Malformed
	}
	texts := make([]string, len(e.Faults))
	for i, f := range e.Faults {
		texts[i] = f.Path + ": " + f.Message
	}
	return strings.Join(texts, "; ")
}

const (
	maxFaults   = 20 // that one answer names
	maxPathName = 80 // bytes of a member's name that an answer repeats
)

// Unmarshal reads data into what into points to, which must hold zero values. It returns
// an [*Error] for what is wrong with data; into then holds what could be read. A blank
// text is malformed, except into a pointer, which it leaves nil.
func Unmarshal(data []byte, into any) error {
	v := reflect.ValueOf(into).Elem()
	switch {
	case Blank(data) && v.Kind() == reflect.Pointer:
		return nil
	case Blank(data):
		return &Error{Malformed: "is empty; a JSON object is needed"}
	case !utf8.Valid(data):
		return &Error{Malformed: "is not valid UTF-8"}
	}
	// Half a surrogate pair becomes U+FFFD, as everywhere in Go.
	d := decoder{
		Decoder: jsontext.NewDecoder(bytes.NewBuffer(data), jsontext.AllowInvalidUTF8(true),
			jsontext.AllowDuplicateNames(true)),
	}
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		v = v.Elem()
	}
	err := d.value(v, &rule{}, nil)
	if err == nil {
		_, err = d.ReadToken() // nothing may follow
	}
	if !errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return &Error{Malformed: "is not JSON: " + syntaxFault(data)}
	}
	if len(d.faults) > 0 {
		return &Error{Faults: d.faults}
	}
	return nil
}

// Blank reports whether a text says nothing.
func Blank(data []byte) bool { return len(bytes.Trim(data, " \t\r\n")) == 0 }

// syntaxFault says what is wrong with data, and at which line and column.
func syntaxFault(data []byte) string {
	var into any
	err := json.Unmarshal(data, &into)
	syntax, ok := errors.AsType[*json.SyntaxError](err)
	if !ok {
		return "it cannot be read"
	}
	before := data[:min(max(syntax.Offset-1, 0), int64(len(data)))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("%s at line %d, column %d", syntax.Error(), line, column)
}

// place is where a value stands: a member of an object or an item of a list.
type place struct {
	in    *place // nil: the whole text
	name  string
	index int // of an item, -1 for a member
}

// String returns the path, with long names cut to a bearable length.
func (p *place) String() string {
	if p == nil {
		return ""
	}
	around := p.in.String()
	if p.index >= 0 {
		return fmt.Sprintf("%s[%d]", around, p.index)
	}
	name := p.name
	if len(name) > maxPathName {
		name = strings.ToValidUTF8(name[:maxPathName], "") + "…"
	}
	if name == "" {
		name = `""`
	}
	if around == "" {
		return name
	}
	return around + "." + name
}
