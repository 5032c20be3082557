package importer

import (
	"bytes"
	"encoding/json"
	"math"
	"strconv"
	"time"

	"playersync/syncer"
	"playersync/syncer/mindustry/fishjson"
)

// parseDocument reads a document and turns the extended JSON in it into plain JSON:
// numbers into numbers, what is no number (NaN, undefined) into null, infinities
// into very large numbers, and dates into milliseconds since 1970. Other types, such
// as $oid, stay as they are.
func parseDocument(text []byte) (fishjson.Object, error) {
	var object fishjson.Object
	if err := json.Unmarshal(text, &object); err != nil {
		return nil, syncer.Invalid("", "is no JSON document: %v", err)
	}
	for name, value := range object {
		if !bytes.Contains(value, []byte(`"$`)) { // the usual case
			continue
		}
		decoder := json.NewDecoder(bytes.NewReader(value))
		decoder.UseNumber()
		var member any
		if err := decoder.Decode(&member); err != nil {
			return nil, syncer.Invalid(name, "is no JSON: %v", err)
		}
		plain, err := plainJSON(name, member)
		if err != nil {
			return nil, err
		}
		if object[name], err = json.Marshal(plain); err != nil {
			return nil, syncer.Invalid(name, "is no JSON: %v", err)
		}
	}
	return object, nil
}

// plainJSON turns the extended JSON in a value into plain JSON; field names the
// value in errors.
func plainJSON(field string, value any) (any, error) {
	var err error
	switch v := value.(type) {
	case []any:
		for i := range v {
			if v[i], err = plainJSON(field+"["+strconv.Itoa(i)+"]", v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		if len(v) == 1 {
			for kind, inner := range v {
				if plain, known, err := plainValue(field, kind, inner); known || err != nil {
					return plain, err
				}
			}
		}
		for name := range v {
			if v[name], err = plainJSON(field+"."+name, v[name]); err != nil {
				return nil, err
			}
		}
	}
	return value, nil
}

// plainValue reads {kind: inner}; false if it is nothing that plain JSON can hold.
func plainValue(field, kind string, inner any) (plain any, known bool, err error) {
	switch kind {
	case "$numberInt", "$numberLong":
		n, err := strconv.ParseInt(literal(inner), 10, 64)
		if err != nil {
			return nil, true, syncer.Invalid(field, "%s must be a whole number of 64 bits", kind)
		}
		return n, true, nil
	case "$numberDouble", "$numberDecimal":
		n, err := strconv.ParseFloat(literal(inner), 64)
		switch {
		case math.IsNaN(n):
			return nil, true, nil
		case math.IsInf(n, 0): // also beyond what a double holds
			return math.Copysign(math.MaxFloat64, n), true, nil
		case err != nil:
			return nil, true, syncer.Invalid(field, "%s must be a number", kind)
		}
		return n, true, nil
	case "$date":
		ms, err := dateMillis(field, inner)
		return ms, true, err
	case "$undefined":
		return nil, true, nil
	}
	return nil, false, nil
}

// literal returns the text of a number, which may be quoted.
func literal(value any) string {
	switch v := value.(type) {
	case json.Number:
		return v.String()
	case string:
		return v
	default:
		return ""
	}
}

// dateLayouts are those of $date: with and without a colon in the zone.
var dateLayouts = []string{time.RFC3339, "2006-01-02T15:04:05Z0700"}

// dateMillis reads the value of $date: a text, or milliseconds since 1970.
func dateMillis(field string, value any) (any, error) {
	switch v := value.(type) {
	case json.Number:
		return v, nil
	case string:
		for _, layout := range dateLayouts {
			if at, err := time.Parse(layout, v); err == nil {
				return at.UnixMilli(), nil
			}
		}
	case map[string]any:
		if long, found := v["$numberLong"]; found && len(v) == 1 {
			ms, _, err := plainValue(field, "$numberLong", long)
			return ms, err
		}
	}
	return nil, syncer.Invalid(field, "$date must be a time such as 2026-01-31T18:00:00Z, or milliseconds since 1970")
}
