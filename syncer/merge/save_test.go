package merge_test

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

func TestUnchangedCopyChangesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, s := players().Draw(t, "player"), serverOf().Draw(t, "server")
		v := merge.ViewOf(p, s)
		if e := merge.Diff(v, saveOf(viewClone(v)), s); !e.IsZero() {
			t.Fatalf("Diff found %s", text(t, e))
		}
		if e := merge.DiffUnseen(v, saveOf(viewClone(v)), s); !e.IsZero() {
			t.Fatalf("DiffUnseen found %s", text(t, e))
		}
		if e := merge.Diff(v, merge.Save{}, s); !e.IsZero() {
			t.Fatalf("Diff found %s in an empty save", text(t, e))
		}
	})
}

// A copy sent by one that was shown the row becomes the row, except for what only grows.
func TestDiffReproducesTheCopy(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, other, s := players().Draw(t, "player"), players().Draw(t, "copy"), serverOf().Draw(t, "server")
		shown, want := merge.ViewOf(p, s), merge.ViewOf(other, s)
		e := merge.Diff(shown, saveOf(want), s)
		if err := e.Validate(); err != nil {
			t.Fatal(err)
		}
		got := merge.ViewOf(e.Apply(p), s)
		same(t, "history", syncer.UniteHistory(shown.History, want.History), got.History)
		got.History = want.History
		if shown.Achievements != nil && want.Achievements != nil {
			got.Achievements = want.Achievements
		}
		same(t, "scalars, flags and attributes", want.Synced, got.Synced)
		same(t, "usid", want.USID, got.USID)
		for name, count := range want.Stats {
			same(t, name, max(count, shown.Stats[name]), got.Stats[name]) // they only grow
		}
		same(t, "what other servers keep of their own", e.Apply(p).Addresses[""], p.Addresses[""])
	})
}

// Whatever a server was shown and saves, and whatever others do meanwhile, no counter falls.
func TestNoSaveLowersCounters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := serverOf().Draw(t, "server")
		var shown []merge.View
		for _, p := range rapid.SliceOfN(players(), 1, 4).Draw(t, "shown") {
			shown = append(shown, merge.ViewOf(p, s))
		}
		row := players().Draw(t, "row")
		save := saveOf(merge.ViewOf(players().Draw(t, "copy"), s))
		save.Revision = rapid.SampledFrom([]int64{0, shown[0].Revision}).Draw(t, "revision")
		for what, e := range map[string]merge.Edit{
			"left":    merge.DiffShown(shown, save, s),
			"unseen":  merge.DiffUnseen(shown[0], save, s),
			"patched": merge.Set(merge.ViewOf(row, s), shown[0], save, s),
		} {
			if err := e.Validate(); err != nil {
				t.Fatal(what, err)
			}
			after := e.Apply(row).Gamemodes[s.Gamemode].Stats
			for name, before := range row.Gamemodes[s.Gamemode].Stats {
				if after[name] < before {
					t.Fatalf("%s: %s fell from %d to %d", what, name, before, after[name])
				}
			}
		}
	})
}

func TestDiffUnseenNeverLowersCounters(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		current, later, s := players().Draw(t, "current"), edits().Draw(t, "meanwhile"), serverOf().Draw(t, "server")
		save := saveOf(merge.ViewOf(players().Draw(t, "copy"), s))
		e := merge.DiffUnseen(merge.ViewOf(current, s), save, s)
		row := later.Apply(current) // others may have changed it since
		stats := e.Apply(row).Gamemodes[s.Gamemode].Stats
		for name, before := range row.Gamemodes[s.Gamemode].Stats {
			if stats[name] < before {
				t.Fatalf("%s fell from %d to %d", name, before, stats[name])
			}
		}
		for name, sent := range save.Stats {
			known, ok := merge.ViewOf(current, s).Stats[name]
			if stats[name] < sent && (!ok || known != sent) {
				t.Fatalf("%s is %d, the save says %d", name, stats[name], sent)
			}
		}
	})
}

func TestDiffLeavesItsArgumentsAlone(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, s := players().Draw(t, "player"), serverOf().Draw(t, "server")
		save := saveOf(merge.ViewOf(players().Draw(t, "copy"), s))
		before := text(t, p) + text(t, save)
		e := merge.DiffUnseen(merge.ViewOf(p, s), save, s)
		e.Then(e).Apply(p)
		if text(t, p)+text(t, save) != before {
			t.Fatal("an argument was changed")
		}
	})
}

// What is not an object must be refused, not taken for "no attributes".
func TestAttributesThatAreNoObject(t *testing.T) {
	t.Parallel()
	p := syncer.NewPlayer("id")
	p.Attributes = json.RawMessage(`{"economy":{"money":5}}`)
	for _, bad := range []string{`null`, `5`, `"x"`, `[]`, ``, `{`, `{} {}`} {
		save := merge.Save{Attributes: syncer.Some(json.RawMessage(bad))}
		e := merge.Diff(merge.ViewOf(p, servers[0]), save, servers[0])
		wantInvalid(t, e.Validate(), "attributes")
	}
}

// A server that was shown the achievements may drop none by an older copy, but clear all.
func TestAchievementsOnlyGrowUntilCleared(t *testing.T) {
	t.Parallel()
	p := syncer.NewPlayer("id")
	p.Achievements = new("[3,1]")
	for saved, want := range map[*string]*string{
		new("[1]"): p.Achievements, new("[3, 1]"): p.Achievements, new("[4]"): new("[7,1]"),
		new("[0,0,8]"): new("[3,1,8]"), nil: nil,
	} {
		e := merge.Diff(merge.ViewOf(p, servers[0]),
			merge.Save{Scalars: merge.Scalars{Achievements: syncer.Some(saved)}}, servers[0])
		if got := e.Apply(p).Achievements; !sameBits(got, want) {
			t.Errorf("saving %v gives %v, want %v", deref(saved), deref(got), deref(want))
		}
	}
}

// The example of the documents: a player on two servers at once.
func TestScenarioOfTheDocuments(t *testing.T) {
	t.Parallel()
	a, b := servers[0], servers[2]
	row := syncer.NewPlayer("AAAAAAAAAAAAAAAAAAAAAA==")
	fetch := func(s syncer.GameServer) (shown, copied merge.View) {
		return merge.ViewOf(row, s), merge.ViewOf(row.Clone(), s)
	}
	store := func(shown, copied merge.View, s syncer.GameServer) merge.View {
		row = merge.Diff(shown, saveOf(copied), s).Apply(row)
		return merge.ViewOf(row, s)
	}
	leave := func(shown, copied merge.View, s syncer.GameServer) {
		copied.LastJoined = syncer.Millis(1000)
		copied.Stats = map[string]int64{"blocks": 10}
		row = merge.Diff(shown, saveOf(copied), s).WithoutImportant().Apply(row)
	}

	fetch(a) // the player joins A …
	_, onB := fetch(b)
	onB.Name = "Steve" // … and B, which notes the name in memory

	shownA, onA := fetch(a) // A sets the rank: fetch, update, store
	onA.Rank = "admin"
	onA = viewClone(store(shownA, onA, a))
	shownA = viewClone(onA)
	onA.Highlight = new("[red]")

	shownB, fresh := fetch(b) // B sets a flag: fetch, update, store
	if fresh.Rank != "admin" {
		t.Fatalf("B was shown rank %q", fresh.Rank)
	}
	fresh.Name = onB.Name
	onB = fresh
	onB.Flags = append(onB.Flags, "trusted")
	onB = viewClone(store(shownB, onB, b))
	shownB = viewClone(onB)
	onB.Language = "en"

	leave(shownB, onB, b)
	leave(shownA, onA, a) // A was never shown the flag, the name and the language

	if row.Rank != "admin" || !slices.Equal(row.Flags, []string{"trusted"}) {
		t.Errorf("rank %q and flags %q, want both changes", row.Rank, row.Flags)
	}
	if row.Name != "Steve" || row.Language != "en" || *row.Highlight != "[red]" {
		t.Errorf("name %q, language %q, highlight %q; want all three", row.Name, row.Language, *row.Highlight)
	}
	want := map[string]syncer.GamemodeRecord{}
	for _, s := range []syncer.GameServer{a, b} {
		want[s.Gamemode] = syncer.GamemodeRecord{LastJoined: syncer.Millis(1000), Stats: map[string]int64{"blocks": 10}}
	}
	if diff := cmp.Diff(want, row.Gamemodes, equal); diff != "" {
		t.Errorf("gamemodes (-want +got):\n%s", diff)
	}
	if got := merge.ViewOf(row, a).GlobalStats["blocks"]; got != 20 {
		t.Errorf("%d blocks on all gamemodes, want 20", got)
	}
}
