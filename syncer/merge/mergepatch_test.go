package merge_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"testing"
	"unicode/utf8"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// The cases that RFC 7386 lists in its appendix, and numbers that must keep their digits.
func TestMergePatch(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ target, patch, want string }{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"a":1,"e":null}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
		{`{"n":1.50}`, `{"m":12345678901234567890.10}`, `{"m":12345678901234567890.10,"n":1.50}`},
		{`{}`, `{"a":"<&>\u2028"}`, `{"a":"<&>\u2028"}`},
	} {
		if got := string(merge.MergePatch(json.RawMessage(c.target), json.RawMessage(c.patch))); got != c.want {
			t.Errorf("%s patched by %s is %s, want %s", c.target, c.patch, got, c.want)
		}
	}
}

func FuzzMergePatch(f *testing.F) {
	f.Add([]byte(`{"a":{"b":1},"c":[null]}`), []byte(`{"a":{"b":null,"d":1e3},"c":null}`))
	f.Add([]byte(`[1]`), []byte(`{"x":{"y":null}}`))
	f.Add([]byte(`{"a":1}`), []byte(`5`))
	f.Fuzz(func(t *testing.T, a, b []byte) {
		if !json.Valid(a) || !json.Valid(b) || !utf8.Valid(a) || !utf8.Valid(b) {
			return
		}
		once := merge.MergePatch(a, b)
		if !json.Valid(once) {
			t.Fatalf("%s patched by %s is no JSON: %s", a, b, once)
		}
		if twice := merge.MergePatch(once, b); !bytes.Equal(once, twice) {
			t.Fatalf("%s patched once by %s is %s, twice %s", a, b, once, twice)
		}
		first, isObject := parsed(a).(map[string]any)
		if isObject && !reflect.DeepEqual(parsed(merge.MergePatch(a, []byte(`{}`))), any(first)) {
			t.Fatalf("%s is changed by the empty patch", a)
		}
		second, isPatch := parsed(b).(map[string]any)
		if !isPatch {
			if !reflect.DeepEqual(parsed(once), parsed(b)) {
				t.Fatalf("%s patched by %s is %s", a, b, once)
			}
			return
		}
		if isObject {
			diffTurnsInto(t, a, b, withoutNulls(second))
		}
	})
}

// diffTurnsInto fails unless the patch found between two objects makes the second
// out of the first, where null counts as absent.
func diffTurnsInto(t *testing.T, a, b json.RawMessage, want any) {
	t.Helper()
	p := syncer.NewPlayer("id")
	p.Attributes = merge.MergePatch(json.RawMessage(`{}`), a) // a row holds no nulls
	e := merge.Diff(merge.ViewOf(p, servers[0]), merge.Save{Attributes: syncer.Some(b)}, servers[0])
	if got := parsed(e.Apply(p).Attributes); !reflect.DeepEqual(got, want) {
		t.Fatalf("from %s to %s the patch is %s, which gives %v", p.Attributes, b, e.Attributes, got)
	}
}

// withoutNulls drops members that are null, but not items of lists.
func withoutNulls(object map[string]any) any {
	for key, value := range object {
		if value == nil {
			delete(object, key)
		} else if inner, ok := value.(map[string]any); ok {
			withoutNulls(inner)
		}
	}
	return object
}
