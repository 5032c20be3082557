package store

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"playersync/syncer"
)

// wirePayloads are notifications as the triggers send them, and unusual ones.
var wirePayloads = []string{
	`[]`,
	`[{"e": "player", "k": "A+/=", "r": 2, "t": 1795177673478999, "x": 8850, "p": {"name": "[accent]Ünal", "rank": "admin", "flags": ["a", "b"], "language": "en", "attributes": {"shop": {"a}": "\"}"}}, "chatStrictness": "chat", "showRankPrefix": true}}]`,
	`[{"e" : "player", "k" : null, "p" : {"unmuteTime" : "infinity", "unmarkTime" : "2026-01-02T03:04:05.678+00:00", "overrideName" : "x", "highlight" : null, "rainbow" : {"speed" : 5}, "achievements" : "[1,-2]", "attributes" : {}, "flags" : []}}]`,
	`[{"e":"ban","k":"ip:10.0.0.0/8","x":7,"t":1,"r":9,"o":true,"u":"2026-01-02T03:04:05Z"},{"e":"ban","k":"id:x","o":false,"u":null}]`,
	`[{"e":"player","k":"x","h":[{"action":"muted","by":"Steve","time":"2026-01-02T03:04:05Z"}]}]`,
	`[{"e":"balance","k":"1"}]`, `[{"E":"player"}]`, `[{"k":"a\nb"}]`, `[{"k":"` + "\xff" + `"}]`, `[{"x":-1}]`, `[{"x":1.5}]`, `[{"x":01}]`,
	`[{"p":null}]`, `[{"p":{"flags":null,"rank":null}}]`, `[{"p":{"attributes":{"a":01}}}]`, `[{"p":{"attributes":[1]}}]`, `[{"p":{"attributes":{`,
	`[{"o":null}]`, `[{"u":"soon"}]`, `[{"x":1},]`, `[{"x":1}]x`, `{}`, `null`, ``, `[`, `[{"x":99999999999999999999}]`, `[{"k":"a","k":null}]`,
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

// wireRecords are players as the function player_record builds them, and unusual ones.
var wireRecords = []string{
	`{"uuid" : "A+/=", "synced" : {"rank":"player","flags":["trusted"],"unmuteTime":null,"attributes":{"shop": {"discount": 5}},"name":"Ünal","rainbow":{"speed":5},"showRankPrefix":true}, "gamemodes" : {"pvp": {"stats": {"wins": -3, "time": 9007199254740991}, "lastJoined": 1750000000000, "firstJoined": -5}, "survival": {"stats": {}}, "hub": {}}, "addresses" : {"127.0.0.1:6567": {"usid": "AAAAAAAAAAA="}, "[::1]:6567": {"usid": null}, "x": {}}, "history" : [{"action" : "muted", "by" : "Steve", "time" : "2026-01-02T03:04:05.678+00:00"}, {"action" : "warned", "by" : "", "time" : "2026-01-02T03:04:06+00:00"}], "revision" : 12, "createdAt" : "2026-11-21T16:00:00.123456+00:00"}`,
	`{"uuid":"x","synced":{},"gamemodes":{},"addresses":{},"history":[],"revision":1,"createdAt":"2026-11-21T16:00:00+00:00"}`,
	`{}`, `{"uuid":"a\nb"}`, `{"uuid":null}`, `{"UUID":"x"}`, `{"rank":"x"}`, `{"synced":null}`, `{"synced":{"rank":"a"},"synced":{"name":"b"}}`,
	`{"gamemodes":null}`, `{"gamemodes":{"a":null}}`, `{"gamemodes":{"a":{"stats":{"n":1}},"a":{}}}`, `{"gamemodes":{"a":{"stats":{"n":1},"stats":{"m":1}}}}`,
	`{"gamemodes":{"a":{"stats":{"n":1,"n":2}}}}`, `{"gamemodes":{"a":{"stats":null}}}`, `{"gamemodes":{"a":{"stats":{"n":null}}}}`, `{"gamemodes":{"a":{"stats":{"n":1.0}}}}`,
	`{"gamemodes":{"a":{"stats":{"n":1e3}}}}`, `{"gamemodes":{"a":{"firstJoined":null}}}`, `{"gamemodes":{"a":{"firstJoined":-}}}`, `{"gamemodes":{"a":{"firstJoined":- 1}}}`,
	`{"gamemodes":{"a":{"firstJoined":-0}}}`, `{"gamemodes":{"a":{"firstJoined":-01}}}`, `{"gamemodes":{"a":{"firstJoined":9223372036854775807}}}`, `{"gamemodes":{"a":{"atLeast":{"n":1}}}}`,
	`{"addresses":{"a":{"usid":1}}}`, `{"addresses":{"a":{"USID":"x"}}}`, `{"history":null}`, `{"history":[null]}`, `{"history":[{"action":"a","time":null}]}`,
	`{"history":[{"action":"a","by":"b"}],"history":[{"action":"c"}]}`, `{"history":[],"history":[{"action":"c"}]}`, `{"revision":-1}`, `{"revision":1,}`, `{"revision":1}x`, ` { "revision" : 1 } `, `[]`, `null`, ``,
}

func FuzzRecordScanAgreesWithJSON(f *testing.F) {
	for _, record := range wireRecords {
		f.Add(record)
	}
	f.Fuzz(func(t *testing.T, record string) {
		got, want := syncer.NewPlayer("asked"), syncer.NewPlayer("asked")
		if !scanRecord(record, &got) {
			return
		}
		if err := unmarshalRecord([]byte(record), &want); err != nil {
			t.Fatalf("scan read %q as %+v, but: %v", record, got, err)
		}
		if !reflect.DeepEqual(got, want) { // nil or empty matters: the cache compares so too
			t.Errorf("%q: scan read\n%+v, json\n%+v", record, got, want)
		}
	})
}

func TestScanReadsPlayers(t *testing.T) {
	t.Parallel()
	for _, record := range wireRecords[:2] {
		if player := syncer.NewPlayer("asked"); !scanRecord(record, &player) {
			t.Errorf("gave up at %s", record)
		}
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
