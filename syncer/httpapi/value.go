package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"playersync/syncer"
)

// value is one JSON value of a body with its path. Its readers return false and
// note a fault that names the path when the value is of another kind.
type value struct {
	path   string
	raw    json.RawMessage // valid JSON without surrounding space
	faults *[]FieldError
}

// member is one entry of an object.
type member struct {
	name string
	value
}

const (
	maxFaults   = 20  // fields that one answer names
	maxMembers  = 512 // members of an object whose members have a meaning here
	maxPathName = 80  // bytes of a member's name that an answer repeats
)

// parse checks that data is one JSON text in UTF-8, or returns a problem that
// names the place where it is not.
func parse(data []byte, faults *[]FieldError) (value, error) {
	switch {
	case blank(data):
		return value{}, malformed("is empty; a JSON object is needed")
	case !utf8.Valid(data):
		return value{}, malformed("is not valid UTF-8")
	case !json.Valid(data):
		return value{}, malformed("is not JSON: " + syntaxFault(data))
	}
	return value{raw: bytes.Trim(data, jsonSpace), faults: faults}, nil
}

const jsonSpace = " \t\r\n"

// blank reports whether a body says nothing.
func blank(data []byte) bool { return len(bytes.Trim(data, jsonSpace)) == 0 }

// malformed returns the problem for a body that cannot be read at all.
func malformed(message string) *Problem {
	p := newProblem(http.StatusBadRequest, codeMalformed, "body %s", message)
	p.Errors = []FieldError{{In: inBody, Field: "body", Message: message}}
	return p
}

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

// fault notes what is wrong with the value and returns false.
func (v value) fault(format string, args ...any) bool {
	if len(*v.faults) < maxFaults {
		field := v.path
		if field == "" {
			field = "body"
		}
		*v.faults = append(*v.faults, FieldError{In: inBody, Field: field, Message: fmt.Sprintf(format, args...)})
	}
	return false
}

// wrongKind notes that another kind of value is needed.
func (v value) wrongKind(wanted string) bool {
	return v.fault("must be %s, is %s", wanted, v.kind())
}

// kind names what the value is.
func (v value) kind() string {
	switch v.raw[0] {
	case '{':
		return "an object"
	case '[':
		return "a list"
	case '"':
		return "a text"
	case 't', 'f':
		return "a boolean"
	case 'n':
		return "null"
	default:
		return "a number"
	}
}

func (v value) null() bool { return v.raw[0] == 'n' }

// text reads a string.
func (v value) text() (string, bool) {
	if v.raw[0] != '"' {
		return "", v.wrongKind("a text")
	}
	if inner := v.raw[1 : len(v.raw)-1]; bytes.IndexByte(inner, '\\') < 0 {
		return string(inner), true
	}
	var s string
	if err := json.Unmarshal(v.raw, &s); err != nil {
		return "", v.fault("cannot be read")
	}
	return s, true
}

// boolean reads true or false.
func (v value) boolean() (is, ok bool) {
	switch v.raw[0] {
	case 't':
		return true, true
	case 'f':
		return false, true
	default:
		return false, v.wrongKind("true or false")
	}
}

// integer reads a whole number that JSON carries exactly; 5.0 and 5e0 are whole.
func (v value) integer() (int64, bool) {
	if c := v.raw[0]; c != '-' && (c < '0' || c > '9') {
		return 0, v.wrongKind("a whole number")
	}
	n, err := strconv.ParseInt(string(v.raw), 10, 64)
	if err != nil {
		f, err := strconv.ParseFloat(string(v.raw), 64)
		switch {
		case err == nil && f != math.Trunc(f):
			return 0, v.fault("must be a whole number, is %s", v.raw)
		case err != nil || math.Abs(f) > float64(syncer.MaxCounter):
			return 0, v.fault("must lie within ±%d", syncer.MaxCounter)
		}
		n = int64(f)
	}
	if n > syncer.MaxCounter || n < -syncer.MaxCounter {
		return 0, v.fault("must lie within ±%d", syncer.MaxCounter)
	}
	return n, true
}

// time reads null, "infinity" or an RFC 3339 text.
func (v value) time() (syncer.Time, bool) {
	if v.null() {
		return syncer.Time{}, true
	}
	if v.raw[0] != '"' {
		return syncer.Time{}, v.wrongKind(`an RFC 3339 text, "infinity" or null`)
	}
	text, ok := v.text()
	if !ok {
		return syncer.Time{}, false
	}
	t, err := syncer.ParseTime(text)
	if err != nil {
		return syncer.Time{}, v.fault("%s", err)
	}
	return t, true
}

// instant reads null or an RFC 3339 text.
func (v value) instant() syncer.Time {
	t, _ := v.time()
	if t.IsForever() {
		v.fault("must be an RFC 3339 text or null, is \"infinity\"")
	}
	return t
}

// list reads the items of an array.
func (v value) list() ([]value, bool) {
	if v.raw[0] != '[' {
		return nil, v.wrongKind("a list")
	}
	items := []value{}
	for s := entries(v.raw); s.more(); {
		path := v.path + "[" + strconv.Itoa(len(items)) + "]"
		items = append(items, value{path: path, raw: s.value(), faults: v.faults})
	}
	return items, true
}

// texts reads a list of strings.
func (v value) texts() ([]string, bool) {
	items, ok := v.list()
	if !ok {
		return nil, false
	}
	texts := make([]string, len(items))
	for i, item := range items {
		text, itemOK := item.text()
		texts[i], ok = text, ok && itemOK
	}
	return texts, ok
}

// members reads an object in the order written. A name given twice is refused:
// which of the two is meant cannot be known.
func (v value) members() ([]member, bool) {
	if v.raw[0] != '{' {
		return nil, v.wrongKind("an object")
	}
	members := make([]member, 0, 8)
	for s := entries(v.raw); s.more(); {
		name, _ := value{raw: s.name()}.text()
		m := member{name: name, value: value{path: v.child(name), raw: s.value(), faults: v.faults}}
		if slices.ContainsFunc(members, func(other member) bool { return other.name == name }) {
			return nil, m.fault("is given twice")
		}
		if members = append(members, m); len(members) > maxMembers {
			return nil, v.fault("must have at most %d members", maxMembers)
		}
	}
	return members, true
}

// child returns the path of a member, with the name cut to a bearable length.
func (v value) child(name string) string {
	if len(name) > maxPathName {
		name = strings.ToValidUTF8(name[:maxPathName], "") + "…"
	}
	if name == "" {
		name = `""`
	}
	if v.path == "" {
		return name
	}
	return v.path + "." + name
}
