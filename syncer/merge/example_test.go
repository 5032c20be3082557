package merge_test

import (
	"encoding/json"
	"fmt"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Steve is on two servers at once, which were both shown the same player. Each saves its
// whole copy when he leaves. Merging finds what each of them changed, and both changes stay.
func ExampleDiff() {
	a := syncer.GameServer{Name: "pvp-1", Gamemode: "pvp"}
	b := syncer.GameServer{Name: "pvp-2", Gamemode: "pvp"}
	steve := syncer.NewPlayer("steve")
	steve.Gamemodes["pvp"] = syncer.GamemodeRecord{Stats: map[string]int64{"games": 5}}
	shown := merge.ViewOf(steve, a) // b was shown the same

	onA := merge.Save{
		Scalars: merge.Scalars{Rank: syncer.Some("player")},
		Flags:   syncer.Some([]string{"vip"}),
		Stats:   map[string]int64{"games": 7},
	}
	onB := merge.Save{
		Scalars: merge.Scalars{Rank: syncer.Some("admin")},
		Flags:   syncer.Some([]string{}),
		Stats:   map[string]int64{"games": 6},
	}

	steve = merge.Diff(shown, onA, a).Apply(steve)
	fmt.Println(steve.Rank, steve.Flags, steve.Gamemodes["pvp"].Stats["games"])
	steve = merge.Diff(shown, onB, b).Apply(steve)
	fmt.Println(steve.Rank, steve.Flags, steve.Gamemodes["pvp"].Stats["games"])
	// Output:
	// player [vip] 7
	// admin [vip] 8
}

// A server that was not shown a player counts from zero: what it saves may raise counters
// and never lowers them.
func ExampleDiffUnseen() {
	s := syncer.GameServer{Name: "pvp-1", Gamemode: "pvp"}
	steve := syncer.NewPlayer("steve")
	steve.Gamemodes["pvp"] = syncer.GamemodeRecord{Stats: map[string]int64{"games": 5, "wins": 1}}

	save := merge.Save{Stats: map[string]int64{"games": 1, "wins": 2}}
	steve = merge.DiffUnseen(merge.ViewOf(steve, s), save, s).Apply(steve)
	fmt.Println(steve.Gamemodes["pvp"].Stats)
	// Output: map[games:5 wins:2]
}

// Edits that wait for the database are joined: one edit does what both do. Of a scalar the
// later value stays, and differences of counters add up.
func ExampleEdit_Then() {
	first := merge.Edit{
		Scalars:   merge.Scalars{Name: syncer.Some("Steve")},
		Flags:     merge.SetEdit{Add: []string{"vip"}},
		Gamemodes: map[string]merge.GamemodeEdit{"pvp": {Stats: map[string]int64{"games": 2}}},
	}
	next := merge.Edit{
		Scalars:   merge.Scalars{Name: syncer.Some("[gold]Steve")},
		Flags:     merge.SetEdit{Remove: []string{"vip"}},
		Gamemodes: map[string]merge.GamemodeEdit{"pvp": {Stats: map[string]int64{"games": 1}}},
	}
	text, err := json.Marshal(first.Then(next))
	fmt.Println(string(text), err)
	// Output: {"name":"[gold]Steve","flags":{"remove":["vip"]},"gamemodes":{"pvp":{"stats":{"games":3}}}} <nil>
}

// A leave sends the whole copy, and the copy can be old. Only what this server changed is
// saved, and of that only what a leave may save: the rank that another server gave
// meanwhile stays.
func ExampleEdit_WithoutImportant() {
	s := syncer.GameServer{Name: "attack", Gamemode: "attack"}
	row := syncer.NewPlayer("steve")
	shown := merge.ViewOf(row, s)
	save := merge.Save{Scalars: merge.ScalarsOf(shown.Synced)}
	save.Language = syncer.Some("en")

	// Another server makes him an admin and notes his name.
	row = merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("admin"), Name: syncer.Some("Steve")}}.Apply(row)

	leave := merge.Diff(shown, save, s).WithoutImportant()
	row = leave.Apply(row)
	fmt.Println(row.Rank, row.Name, row.Language)
	// Output: admin Steve en
}

// What is important is stored at once, with the history that explains it. The rest waits
// in memory for the next batch.
func ExampleEdit_Split() {
	edit := merge.Edit{
		Scalars: merge.Scalars{UnmuteTime: syncer.Some(syncer.Forever), Language: syncer.Some("en")},
		History: []syncer.HistoryEntry{{Action: "muted", By: "Alex", Time: syncer.Millis(1000)}},
	}
	now, later := edit.Split()
	fmt.Println(now.UnmuteTime.Value, len(now.History), now.Language.Set)
	fmt.Println(later.IsImportant(), len(later.History), later.Language.Value)
	// Output:
	// infinity 1 false
	// false 0 en
}

// The plugins of a game keep what they like in the attributes. A patch changes the keys
// that it names, and null removes one.
func ExampleMergePatch() {
	stored := json.RawMessage(`{"economy":{"money":5,"debt":2}}`)
	patch := json.RawMessage(`{"economy":{"money":7,"debt":null},"pets":["dog"]}`)
	fmt.Println(string(merge.MergePatch(stored, patch)))
	// Output: {"economy":{"money":7},"pets":["dog"]}
}
