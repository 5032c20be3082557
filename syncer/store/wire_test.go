package store

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"playersync/syncer"
)

// wirePayloads are notifications as the triggers send them, and unusual ones.
var wirePayloads = []string{
	`[]`,
	`[{"e": "player", "k": "A+/=", "r": 2, "t": 1795177673478999, "x": 8850, "p": ` +
		`{"name": "[accent]Ünal", "rank": "admin", "flags": ["a", "b"], "language": "en", ` +
		`"attributes": {"shop": {"a}": "\"}"}}, "chatStrictness": "chat", "showRankPrefix": true}}]`,
	`[{"e" : "player", "k" : null, "p" : ` +
		`{"unmuteTime" : "infinity", "muteReason" : "spam", "unmarkTime" : "2026-01-02T03:04:05.678+00:00", ` +
		`"overrideName" : "x", "highlight" : null, "rainbow" : {"speed" : 5}, ` +
		`"achievements" : "[1,-2]", "attributes" : {}, "flags" : []}}]`,
	`[{"e":"ban","k":"ip:10.0.0.0/8","x":7,"t":1,"r":9,"o":true,"u":"2026-01-02T03:04:05Z"},` +
		`{"e":"ban","k":"id:x","o":false,"u":null}]`,
	`[{"e":"player","k":"x","h":[{"action":"muted","by":"Steve","time":"2026-01-02T03:04:05Z"}]}]`,
	`[{"e":"balance","k":"1"}]`, `[{"E":"player"}]`, `[{"k":"a\nb"}]`, `[{"k":"` + "\xff" + `"}]`,
	`[{"x":-1}]`, `[{"x":1.5}]`, `[{"x":01}]`,
	`[{"p":null}]`, `[{"p":{"flags":null,"rank":null}}]`, `[{"p":{"attributes":{"a":01}}}]`,
	`[{"p":{"attributes":[1]}}]`, `[{"p":{"attributes":{`,
	`[{"o":null}]`, `[{"u":"soon"}]`, `[{"x":1},]`, `[{"x":1}]x`, `{}`, `null`, ``, `[`,
	`[{"x":99999999999999999999}]`, `[{"k":"a","k":null}]`,
}

// The scan must agree with encoding/json wherever it does not give up.
func FuzzScanAgreesWithJSON(f *testing.F) {
	for _, payload := range wirePayloads {
		f.Add(payload)
	}
	f.Fuzz(func(t *testing.T, payload string) {
		if got, ok := scanChange(payload); ok {
			agree(t, payload, got)
		}
		if got, ok := scanChanges(payload); ok {
			agree(t, payload, got)
		}
	})
}

// agree expects encoding/json to read from the text what the scan did.
func agree[T any](t *testing.T, text string, got T) {
	t.Helper()
	var want T
	if err := json.Unmarshal([]byte(text), &want); err != nil {
		t.Fatalf("scan read %q as %+v, but: %v", text, got, err)
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.EquateComparable(syncer.Time{})); diff != "" {
		t.Errorf("%q: -json +scan\n%s", text, diff)
	}
}

// What the triggers send every day must not need encoding/json.
func TestScanReadsWhatTriggersSend(t *testing.T) {
	t.Parallel()
	for _, payload := range wirePayloads[:4] {
		if _, ok := scanChanges(payload); !ok {
			t.Errorf("gave up at %s", payload)
		}
	}
}

func BenchmarkDecodeChange(b *testing.B) {
	b.Run("scan", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := scanChanges(wirePayloads[1]); !ok {
				b.Fatal("gave up")
			}
		}
	})
	b.Run("encoding/json", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			var wire []wireChange
			if err := json.Unmarshal([]byte(wirePayloads[1]), &wire); err != nil {
				b.Fatal(err)
			}
		}
	})
}
