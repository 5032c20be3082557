package merge

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// MergePatch applies a JSON merge patch (RFC 7386) and returns the result in
// compact form. Both arguments must be valid JSON; numbers keep their digits.
func MergePatch(target, patch json.RawMessage) json.RawMessage {
	return encode(mergeValue(decode(target), decode(patch)))
}

func mergeValue(target, patch any) any {
	changes, ok := patch.(map[string]any)
	if !ok {
		return patch
	}
	merged, ok := target.(map[string]any)
	if !ok {
		merged = map[string]any{}
	}
	for key, change := range changes {
		if change == nil {
			delete(merged, key)
		} else {
			merged[key] = mergeValue(merged[key], change)
		}
	}
	return merged
}

// diffObject returns the merge patch that turns the object shown into the object
// saved, and false where they are equal. A null inside an object counts as absent, as in
// RFC 7386.
func diffObject(shown, saved map[string]any) (map[string]any, bool) {
	patch := map[string]any{}
	for key := range shown {
		if saved[key] == nil && shown[key] != nil {
			patch[key] = nil
		}
	}
	for key, value := range saved {
		before, wasObject := shown[key].(map[string]any)
		after, isObject := value.(map[string]any)
		switch {
		case value == nil:
		case wasObject && isObject:
			if inner, differs := diffObject(before, after); differs {
				patch[key] = inner
			}
		case !bytes.Equal(encode(shown[key]), encode(value)):
			patch[key] = value
		}
	}
	return patch, len(patch) > 0
}

// decode returns the value with numbers as they were written, nil for what is not
// one whole JSON value.
func decode(data json.RawMessage) any {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return nil
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil
	}
	return value
}

func encode(value any) json.RawMessage {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return json.RawMessage("null")
	}
	return bytes.TrimRight(out.Bytes(), "\n")
}
