package shadow_test

import (
	"reflect"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/shadow"
)

// survival is the server whose uploads the tests below follow.
var survival = syncer.GameServer{Name: "survival", Gamemode: "survival", Address: "192.0.2.1:6567"}

// veteran is a privileged player with something to lose.
func veteran() syncer.Player {
	p := syncer.NewPlayer("p")
	p.Rank, p.Flags = "mod", []string{"member"}
	p.Highlight, p.Achievements = new("[red]"), new("[5]")
	p.History = []syncer.HistoryEntry{{Action: "mute", By: "Steve", Time: syncer.Millis(1)}}
	p.Gamemodes["survival"] = syncer.GamemodeRecord{
		FirstJoined: syncer.Millis(1000), LastJoined: syncer.Millis(2000), Stats: map[string]int64{"blocksBroken": 100},
	}
	p.Addresses[survival.Address] = syncer.AddressRecord{USID: new("own")}
	return p
}

// copyOf is what a server uploads that took the view over and changed nothing.
func copyOf(v merge.View) merge.Save {
	return merge.Save{
		Scalars: merge.Scalars{
			Rank: syncer.Some(v.Rank), UnmuteTime: syncer.Some(v.UnmuteTime), UnmarkTime: syncer.Some(v.UnmarkTime),
			Highlight: syncer.Some(v.Highlight), Achievements: syncer.Some(v.Achievements),
		},
		Flags: syncer.Some(v.Flags),
		USID:  syncer.Some(v.USID), History: v.History,
		FirstJoined: v.FirstJoined, LastJoined: v.LastJoined, Stats: v.Stats,
	}
}

// unsyncedCopy is what a server uploads whose fetch failed: a newcomer's state with
// the proof of identity of whoever connected.
func unsyncedCopy() merge.Save {
	p := syncer.NewPlayer("p")
	save := copyOf(merge.ViewOf(p, survival))
	save.FirstJoined, save.LastJoined = syncer.Millis(5000), syncer.Millis(6000)
	save.Stats = map[string]int64{"blocksBroken": 3}
	save.USID, save.Achievements = syncer.Some(new("stranger")), syncer.Some(new("[0]"))
	return save
}

// receive applies an upload to a player.
func receive(
	p syncer.Player, history shadow.History, save merge.Save, important bool, digest byte, now time.Time,
) (syncer.Player, shadow.History, shadow.Outcome) {
	current := merge.ViewOf(p, survival)
	outcome, next := history.Receive(&current, shadow.Upload{
		From: survival, Save: save, Important: important, Digest: [16]byte{digest},
	}, now)
	return outcome.Edit.Apply(p), next, outcome
}

// Hazard H1.
func TestCopyThatNeverSawTheDatabaseDoesNoHarm(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	newMode := veteran()
	delete(newMode.Gamemodes, "survival")
	for name, p := range map[string]syncer.Player{"known here": veteran(), "new to the gamemode": newMode} {
		for shown, history := range map[string]shadow.History{
			"never shown": {}, "shown, but not taken over": shadow.History{}.Show(merge.ViewOf(p, survival), now),
		} {
			after, _, outcome := receive(p, history, unsyncedCopy(), false, 1, now)
			got, want := merge.ViewOf(after, survival), merge.ViewOf(p, survival)
			if !outcome.Unsynced || *got.Highlight != *want.Highlight || *got.Achievements != *want.Achievements ||
				*got.USID != "own" || got.Stats["blocksBroken"] < want.Stats["blocksBroken"] || len(got.History) != 1 {
				t.Errorf("%s, %s: %+v", name, shown, got)
			}
			if name == "known here" && got.FirstJoined != want.FirstJoined {
				t.Errorf("%s, %s: first joined %v", name, shown, got.FirstJoined)
			}
		}
	}
}

// Hazard H2.
func TestStrangerCannotReplaceAProofOfIdentity(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	for _, test := range []struct {
		name    string
		stored  string // rank
		upload  string // rank
		usid    *string
		want    string
		refused bool
	}{
		{"a stranger", "mod", "player", new("other"), "own", true},
		{"a stranger clears", "trusted", "player", nil, "own", true},
		{"an old rank", "mod", "trusted", new("other"), "own", true},
		{"a rank nobody knows", "owner", "player", new("other"), "own", true},
		{"setusid", "mod", "mod", new("other"), "other", false},
		{"not privileged", "active", "player", new("other"), "other", false},
	} {
		p := veteran()
		p.Rank = test.stored
		for _, important := range []bool{false, true} {
			save := copyOf(merge.ViewOf(p, survival)) // all else as if taken over
			save.Rank, save.USID = syncer.Some(test.upload), syncer.Some(test.usid)
			history := shadow.History{}.Show(merge.ViewOf(p, survival), now)
			after, _, outcome := receive(p, history, save, important, 1, now)
			if got := *after.Addresses[survival.Address].USID; got != test.want || outcome.USIDRefused != test.refused {
				t.Errorf("%s, important %v: usid %s, refused %v", test.name, important, got, outcome.USIDRefused)
			}
		}
	}
}

func TestUSIDOfAnUnknownPlayerIsNotTaken(t *testing.T) {
	t.Parallel()
	outcome, _ := shadow.History{}.Receive(nil, shadow.Upload{From: survival, Save: unsyncedCopy()}, time.Unix(1e9, 0))
	if len(outcome.Edit.Addresses) > 0 {
		t.Errorf("taken while the rank is not known: %+v", outcome.Edit.Addresses)
	}
}

// Hazard R2: mute and stop of one player in one breath.
func TestTwoChangesInOneBreathAreBothKept(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	shown := merge.ViewOf(p, survival)
	mute, stop := copyOf(shown), copyOf(shown)
	mute.UnmuteTime, stop.UnmarkTime = syncer.Some(syncer.Forever), syncer.Some(syncer.Forever)
	history := shadow.History{}.Show(shown, now).Show(shown, now)
	p, history, _ = receive(p, history, mute, true, 1, now)
	p, _, _ = receive(p, history, stop, true, 2, now)
	if !p.UnmuteTime.IsForever() || !p.UnmarkTime.IsForever() {
		t.Errorf("muted until %v, marked until %v", p.UnmuteTime, p.UnmarkTime)
	}
}

// Both answers lead to the promotion: it uses up neither, so that the flag finds the
// one that it started from, whichever that is.
func TestChangeThatTwoAnswersExplainLeavesBoth(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	earlier := merge.ViewOf(p, survival)
	p.Rank = "trusted" // by another server
	later := merge.ViewOf(p, survival)
	history := shadow.History{}.Show(earlier, now).Show(later, now)
	for name, starts := range map[string][2]merge.View{
		"earlier first": {earlier, later}, "later first": {later, earlier},
	} {
		promotion, flag := copyOf(starts[0]), copyOf(starts[1])
		promotion.Rank, flag.Flags = syncer.Some("admin"), syncer.Some([]string{"developer", "member"})
		after, next, _ := receive(p, history, promotion, true, 1, now)
		if after, _, _ = receive(after, next, flag, true, 2, now); after.Rank != "admin" || len(after.Flags) != 2 {
			t.Errorf("%s: rank %s, flags %q", name, after.Rank, after.Flags)
		}
	}
}

// What cannot be decided. Another server gave the flag and promoted. Either this one
// gave the flag as well, before it heard of that, or it demoted after.
func TestUploadThatTwoHistoriesExplainIsTakenForAReversal(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	earlier := merge.ViewOf(p, survival)
	p.Rank, p.Flags = "admin", []string{"developer", "member"}
	later := merge.ViewOf(p, survival)
	given, demoted := copyOf(earlier), copyOf(later)
	given.Flags, demoted.Rank = syncer.Some(later.Flags), syncer.Some(earlier.Rank)
	if !reflect.DeepEqual(given, demoted) {
		t.Fatalf("the uploads tell what happened: %+v, %+v", given, demoted)
	}
	p, _, _ = receive(p, shadow.History{}.Show(earlier, now).Show(later, now), given, true, 1, now)
	if p.Rank != "mod" || len(p.Flags) != 2 {
		t.Errorf("rank %s, flags %q", p.Rank, p.Flags)
	}
}

func TestCounterGoesOnFromTheAnswerThatTheCopyFits(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	for _, test := range []struct {
		name    string
		changed func(p *syncer.Player) // by another server, before the later answer
		want    int64
	}{
		{"the later does not fit", func(p *syncer.Player) { p.Rank, p.Flags = "admin", nil }, 114},
		{"both fit, which cannot be decided", func(*syncer.Player) {}, 110},
	} {
		p := veteran()
		earlier := merge.ViewOf(p, survival)
		test.changed(&p)
		counted := map[string]merge.GamemodeEdit{"survival": {Stats: map[string]int64{"blocksBroken": 4}}}
		p = merge.Edit{Gamemodes: counted}.Apply(p)
		save := copyOf(earlier)
		save.Stats = map[string]int64{"blocksBroken": 110}
		history := shadow.History{}.Show(earlier, now).Show(merge.ViewOf(p, survival), now)
		p, _, _ = receive(p, history, save, false, 1, now)
		if got := p.Gamemodes["survival"].Stats["blocksBroken"]; got != test.want {
			t.Errorf("%s: counted to %d, want %d", test.name, got, test.want)
		}
	}
}

// Hazard R5: the answer fetched first is taken over last.
func TestOvertakingAnswersUndoNothing(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	older := merge.ViewOf(p, survival)
	p.Rank = "admin" // by another server
	history := shadow.History{}.Show(older, now).Show(merge.ViewOf(p, survival), now)
	save := copyOf(older)
	save.Flags = syncer.Some([]string{"member", "developer"})
	if p, _, _ = receive(p, history, save, true, 1, now); p.Rank != "admin" || len(p.Flags) != 2 {
		t.Errorf("rank %s, flags %q", p.Rank, p.Flags)
	}
}

// Hazard R8: an upload sent again lands after a newer one.
func TestLateUploadUndoesNothing(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	history := shadow.History{}.Show(merge.ViewOf(p, survival), now)
	first, second := copyOf(merge.ViewOf(p, survival)), copyOf(merge.ViewOf(p, survival))
	first.Stats, second.Stats = map[string]int64{"blocksBroken": 103}, map[string]int64{"blocksBroken": 105}
	first.Highlight, second.Highlight = syncer.Some(new("[blue]")), syncer.Some(new("[green]"))
	first.LastJoined, second.LastJoined = syncer.Millis(3000), syncer.Millis(4000)
	overtaken, after, _ := receive(p, history, second, false, 2, now)
	overtaken, _, _ = receive(overtaken, after, first, false, 1, now)
	if v := merge.ViewOf(overtaken, survival); v.Stats["blocksBroken"] != 105 || *v.Highlight != "[green]" {
		t.Errorf("overtaken: %+v", v)
	}
	p, history, _ = receive(p, history, first, false, 1, now)
	p, history, _ = receive(p, history, second, false, 2, now)
	for name, digest := range map[string]byte{"again": 1, "for the first time": 3} {
		late, _, _ := receive(p, history, first, false, digest, now.Add(time.Second))
		v := merge.ViewOf(late, survival)
		if v.Stats["blocksBroken"] != 105 || *v.Highlight != "[green]" || v.LastJoined != syncer.Millis(4000) {
			t.Errorf("%s: %+v", name, v)
		}
	}
}

// A script takes no time between its commands.
func TestChangeGivenTakenAndGivenAgain(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	var history shadow.History
	for i, flags := range [][]string{{"developer", "member"}, {"member"}, {"developer", "member"}} {
		now = now.Add(time.Microsecond)
		history = history.Show(merge.ViewOf(p, survival), now)
		save := copyOf(merge.ViewOf(p, survival))
		save.Flags = syncer.Some(flags)
		now = now.Add(time.Microsecond)
		p, history, _ = receive(p, history, save, true, byte(i%2), now) // the third equals the first
		if len(p.Flags) != len(flags) {
			t.Fatalf("change %d is lost: %q", i, p.Flags)
		}
		again, _, outcome := receive(p, history, save, true, byte(i%2), now.Add(10*time.Second))
		if !outcome.Repeated || len(again.Flags) != len(flags) {
			t.Errorf("change %d sent again: %q", i, again.Flags)
		}
	}
}

// The repetition follows the second of two equal changes: what was answered between the
// two does not make it new.
func TestChangeGivenAgainIsRepeatedAtOnce(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	var history shadow.History
	change := func(flags []string, digest byte) {
		history = history.Show(merge.ViewOf(p, survival), now)
		history = history.Show(merge.ViewOf(p, survival), now.Add(time.Second)) // the player is looked up as well
		save := copyOf(merge.ViewOf(p, survival))
		save.Flags = syncer.Some(flags)
		now = now.Add(2 * time.Second)
		p, history, _ = receive(p, history, save, true, digest, now)
		var outcome shadow.Outcome
		if p, history, outcome = receive(p, history, save, true, digest, now); !outcome.Repeated {
			t.Errorf("flags %q sent again are taken for new", flags)
		}
		now = now.Add(2 * time.Second)
	}
	change([]string{"developer", "member"}, 1)
	change([]string{"member"}, 2)
	change([]string{"developer", "member"}, 1)
}

// Another server takes a flag, and this one is shown that for another command, before the
// upload comes again. From that answer it is one change: the flag given back.
func TestUploadIsARepetitionIfItsAnswerWasLost(t *testing.T) {
	t.Parallel()
	for _, lost := range []bool{false, true} {
		now := time.Unix(1e9, 0)
		p := veteran()
		history := shadow.History{}.Show(merge.ViewOf(p, survival), now)
		save := copyOf(merge.ViewOf(p, survival))
		save.Flags = syncer.Some([]string{"developer", "member"})
		p, history, _ = receive(p, history, save, true, 1, now)
		if lost {
			history = history.Unanswered([16]byte{1})
		}
		p.Flags = []string{"developer"} // by the other server
		history = history.Show(merge.ViewOf(p, survival), now.Add(time.Microsecond))
		after, next, outcome := receive(p, history, save, true, 1, now.Add(2*time.Microsecond))
		if outcome.Repeated != lost || (len(after.Flags) == 1) != lost {
			t.Errorf("lost %t: repeated %t, flags %q", lost, outcome.Repeated, after.Flags)
		}
		if !lost {
			continue
		}
		after, _, outcome = receive(after, next, save, true, 1, now.Add(3*time.Microsecond))
		if outcome.Repeated || len(after.Flags) != 2 {
			t.Errorf("the third of equal uploads: repeated %t, flags %q", outcome.Repeated, after.Flags)
		}
	}
}

func TestNamesThatAServerDoesNotKnowSurviveItsUploads(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	p.Rank, p.Flags = "vip", []string{"builder", "member"}
	history := shadow.History{}.Show(merge.ViewOf(p, survival), now)
	save := copyOf(merge.ViewOf(p, survival))
	save.Rank, save.Flags = syncer.Some("player"), syncer.Some([]string{"member"})
	save.UnmuteTime = syncer.Some(syncer.Forever)
	p, _, _ = receive(p, history, save, true, 1, now)
	if p.Rank != "vip" || len(p.Flags) != 2 || !p.UnmuteTime.IsForever() {
		t.Errorf("rank %s, flags %q, muted until %v", p.Rank, p.Flags, p.UnmuteTime)
	}
}

// Race R6 is repaired where the server's own uploads tell what it holds.
func TestClearedHighlightStaysCleared(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	history := shadow.History{}.Show(merge.ViewOf(p, survival), now)
	held := copyOf(merge.ViewOf(p, survival))
	p.Highlight = nil // on another server
	history = history.Show(merge.ViewOf(p, survival), now)
	if p, _, _ = receive(p, history, held, false, 1, now); p.Highlight != nil {
		t.Errorf("highlight %q is back", *p.Highlight)
	}
}

func TestAfterACrashCountersAreOnlyRaised(t *testing.T) {
	t.Parallel()
	now := time.Unix(1e9, 0)
	p := veteran()
	history := shadow.History{}.Show(merge.ViewOf(p, survival), now)
	stored := p.Gamemodes["survival"]
	stored.Stats = map[string]int64{"blocksBroken": 103} // by an upload that the history lacks
	p.Gamemodes["survival"] = stored
	save := copyOf(merge.ViewOf(p, survival))
	save.Stats = map[string]int64{"blocksBroken": 105}
	p, _, _ = receive(p, history.Doubted(), save, false, 1, now)
	if p.Gamemodes["survival"].Stats["blocksBroken"] != 105 {
		t.Errorf("counted %v", p.Gamemodes["survival"].Stats)
	}
}
