package merge_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

func TestValidateNamesTheField(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("ä", n) }
	attributes := func(text string) merge.Edit { return merge.Edit{Attributes: []json.RawMessage{[]byte(text)}} }
	entry := syncer.HistoryEntry{Action: "muted", By: "Steve", Time: syncer.Millis(0)}
	entries := func(change func(*syncer.HistoryEntry)) merge.Edit {
		bad := entry
		change(&bad)
		return merge.Edit{History: []syncer.HistoryEntry{entry, bad}}
	}
	mode := func(g merge.GamemodeEdit) merge.Edit {
		return merge.Edit{Gamemodes: map[string]merge.GamemodeEdit{"pvp": g}}
	}
	for name, c := range map[string]struct {
		field string
		edit  merge.Edit
	}{
		"empty rank":       {"rank", merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("")}}},
		"long rank":        {"rank", merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some(long(65))}}},
		"unprintable rank": {"rank", merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("a\tb")}}},
		"rank not UTF-8":   {"rank", merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("a\xff")}}},
		"reason of no mute": {"muteReason", merge.Edit{Scalars: merge.Scalars{
			UnmuteTime: syncer.Some(syncer.Time{}), MuteReason: syncer.Some("spam"),
		}}},
		"reason by itself": {"muteReason", merge.Edit{Scalars: merge.Scalars{MuteReason: syncer.Some("spam")}}},
		"long reason": {"muteReason", merge.Edit{Scalars: merge.Scalars{
			UnmuteTime: syncer.Some(syncer.Forever), MuteReason: syncer.Some(long(513)),
		}}},
		"empty flag":           {"flags[1]", merge.Edit{Flags: merge.SetEdit{Add: []string{"a", ""}}}},
		"flag to remove":       {"flags[0]", merge.Edit{Flags: merge.SetEdit{Remove: []string{"\u200b"}}}},
		"flag both ways":       {"flags", merge.Edit{Flags: merge.SetEdit{Add: []string{"a"}, Remove: []string{"a"}}}},
		"many flags":           {"flags", merge.Edit{Flags: merge.SetEdit{Add: make([]string, syncer.MaxFlags+1)}}},
		"attributes a list":    {"attributes", attributes(`[]`)},
		"attributes null":      {"attributes", attributes(`null`)},
		"attributes cut":       {"attributes", attributes(`{"a":`)},
		"attributes and more":  {"attributes", attributes(`{"a":1} x`)},
		"attributes with NUL":  {"attributes", attributes(`{"a":["\u0000"]}`)},
		"NUL in a key":         {"attributes", attributes(`{"a":{"\u0000":1}}`)},
		"attributes not UTF-8": {"attributes", attributes("{\"a\":\"\xff\"}")},
		"half a character":     {"attributes", attributes(`{"a":"\\\ud83d"}`)},
		"the other half":       {"attributes", attributes(`{"a":"\ude00"}`)},
		"two first halves":     {"attributes", attributes(`{"a":"\ud83d\ud83d"}`)},
		"large attributes":     {"attributes", attributes(`{"a":"` + long(syncer.MaxAttributesBytes/2) + `"}`)},
		"deep attributes": {
			"attributes", attributes(`{"a":` + strings.Repeat("[", 65) + strings.Repeat("]", 65) + `}`),
		},
		"huge number":           {"attributes", attributes(`{"a":1e99999}`)},
		"tiny number":           {"attributes", attributes(`{"a":1E-99999}`)},
		"exponent out of range": {"attributes", attributes(`{"a":1e99999999999999999999}`)},
		"endless number":        {"attributes", attributes(`{"a":0.` + strings.Repeat("1", 20000) + `}`)},
		"long name":             {"name", merge.Edit{Scalars: merge.Scalars{Name: syncer.Some(long(513))}}},
		"name with NUL":         {"name", merge.Edit{Scalars: merge.Scalars{Name: syncer.Some("a\x00")}}},
		"override name": {
			"overrideName", merge.Edit{Scalars: merge.Scalars{OverrideName: syncer.Some(new("\xc3"))}},
		},
		"highlight": {
			"highlight", merge.Edit{Scalars: merge.Scalars{Highlight: syncer.Some(new(long(513)))}},
		},
		"rainbow too slow": {
			"rainbow.speed", merge.Edit{Scalars: merge.Scalars{Rainbow: syncer.Some(&syncer.Rainbow{Speed: 0})}},
		},
		"rainbow too fast": {
			"rainbow.speed", merge.Edit{Scalars: merge.Scalars{Rainbow: syncer.Some(&syncer.Rainbow{Speed: 1001})}},
		},
		"strictness": {
			"chatStrictness", merge.Edit{Scalars: merge.Scalars{ChatStrictness: syncer.Some("lax")}},
		},
		"empty strictness": {
			"chatStrictness", merge.Edit{Scalars: merge.Scalars{ChatStrictness: syncer.Some("")}},
		},
		"language": {"language", merge.Edit{Scalars: merge.Scalars{Language: syncer.Some(long(65))}}},
		"achievements": {
			"achievements", merge.Edit{Scalars: merge.Scalars{Achievements: syncer.Some(new("12"))}},
		},
		"long achievements": {
			"achievements",
			merge.Edit{Scalars: merge.Scalars{Achievements: syncer.Some(new("[0" + strings.Repeat(",0", 3000) + "]"))}},
		},
		"empty action":  {"history[1].action", entries(func(h *syncer.HistoryEntry) { h.Action = "" })},
		"long action":   {"history[1].action", entries(func(h *syncer.HistoryEntry) { h.Action = long(513) })},
		"author":        {"history[1].by", entries(func(h *syncer.HistoryEntry) { h.By = "\x00" })},
		"no time":       {"history[1].time", entries(func(h *syncer.HistoryEntry) { h.Time = syncer.Time{} })},
		"time for ever": {"history[1].time", entries(func(h *syncer.HistoryEntry) { h.Time = syncer.Forever })},
		"long history":  {"history", merge.Edit{History: make([]syncer.HistoryEntry, 1001)}},
		"usid": {
			"usid", merge.Edit{Addresses: map[string]merge.AddressEdit{"a:1": {USID: new(long(257))}}},
		},
		"address":      {"address", merge.Edit{Addresses: map[string]merge.AddressEdit{"a\x00": {}}}},
		"gamemode":     {"gamemode", merge.Edit{Gamemodes: map[string]merge.GamemodeEdit{"": {}}}},
		"first joined": {"firstJoined", mode(merge.GamemodeEdit{FirstJoined: syncer.Forever})},
		"last joined":  {"lastJoined", mode(merge.GamemodeEdit{LastJoined: syncer.Forever})},
		"counter name": {"stats.\n", mode(merge.GamemodeEdit{Stats: map[string]int64{"\n": 1}})},
		"counter moved too far": {
			"stats.n", mode(merge.GamemodeEdit{Stats: map[string]int64{"n": 2*syncer.MaxCounter + 1}}),
		},
		"counter too large": {
			"stats.n", mode(merge.GamemodeEdit{AtLeast: map[string]int64{"n": syncer.MaxCounter + 1}}),
		},
		"counter too small": {
			"stats.n", mode(merge.GamemodeEdit{AtLeast: map[string]int64{"n": -syncer.MaxCounter - 1}}),
		},
		"many counters": {"stats", mode(merge.GamemodeEdit{AtLeast: manyCounters(syncer.MaxCounters + 1)})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantInvalid(t, c.edit.Validate(), c.field)
		})
	}
}

func manyCounters(n int) map[string]int64 {
	all := map[string]int64{}
	for i := range n {
		all[fmt.Sprint(i)] = 1
	}
	return all
}

func TestValidateAcceptsTheLimits(t *testing.T) {
	t.Parallel()
	long := func(n int) string { return strings.Repeat("ä", n) }
	e := merge.Edit{
		Scalars: merge.Scalars{
			Rank: syncer.Some(long(64)), UnmuteTime: syncer.Some(syncer.Forever),
			MuteReason: syncer.Some(long(512)),
			UnmarkTime: syncer.Some(syncer.Time{}),
			Name:       syncer.Some(long(512)), Highlight: syncer.Some[*string](nil),
			Rainbow:  syncer.Some(&syncer.Rainbow{Speed: 1000}),
			Language: syncer.Some(""), Achievements: syncer.Some(new("[-1, 5]")),
		},
		Attributes: []json.RawMessage{
			[]byte(`{}`), []byte(`{"a":"\\u0000 \\ \\ud83d \ud83d\ude00 \ufffd �","n":-12345678901234567890.5E+10}`),
			[]byte(`{"a":` + strings.Repeat("[", 64) + strings.Repeat("]", 64) + `}`),
		},
		History: []syncer.HistoryEntry{{Action: long(512), Time: syncer.Millis(0)}},
		Gamemodes: map[string]merge.GamemodeEdit{"pvp": {
			Stats: map[string]int64{"n": 2 * syncer.MaxCounter}, AtLeast: map[string]int64{"n": syncer.MaxCounter},
		}},
		Addresses: map[string]merge.AddressEdit{"[2001:db8::1]:6567": {USID: new(long(256))}},
	}
	for _, edit := range []merge.Edit{{}, e} {
		if err := edit.Validate(); err != nil {
			t.Error(err)
		}
	}
}

// Whatever is accepted can be stored and read again without a difference.
func TestValidEditsSurviveJSON(t *testing.T) {
	t.Parallel()
	wild := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"\xff", "a\x00", "\u2028", `"`}),
		rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 4), func(b []byte) string { return string(b) }))
	raw := rapid.OneOf(wild, rapid.Map(wild, func(s string) string { return `{"a":"` + s + `"}` }),
		rapid.SampledFrom([]string{`{}`, `{"a":1}{}`, `{"a":1} `, `{"a":"\ud800"}`, `[`, `{"a":nul}`}))
	rapid.Check(t, func(t *rapid.T) {
		e := merge.Edit{
			Scalars: merge.Scalars{
				Rank: maybe(wild).Draw(t, "rank"),
				Name: maybe(wild).Draw(t, "name"), Highlight: maybe(nullable(wild)).Draw(t, "highlight"),
				Achievements: maybe(nullable(rapid.OneOf(bitTexts(), wild))).Draw(t, "achievements"),
			},
			Flags: merge.SetEdit{Add: rapid.SliceOfN(wild, 0, 1).Draw(t, "add")},
		}
		switch rapid.IntRange(0, 3).Draw(t, "which") { // one at a time, or nearly all are refused
		case 0:
			e.Attributes = []json.RawMessage{[]byte(raw.Draw(t, "patch"))}
		case 1:
			e.History = []syncer.HistoryEntry{
				{Action: wild.Draw(t, "action"), By: wild.Draw(t, "by"), Time: times().Draw(t, "time")},
			}
		case 2:
			e.Addresses = map[string]merge.AddressEdit{wild.Draw(t, "address"): {USID: nullable(wild).Draw(t, "usid")}}
		case 3:
			e.Gamemodes = map[string]merge.GamemodeEdit{wild.Draw(t, "gamemode"): {
				FirstJoined: times().Draw(t, "first"),
				Stats:       map[string]int64{wild.Draw(t, "counter"): rapid.Int64().Draw(t, "count")},
			}}
		}
		if e.Validate() != nil {
			return
		}
		roundTrip(t, e)
		if stored := text(t, e); !utf8.ValidString(stored) || strings.ContainsRune(stored, 0) {
			t.Fatalf("PostgreSQL cannot store %q", stored)
		}
	})
}
