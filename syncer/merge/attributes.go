package merge

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"playersync/syncer"
)

// MaxAttributesDepth is how deep objects and lists in attributes may be nested.
const MaxAttributesDepth = 64

// maxNumberDigits bounds the digits and the exponent of a number, well within
// what PostgreSQL's numeric holds.
const maxNumberDigits = 1000

// diffAttributes returns the patch that turns the shown object into the saved one.
// What is no object is returned as it is, for [Edit.Validate] to refuse.
func diffAttributes(shown, saved json.RawMessage) []json.RawMessage {
	after, ok := decode(saved).(map[string]any)
	if !ok {
		return []json.RawMessage{saved}
	}
	before, _ := decode(shown).(map[string]any)
	if patch, differs := diffObject(before, after); differs {
		return []json.RawMessage{encode(patch)}
	}
	return nil
}

// checkAttributes refuses a patch that jsonb could not store.
func checkAttributes(patch json.RawMessage) error {
	if len(patch) > syncer.MaxAttributesBytes {
		return syncer.Invalid("attributes", "must have at most %d bytes, has %d", syncer.MaxAttributesBytes, len(patch))
	}
	object, ok := decode(patch).(map[string]any)
	if !ok {
		return syncer.Invalid("attributes", "must be an object with one key per plugin")
	}
	if !utf8.Valid(patch) || hasLoneSurrogate(patch) {
		return syncer.Invalid("attributes", "is not valid Unicode")
	}
	return checkAttribute(object, MaxAttributesDepth)
}

func checkAttribute(value any, depth int) error {
	if depth < 0 {
		return syncer.Invalid("attributes", "must be nested at most %d deep", MaxAttributesDepth)
	}
	switch v := value.(type) {
	case string:
		return syncer.CheckText("attributes", v, len(v))
	case json.Number:
		return checkNumber(v.String())
	case []any:
		for _, item := range v {
			if err := checkAttribute(item, depth-1); err != nil {
				return err
			}
		}
	case map[string]any:
		for key, item := range v {
			if err := syncer.CheckText("attributes", key, len(key)); err != nil {
				return err
			}
			if err := checkAttribute(item, depth-1); err != nil {
				return err
			}
		}
	}
	return nil
}

func checkNumber(number string) error {
	digits, exponent, scientific := strings.Cut(strings.ToLower(number), "e")
	if len(digits) > maxNumberDigits {
		return syncer.Invalid("attributes", "must not contain numbers of more than %d digits", maxNumberDigits)
	}
	if !scientific {
		return nil
	}
	if n, err := strconv.Atoi(exponent); err != nil || n > maxNumberDigits || n < -maxNumberDigits {
		return syncer.Invalid("attributes", "must not contain numbers as large or small as %s", number)
	}
	return nil
}

// hasLoneSurrogate reports whether JSON text escapes half of a character, which Go
// replaces and PostgreSQL refuses.
func hasLoneSurrogate(data []byte) bool {
	for {
		i := bytes.IndexByte(data, '\\')
		if i < 0 {
			return false
		}
		data = data[i:]
		r, escaped := escapedRune(data)
		switch {
		case !escaped:
			data = data[2:] // the text is valid: something follows the backslash
			continue
		case utf16.IsSurrogate(r):
			low, _ := escapedRune(data[6:])
			if utf16.DecodeRune(r, low) == utf8.RuneError {
				return true
			}
			data = data[6:]
		}
		data = data[6:]
	}
}

// escapedRune reads \uXXXX at the start of data.
func escapedRune(data []byte) (rune, bool) {
	if len(data) < 6 || data[0] != '\\' || data[1] != 'u' {
		return 0, false
	}
	unit, err := strconv.ParseUint(string(data[2:6]), 16, 16)
	return rune(unit), err == nil
}
