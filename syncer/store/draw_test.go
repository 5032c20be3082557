package store_test

import (
	"encoding/json"
	"maps"
	"slices"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// drawEdit draws an edit that may touch any field.
func drawEdit(t *rapid.T) merge.Edit {
	text := rapid.StringMatching(`[A-Za-z\[\]#éß 0-9]{0,12}`)
	name := rapid.StringMatching(`[a-z ]{0,8}[a-z]`)
	pointer := rapid.Ptr(text, true)
	e := merge.Edit{
		Scalars: merge.Scalars{
			Rank:           optional(t, "rank", name),
			UnmuteTime:     optional(t, "unmuteTime", drawTime()),
			UnmarkTime:     optional(t, "unmarkTime", drawTime()),
			Name:           optional(t, "name", text),
			OverrideName:   optional(t, "overrideName", pointer),
			Highlight:      optional(t, "highlight", pointer),
			Rainbow:        optional(t, "rainbow", rapid.Ptr(rapid.Custom(drawRainbow), true)),
			ChatStrictness: optional(t, "chatStrictness", rapid.SampledFrom([]string{"chat", "strict"})),
			ShowRankPrefix: optional(t, "showRankPrefix", rapid.Bool()),
			Language:       optional(t, "language", text),
			Achievements:   optional(t, "achievements", rapid.Ptr(rapid.Custom(drawBits), true)),
		},
		History: rapid.SliceOfN(rapid.Custom(drawEntry), 0, 3).Draw(t, "history"),
	}
	if e.UnmuteTime.Set {
		e.MuteReason = syncer.Some("")
	}
	if !e.UnmuteTime.Value.IsZero() {
		e.MuteReason.Value = text.Draw(t, "muteReason")
	}
	flags := rapid.SampledFrom([]string{"member", "developer", "a b", "é", "Z"})
	e.Flags.Add = syncer.NormalizeSet(rapid.SliceOfN(flags, 0, 3).Draw(t, "add"))
	e.Flags.Remove = slices.DeleteFunc(
		syncer.NormalizeSet(rapid.SliceOfN(flags, 0, 3).Draw(t, "remove")),
		func(flag string) bool { return slices.Contains(e.Flags.Add, flag) },
	)
	for range rapid.IntRange(0, 2).Draw(t, "patches") {
		patch, err := json.Marshal(drawObject(t, 3))
		if err != nil {
			t.Fatal(err)
		}
		e.Attributes = append(e.Attributes, patch)
	}
	modes := rapid.MapOfN(rapid.SampledFrom([]string{"pvp", "survival", `o'd"d\u`}), rapid.Custom(drawGamemodeEdit), 0,
		2)
	e.Gamemodes = modes.Draw(t, "gamemodes")
	addresses := rapid.MapOfN(rapid.SampledFrom([]string{"10.0.0.1:6567", "[::1]:6567"}),
		rapid.Custom(func(t *rapid.T) merge.AddressEdit {
			return merge.AddressEdit{USID: pointer.Draw(t, "usid")}
		}), 0, 2)
	e.Addresses = addresses.Draw(t, "addresses")
	if err := e.Validate(); err != nil {
		t.Fatalf("generated a bad edit: %v", err)
	}
	return e
}

func optional[T any](t *rapid.T, label string, value *rapid.Generator[T]) syncer.Optional[T] {
	if !rapid.Bool().Draw(t, label+" set") {
		return syncer.Optional[T]{}
	}
	return syncer.Some(value.Draw(t, label))
}

func drawTime() *rapid.Generator[syncer.Time] {
	return rapid.OneOf(
		rapid.Just(syncer.Time{}), rapid.Just(syncer.Forever),
		rapid.Map(rapid.Int64Range(-62135596800000, 253402300700000), syncer.Millis),
	)
}

func drawRainbow(t *rapid.T) syncer.Rainbow {
	return syncer.Rainbow{Speed: rapid.IntRange(1, 10).Draw(t, "speed")}
}

func drawBits(t *rapid.T) string {
	return syncer.Bits(rapid.SliceOfN(rapid.Int64(), 1, 3).Draw(t, "words")).String()
}

func drawEntry(t *rapid.T) syncer.HistoryEntry {
	return syncer.HistoryEntry{
		Action: rapid.SampledFrom([]string{"kick", "mute", "Ärger"}).Draw(t, "action"),
		By:     rapid.SampledFrom([]string{"", "automod", "console"}).Draw(t, "by"),
		Time:   syncer.Millis(rapid.Int64Range(0, 5).Draw(t, "time")),
	}
}

func drawGamemodeEdit(t *rapid.T) merge.GamemodeEdit {
	counters := rapid.MapOfN(rapid.SampledFrom([]string{"blocks", "wins", "time", `o'd"d\u`}),
		rapid.Int64Range(-1<<53+1, 1<<53-1), 0, 3)
	instant := rapid.OneOf(rapid.Just(syncer.Time{}), rapid.Map(rapid.Int64Range(0, 1<<41), syncer.Millis))
	g := merge.GamemodeEdit{
		FirstJoined: instant.Draw(t, "first"), LastJoined: instant.Draw(t, "last"), Stats: counters.Draw(t, "stats"),
	}
	if rapid.Bool().Draw(t, "unseen") {
		g.AtLeast = counters.Draw(t, "at least")
	}
	return g
}

// drawObject draws a JSON object with nulls, nested up to depth.
func drawObject(t *rapid.T, depth int) map[string]any {
	keys := rapid.SampledFrom([]string{"a", "b", "shop", "ü", ""})
	object := map[string]any{}
	for range rapid.IntRange(0, 3).Draw(t, "keys") {
		object[keys.Draw(t, "key")] = drawValue(t, depth-1)
	}
	return maps.Clone(object)
}

func drawValue(t *rapid.T, depth int) any {
	kind := rapid.IntRange(0, 5).Draw(t, "kind")
	switch {
	case kind == 0:
		return nil
	case kind == 1:
		return rapid.Int32().Draw(t, "number")
	case kind == 2:
		return rapid.StringMatching(`[a-z<>&é]{0,5}`).Draw(t, "text")
	case kind == 3 && depth > 0:
		return []any{drawValue(t, depth-1)}
	case depth > 0:
		return drawObject(t, depth)
	default:
		return true
	}
}
