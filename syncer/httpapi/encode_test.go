package httpapi

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/merge"
)

// texts draws what escapes and encodings could break.
func texts() *rapid.Generator[string] {
	return rapid.OneOf(rapid.String(),
		rapid.SampledFrom([]string{"", "\"", "\\", "<&>", "\u2028", "é", "😀", "\x01", "\x7f", "[accent]Steve"}))
}

func times() *rapid.Generator[syncer.Time] {
	return rapid.OneOf(
		rapid.Just(syncer.Time{}), rapid.Just(syncer.Forever), rapid.Map(rapid.Int64(), syncer.Millis),
		rapid.Map(rapid.Int64Range(0, 4e12), syncer.Millis),
	)
}

func views() *rapid.Generator[merge.View] {
	counters := rapid.MapOf(texts(), rapid.Int64Range(-syncer.MaxCounter, syncer.MaxCounter))
	maybe := rapid.Ptr(texts(), true)
	return rapid.Custom(func(t *rapid.T) merge.View {
		v := merge.View{ID: syncer.PlayerID(texts().Draw(t, "id"))}
		v.Rank, v.Name, v.Language = texts().Draw(t, "rank"), texts().Draw(t, "name"), texts().Draw(t, "language")
		v.Flags = rapid.SliceOf(texts()).Draw(t, "flags")
		v.UnmuteTime, v.UnmarkTime = times().Draw(t, "unmute"), times().Draw(t, "unmark")
		v.MuteReason = texts().Draw(t, "mute reason")
		v.Attributes = appendJSON(nil, rapid.MapOf(texts(), counters).Draw(t, "attributes"))
		v.OverrideName, v.Highlight, v.Achievements, v.USID = maybe.Draw(t, "override"), maybe.Draw(t,
			"highlight"), maybe.Draw(t, "bits"), maybe.Draw(t, "usid")
		v.Rainbow = rapid.Ptr(rapid.Map(rapid.IntRange(1, 9), func(n int) syncer.Rainbow {
			return syncer.Rainbow{Speed: n}
		}), true).Draw(t, "rainbow")
		v.ChatStrictness, v.ShowRankPrefix = syncer.StrictnessChat, rapid.Bool().Draw(t, "prefix")
		v.History = rapid.SliceOf(rapid.Custom(func(t *rapid.T) syncer.HistoryEntry {
			return syncer.HistoryEntry{
				Action: texts().Draw(t, "action"), By: texts().Draw(t, "by"), Time: times().Draw(t, "time"),
			}
		})).Draw(t, "history")
		v.FirstJoined, v.LastJoined, v.Stats = times().Draw(t, "first"), times().Draw(t, "last"), counters.Draw(t,
			"stats")
		v.GlobalFirstJoined, v.GlobalLastJoined, v.GlobalStats = times().Draw(t, "gfirst"), times().Draw(t,
			"glast"), counters.Draw(t, "gstats")
		v.Revision, v.CreatedAt = rapid.Int64Min(0).Draw(t, "revision"), times().Draw(t, "created")
		if rapid.Bool().Draw(t, "never visited") {
			v.Stats = nil
		}
		return v
	})
}

// TestRecordIsWhatEncodingJSONWrites holds the hand-written encoder to the library's.
func TestRecordIsWhatEncodingJSONWrites(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		v := views().Draw(t, "view")
		now := time.UnixMilli(rapid.Int64Range(0, 4e12).Draw(t, "now"))
		record := wire.RecordOf(v, now)
		want, err := json.Marshal(record)
		if err != nil {
			t.Fatal(err)
		}
		if is := appendRecord(nil, &v, now); !sameJSON(t, is, want) {
			t.Fatalf("wrote %s\nwant  %s", is, want)
		}
	})
}

// sameJSON compares two JSON texts by meaning and by the order of their bytes,
// escapes apart.
func sameJSON(t *rapid.T, a, b []byte) bool {
	var x, y any
	for _, pair := range []struct {
		data []byte
		into *any
	}{{a, &x}, {b, &y}} {
		decoder := json.NewDecoder(bytes.NewReader(pair.data))
		decoder.UseNumber()
		if err := decoder.Decode(pair.into); err != nil {
			t.Fatalf("%s: %v", pair.data, err)
		}
	}
	return cmp.Equal(x, y)
}

// TestRecordHasEveryField holds the record to the domain's view: a field added
// there must not be forgotten here.
func TestRecordHasEveryField(t *testing.T) {
	t.Parallel()
	record, view := fieldNames(reflect.TypeFor[wire.Record]()), fieldNames(reflect.TypeFor[merge.View]())
	view["muted"] = true
	if diff := cmp.Diff(view, record); diff != "" {
		t.Errorf("record and view differ: %s", diff)
	}
	if diff := cmp.Diff(record, fieldNames(reflect.TypeFor[wire.Leave]())); diff != "" {
		t.Errorf("record and what a leave takes differ: %s", diff)
	}
	if diff := cmp.Diff(record, fieldNames(reflect.TypeFor[wire.PlayerPatch]())); diff != "" {
		t.Errorf("record and what a patch knows differ: %s", diff)
	}
	own, save := fieldNames(reflect.TypeFor[wire.OwnFields]()), fieldNames(reflect.TypeFor[merge.Save]())
	for _, important := range []string{"rank", "flags", "unmuteTime", "muteReason", "unmarkTime", "attributes"} {
		own[important] = true
	}
	if diff := cmp.Diff(save, own); diff != "" {
		t.Errorf("a save and what can be written differ: %s", diff)
	}
}

func fieldNames(t reflect.Type) map[string]bool {
	names := map[string]bool{}
	for _, field := range reflect.VisibleFields(t) {
		if name, _, _ := strings.Cut(field.Tag.Get("json"), ","); name != "" && name != "-" {
			names[name] = true
		}
	}
	return names
}
