package merge_test

import (
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

func TestSplitLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, e := players().Draw(t, "player"), edits().Draw(t, "edit")
		now, later := e.Split()
		if later.IsImportant() || now.IsZero() == e.IsImportant() {
			t.Fatalf("%s is split into %s and %s", text(t, e), text(t, now), text(t, later))
		}
		same(t, "both parts applied", e.Apply(p), later.Apply(now.Apply(p)))
		same(t, "both parts applied the other way round", e.Apply(p), now.Apply(later.Apply(p)))
	})
}

// An older edit that arrives after a newer one must not undo it.
func TestWithoutMakesALateEditHarmless(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, older, newer := players().Draw(t, "player"), edits().Draw(t, "older"), edits().Draw(t, "newer")
		older.Attributes = nil // stored at once, never late
		for _, e := range []merge.Edit{older, newer} {
			for mode, g := range e.Gamemodes {
				g.AtLeast = nil // what is raised before it is moved ends elsewhere
				e.Gamemodes[mode] = g
			}
		}
		before := text(t, []any{older, newer})
		same(t, "the older one late", older.Then(newer).Apply(p), older.Without(newer).Apply(newer.Apply(p)))
		same(t, "without itself twice", older.Without(newer), older.Without(newer).Without(newer))
		if text(t, []any{older, newer}) != before {
			t.Fatal("an argument was changed")
		}
	})
}

// A request that sets a field gives it the value, whatever the sender was shown.
func TestSetGivesTheFieldsTheirValues(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		current, shown, wanted := players().Draw(t, "current"), players().Draw(t, "shown"), players().Draw(t, "wanted")
		s := serverOf().Draw(t, "server")
		old, want := merge.ViewOf(shown, s), merge.ViewOf(wanted, s)
		e := merge.Set(merge.ViewOf(current, s), old, saveOf(want), s)
		if err := e.Validate(); err != nil {
			t.Fatal(err)
		}
		got := merge.ViewOf(e.Apply(current), s)
		if current.Achievements != nil && want.Achievements != nil {
			got.Achievements = want.Achievements // bits only grow
		}
		same(t, "shared fields", want.Synced, got.Synced)
		same(t, "usid", want.USID, got.USID)
		for name, count := range want.Stats {
			stored, base := merge.ViewOf(current, s).Stats[name], old.Stats[name]
			if count >= base {
				same(t, name, stored+count-base, got.Stats[name])
			} else { // it did not start there
				same(t, name, max(stored, count), got.Stats[name])
			}
		}
		later := edits().Draw(t, "meanwhile").Apply(current) // scalars are set even where nothing seemed to differ
		same(t, "rank", want.Rank, e.Apply(later).Rank)
		same(t, "highlight", want.Highlight, e.Apply(later).Highlight)
		same(t, "usid", want.USID, merge.ViewOf(e.Apply(later), s).USID)
	})
}

func TestNearestFindsTheViewASaveStartedFrom(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := serverOf().Draw(t, "server")
		var views []merge.View
		for _, p := range rapid.SliceOfN(players(), 1, 4).Draw(t, "players") {
			views = append(views, merge.ViewOf(p, s))
		}
		from := rapid.IntRange(0, len(views)-1).Draw(t, "from")
		save := saveOf(views[from])
		got := merge.Nearest(views, save, s)
		if merge.Distance(views[got], save, s) != 0 || got < from {
			t.Fatalf("an unchanged copy of view %d is taken for one of view %d", from, got)
		}
	})
	if got := merge.Nearest(nil, merge.Save{}, servers[0]); got != -1 {
		t.Errorf("nearest of none is %d", got)
	}
	if got := merge.CountedFrom(nil, merge.Save{}); got != -1 {
		t.Errorf("counted from %d of none", got)
	}
}

// A server was shown 10, and later 35, after another one had counted 25 and the rank had
// changed. What it saves then tells which of the two it holds.
func TestCountersGoOnFromTheStateThatIsHeld(t *testing.T) {
	t.Parallel()
	s := servers[0]
	row := syncer.NewPlayer("id")
	at := func(revision, games int64, rank string) merge.View {
		row.Revision, row.Rank = revision, rank
		row.Gamemodes = map[string]syncer.GamemodeRecord{s.Gamemode: {Stats: map[string]int64{"games": games}}}
		return merge.ViewOf(row, s)
	}
	shown := []merge.View{at(1, 10, "player"), at(2, 35, "mod")}
	row = row.Clone() // 35 games
	for name, test := range map[string]struct {
		games, revision int64
		language        string
		want            int64
	}{
		"the first":                             {games: 15, want: 40},
		"the second":                            {games: 40, want: 40},
		"the first, though it counted much":     {games: 40, revision: 1, want: 65},
		"the second, as it says":                {games: 36, revision: 2, want: 36},
		"its own counters beside the second":    {games: 12, revision: 2, language: "en", want: 37},
		"neither, for it counts from nothing":   {games: 5, want: 35},
		"neither, whatever revision it gives":   {games: 5, revision: 7, want: 35},
		"the second, for the revision is wrong": {games: 40, revision: 7, want: 40},
		"the first, and counted nothing":        {games: 10, want: 35},
	} {
		save := merge.Save{Stats: map[string]int64{"games": test.games}, Revision: test.revision}
		if test.language != "" {
			save.Language = syncer.Some(test.language)
		}
		after := merge.DiffShown(shown, save, s).Apply(row)
		if got := after.Gamemodes[s.Gamemode].Stats["games"]; got != test.want {
			t.Errorf("%s: %d games, want %d", name, got, test.want)
		}
		if test.language != "" && after.Language != test.language {
			t.Errorf("%s: language %q", name, after.Language)
		}
	}
}
