package merge_test

import (
	"bytes"
	"encoding/json"
	"reflect"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// The generators draw from small sets, so that values collide. Each call
// returns a new one, because parallel tests may not share them.

var servers = []syncer.GameServer{
	{Name: "pvp-1", Gamemode: "pvp", Address: "203.0.113.1:6567"},
	{Name: "pvp-2", Gamemode: "pvp", Address: "203.0.113.2:6567"},
	{Name: "attack", Gamemode: "attack", Address: "203.0.113.3:6567"},
}

func words() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"a", "b", "chat", "Æ→ \"<&>\"", "[scarlet]Steve"})
}

func counters() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{"blocks", "games", "time"})
}

func instants() *rapid.Generator[syncer.Time] {
	return rapid.Map(rapid.Int64Range(0, 6), syncer.Millis)
}

func times() *rapid.Generator[syncer.Time] {
	return rapid.OneOf(instants(), rapid.SampledFrom([]syncer.Time{{}, syncer.Forever}))
}

func history() *rapid.Generator[[]syncer.HistoryEntry] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) syncer.HistoryEntry {
		return syncer.HistoryEntry{
			Action: words().Draw(t, "action"), By: words().Draw(t, "by"), Time: instants().Draw(t, "time"),
		}
	}), 0, 3)
}

func bitTexts() *rapid.Generator[string] {
	return rapid.Map(rapid.SliceOfN(rapid.SampledFrom([]int64{0, 1, 6, -1, -1 << 63}), 1, 3),
		func(words []int64) string { return syncer.Bits(words).String() })
}

func patches() *rapid.Generator[json.RawMessage] {
	return rapid.Map(rapid.SampledFrom([]string{
		`{}`, `{"a":1}`, `{"a":{"x":1.50,"y":[null,{"z":null}]}}`, `{"a":{"x":null}}`, `{"a":null,"b":"<>"}`,
		`{"b":{"c":{}}}`, `{"b":true}`,
	}), func(text string) json.RawMessage { return json.RawMessage(text) })
}

func strictness() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{syncer.StrictnessChat, syncer.StrictnessStrict})
}

func rainbows() *rapid.Generator[syncer.Rainbow] {
	return rapid.Map(rapid.IntRange(1, 3), func(speed int) syncer.Rainbow { return syncer.Rainbow{Speed: speed} })
}

// maybe returns a present value or an absent one.
func maybe[T any](of *rapid.Generator[T]) *rapid.Generator[syncer.Optional[T]] {
	return rapid.Custom(func(t *rapid.T) syncer.Optional[T] {
		if !rapid.Bool().Draw(t, "present") {
			return syncer.Optional[T]{}
		}
		return syncer.Some(of.Draw(t, "value"))
	})
}

func nullable[T any](of *rapid.Generator[T]) *rapid.Generator[*T] { return rapid.Ptr(of, true) }

// edits returns valid edits of every field.
func edits() *rapid.Generator[merge.Edit] { return rapid.Custom(anEdit) }

func anEdit(t *rapid.T) merge.Edit {
	e := merge.Edit{
		Scalars: merge.Scalars{
			Rank: maybe(words()).Draw(t, "rank"), UnmuteTime: maybe(times()).Draw(t, "unmute"),
			UnmarkTime: maybe(times()).Draw(t, "unmark"),
			Name:       maybe(words()).Draw(t, "name"), OverrideName: maybe(nullable(words())).Draw(t, "override"),
			Highlight:      maybe(nullable(words())).Draw(t, "highlight"),
			Rainbow:        maybe(nullable(rainbows())).Draw(t, "rainbow"),
			ChatStrictness: maybe(strictness()).Draw(t, "strictness"),
			ShowRankPrefix: maybe(rapid.Bool()).Draw(t, "prefix"),
			Language:       maybe(words()).Draw(t, "language"),
			Achievements:   maybe(nullable(bitTexts())).Draw(t, "achievements"),
		},
		Attributes: rapid.SliceOfN(patches(), 0, 2).Draw(t, "attributes"),
		History:    history().Draw(t, "history"),
		Gamemodes: rapid.MapOfN(rapid.SampledFrom([]string{"pvp", "attack"}), gamemodeEdits(), 0, 2).Draw(t,
			"gamemodes"),
		Addresses: rapid.MapOfN(rapid.SampledFrom([]string{servers[0].Address, servers[1].Address}),
			rapid.Map(nullable(words()), func(usid *string) merge.AddressEdit { return merge.AddressEdit{USID: usid} }),
			0, 2).Draw(t, "addresses"),
	}
	if e.UnmuteTime.Set {
		e.MuteReason = syncer.Some("")
	}
	if !e.UnmuteTime.Value.IsZero() {
		e.MuteReason.Value = words().Draw(t, "mute reason")
	}
	for _, flag := range rapid.SliceOfNDistinct(words(), 0, 3, rapid.ID).Draw(t, "flags") {
		if rapid.Bool().Draw(t, "add") {
			e.Flags.Add = append(e.Flags.Add, flag)
		} else {
			e.Flags.Remove = append(e.Flags.Remove, flag)
		}
	}
	return e
}

func gamemodeEdits() *rapid.Generator[merge.GamemodeEdit] {
	return rapid.Custom(func(t *rapid.T) merge.GamemodeEdit {
		joined := rapid.OneOf(instants(), rapid.Just(syncer.Time{}))
		count := rapid.Int64Range(-9, 9)
		return merge.GamemodeEdit{
			FirstJoined: joined.Draw(t, "first"), LastJoined: joined.Draw(t, "last"),
			Stats:   rapid.MapOfN(counters(), count, 0, 3).Draw(t, "stats"),
			AtLeast: rapid.MapOfN(counters(), count, 0, 3).Draw(t, "atLeast"),
		}
	})
}

// players returns stored players: what edits can make of a new one.
func players() *rapid.Generator[syncer.Player] { return rapid.Custom(aPlayer) }

func aPlayer(t *rapid.T) syncer.Player {
	p := edits().Draw(t, "first edit").Apply(syncer.NewPlayer("AAAAAAAAAAAAAAAAAAAAAA=="))
	p = edits().Draw(t, "second edit").Apply(p)
	p.Revision = rapid.Int64Range(1, 9).Draw(t, "revision")
	p.CreatedAt = instants().Draw(t, "created")
	return p
}

// serverOf returns one of the servers.
func serverOf() *rapid.Generator[syncer.GameServer] { return rapid.SampledFrom(servers) }

// saveOf returns the whole record that a server with this copy sends.
func saveOf(v merge.View) merge.Save {
	return merge.Save{
		Scalars: merge.Scalars{
			Rank: syncer.Some(v.Rank), UnmuteTime: syncer.Some(v.UnmuteTime), MuteReason: syncer.Some(v.MuteReason),
			UnmarkTime: syncer.Some(v.UnmarkTime),
			Name:       syncer.Some(v.Name), OverrideName: syncer.Some(v.OverrideName),
			Highlight: syncer.Some(v.Highlight), Rainbow: syncer.Some(v.Rainbow),
			ChatStrictness: syncer.Some(v.ChatStrictness),
			ShowRankPrefix: syncer.Some(v.ShowRankPrefix),
			Language:       syncer.Some(v.Language), Achievements: syncer.Some(v.Achievements),
		},
		Flags:      syncer.Some(v.Flags),
		Attributes: syncer.Some(v.Attributes),
		History:    v.History,
		USID:       syncer.Some(v.USID), FirstJoined: v.FirstJoined, LastJoined: v.LastJoined, Stats: v.Stats,
	}
}

// equal keeps apart neither nil and empty nor bit sets that differ in zero words.
var equal = cmp.Options{
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b syncer.Time) bool { return a == b }),
	cmp.Comparer(func(a, b json.RawMessage) bool { return reflect.DeepEqual(parsed(a), parsed(b)) }),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".Achievements" }, cmp.Comparer(sameBits)),
}

// parsed returns the JSON value with numbers as they were written.
func parsed(data json.RawMessage) any {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	return value
}

func sameBits(a, b *string) bool {
	if a == nil || b == nil {
		return a == b
	}
	first, errFirst := syncer.ParseBits(*a)
	second, errSecond := syncer.ParseBits(*b)
	return errFirst == nil && errSecond == nil && first.Contains(second) && second.Contains(first)
}

// same fails the property where two values differ.
func same(t *rapid.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got, equal); diff != "" {
		t.Fatalf("%s (-want +got):\n%s", what, diff)
	}
}
