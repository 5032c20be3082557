package merge_test

import (
	"encoding/json"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

func TestThenIsOneAfterTheOther(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, a, b := players().Draw(t, "player"), edits().Draw(t, "a"), edits().Draw(t, "b")
		if a.Achievements.Set && a.Achievements.Value == nil && b.Achievements.Value != nil {
			b.Achievements = syncer.Optional[*string]{} // see the next test
		}
		if err := a.Then(b).Validate(); err != nil {
			t.Fatalf("two valid edits joined are refused: %v", err)
		}
		same(t, "a.Then(b)", b.Apply(a.Apply(p)), a.Then(b).Apply(p))
	})
}

func TestBitsClearedAndThenAddedSurviveJoining(t *testing.T) {
	t.Parallel()
	stored, added, united := "[4]", "[3]", "[7]"
	p := syncer.NewPlayer("id")
	p.Achievements = &stored
	joined := merge.Edit{Scalars: merge.Scalars{Achievements: syncer.Some[*string](nil)}}.Then(merge.Edit{
		Scalars: merge.Scalars{Achievements: syncer.Some(&added)},
	})
	if got := joined.Apply(p).Achievements; !sameBits(got, &united) {
		t.Fatalf("got %v, want the stored bits and the added ones", *got)
	}
}

func TestThenIsAssociative(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, a, b, c := players().Draw(t, "player"), edits().Draw(t, "a"), edits().Draw(t, "b"), edits().Draw(t, "c")
		for _, e := range []*merge.Edit{&a, &b, &c} {
			if e.Achievements.Value == nil {
				e.Achievements = syncer.Optional[*string]{} // a clear is not, see the test above
			}
		}
		same(t, "(a.b).c and a.(b.c)", a.Then(b).Then(c).Apply(p), a.Then(b.Then(c)).Apply(p))
	})
}

// Laid over a row that has an edit or has it not, what it counts is there once.
func TestCountedOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, played := players().Draw(t, "player"), gamemodeEdits().Draw(t, "played")
		for name, difference := range played.Stats {
			played.Stats[name] = max(difference, -difference)
		}
		edit := merge.Edit{Gamemodes: map[string]merge.GamemodeEdit{"pvp": played}}
		counted := edit.RaisedFrom(p)
		want := edit.Apply(p)
		same(t, "the row before", want, counted.Apply(p))
		same(t, "the row that has it", want, counted.Apply(want))
	})
}

// Edits that pile up during an outage must neither wrap around nor become invalid.
func TestJoinedCountersStayValid(t *testing.T) {
	t.Parallel()
	for _, difference := range []int64{2 * syncer.MaxCounter, -2 * syncer.MaxCounter} {
		step := merge.Edit{Gamemodes: map[string]merge.GamemodeEdit{"pvp": {Stats: map[string]int64{"n": difference}}}}
		joined, p := step, step.Apply(syncer.NewPlayer("id"))
		for range 600 {
			joined, p = joined.Then(step), step.Apply(p)
		}
		if err := joined.Validate(); err != nil {
			t.Errorf("the joined edit is refused: %v", err)
		}
		got := joined.Apply(syncer.NewPlayer("id")).Gamemodes["pvp"].Stats["n"]
		if want := p.Gamemodes["pvp"].Stats["n"]; got != want {
			t.Errorf("joined gives %d, one after the other %d", got, want)
		}
	}
}

func TestApplyChangesNeitherPlayerNorEdit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, a, b := players().Draw(t, "player"), edits().Draw(t, "a"), edits().Draw(t, "b")
		before := text(t, []any{p, a, b})
		after := a.Apply(p)
		b.Apply(after)
		a.Then(b).Apply(after)
		afterText := text(t, after)
		if got := text(t, []any{p, a, b}); got != before {
			t.Fatalf("was %s\nis  %s", before, got)
		}
		scribble(&after)
		if got := text(t, []any{p, a, b}); got != before {
			t.Fatalf("the result %s shares memory with its origin:\nwas %s\nis  %s", afterText, before, got)
		}
	})
}

// scribble overwrites everything in p that can be changed in place.
func scribble(p *syncer.Player) {
	for i := range p.Flags {
		p.Flags[i] = "scribble"
	}
	for i := range p.Attributes {
		p.Attributes[i] = ' '
	}
	for i := range p.History {
		p.History[i].By = "scribble"
	}
	for mode, record := range p.Gamemodes {
		for name := range record.Stats {
			record.Stats[name] = -12345
		}
		delete(p.Gamemodes, mode)
	}
	clear(p.Addresses)
}

func TestZeroEdit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, e := players().Draw(t, "player"), edits().Draw(t, "edit")
		if !(merge.Edit{}).IsZero() {
			t.Fatal("the zero edit is not zero")
		}
		same(t, "the zero edit applied", p, merge.Edit{}.Apply(p))
		if e.IsZero() {
			same(t, "an edit that is zero applied", p, e.Apply(p))
		}
		if (text(t, e) == "{}") != e.IsZero() {
			t.Fatalf("IsZero is %v for %s", e.IsZero(), text(t, e))
		}
	})
}

func TestImportantPart(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, e := players().Draw(t, "player"), edits().Draw(t, "edit")
		rest := e.WithoutImportant()
		if rest.IsImportant() {
			t.Fatalf("%s is still important", text(t, rest))
		}
		if !e.IsImportant() {
			same(t, "an unimportant edit without its important part", e, rest)
		}
		before, after := p.Synced, rest.Apply(p).Synced
		same(t, "rank", before.Rank, after.Rank)
		same(t, "flags", before.Flags, after.Flags)
		same(t, "times", []syncer.Time{before.UnmuteTime, before.UnmarkTime}, []syncer.Time{
			after.UnmuteTime, after.UnmarkTime,
		})
		same(t, "reason of the mute", before.MuteReason, after.MuteReason)
		same(t, "attributes", before.Attributes, after.Attributes)
		whole := e.Apply(p)
		same(t, "name", whole.Name, rest.Apply(p).Name)
		same(t, "unsynced", whole.Unsynced, rest.Apply(p).Unsynced)
		same(t, "history", whole.History, rest.Apply(p).History)
	})
}

// text returns v as JSON.
func text(t interface{ Fatal(...any) }, v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

func TestJSONRoundTrips(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		p, e, s := players().Draw(t, "player"), edits().Draw(t, "edit"), serverOf().Draw(t, "server")
		roundTrip(t, p)
		roundTrip(t, e)
		roundTrip(t, merge.ViewOf(p, s))
		roundTrip(t, saveOf(merge.ViewOf(p, s)))
		roundTrip(t, p.Gamemodes["pvp"])
		roundTrip(t, times().Draw(t, "time"))
	})
}

func roundTrip[T any](t *rapid.T, value T) {
	t.Helper()
	var back T
	if err := json.Unmarshal([]byte(text(t, value)), &back); err != nil {
		t.Fatal(err)
	}
	same(t, "round trip of "+text(t, value), value, back)
}

// What is set to null must arrive as set, and what is absent as absent.
func TestNullAndAbsentDiffer(t *testing.T) {
	t.Parallel()
	var s merge.Save
	if err := json.Unmarshal([]byte(`{"highlight":null,"unmuteTime":null,"usid":null}`), &s); err != nil {
		t.Fatal(err)
	}
	if !s.Highlight.Set || s.Highlight.Value != nil || !s.UnmuteTime.Set || !s.USID.Set || s.Rainbow.Set || s.Name.Set {
		t.Fatalf("got %+v", s)
	}
	got := text(t, merge.Save{Scalars: merge.Scalars{Highlight: s.Highlight}})
	if want := `{"highlight":null}`; got != want {
		t.Fatalf("got %s, want %s", got, want)
	}
}
