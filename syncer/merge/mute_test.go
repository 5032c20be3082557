package merge_test

import (
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// A server that knows no reasons mutes without one, and leaves one alone that it does not
// know of.
func TestMuteAndReasonAreOneValue(t *testing.T) {
	t.Parallel()
	until := syncer.Millis(1)
	p := syncer.NewPlayer("Steve")
	p.UnmuteTime, p.MuteReason = until, "spam"
	shown := merge.ViewOf(p, servers[0])
	for name, test := range map[string]struct {
		save   merge.Scalars
		until  syncer.Time
		reason string
	}{
		"nothing":      {merge.Scalars{}, until, "spam"},
		"the same end": {merge.Scalars{UnmuteTime: syncer.Some(until)}, until, "spam"},
		"another end":  {merge.Scalars{UnmuteTime: syncer.Some(syncer.Forever)}, syncer.Forever, ""},
		"no mute":      {merge.Scalars{UnmuteTime: syncer.Some(syncer.Time{})}, syncer.Time{}, ""},
		"another reason": {
			merge.Scalars{UnmuteTime: syncer.Some(until), MuteReason: syncer.Some("caps")}, until, "caps",
		},
		"another end, the same reason": {
			merge.Scalars{UnmuteTime: syncer.Some(syncer.Forever), MuteReason: syncer.Some("spam")},
			syncer.Forever, "spam",
		},
	} {
		e := merge.Diff(shown, merge.Save{Scalars: test.save}, servers[0])
		got, changes := e.Apply(p), e.ImportantChanges()
		if got.UnmuteTime != test.until || got.MuteReason != test.reason || changes > 1 {
			t.Errorf("%s: muted until %v for %q by %d changes", name, got.UnmuteTime, got.MuteReason, changes)
		}
	}
	set := merge.Set(shown, shown, merge.Save{Scalars: merge.Scalars{UnmuteTime: syncer.Some(until)}}, servers[0])
	if got := set.Apply(p); got.MuteReason != "" {
		t.Errorf("muted anew without a reason, it is %q", got.MuteReason)
	}
}

func TestMuteIsNotedInTheHistory(t *testing.T) {
	t.Parallel()
	now := time.UnixMilli(1)
	until := syncer.TimeOf(time.Date(2030, 1, 2, 3, 4, 5, 0, time.UTC))
	muted := func(until syncer.Time, reason string) merge.Edit {
		return merge.Mute(syncer.NewMute{Until: until, Reason: reason, By: "Alice"}, now)
	}
	for want, e := range map[string]merge.Edit{
		"muted until 2030-01-02 03:04 UTC: spam": muted(until, "spam"),
		"muted":                                  muted(syncer.Forever, ""),
		"muted: " + strings.Repeat("é", 505):     muted(syncer.Forever, strings.Repeat("é", 512)),
		"unmuted":                                merge.Unmute("Alice", now),
	} {
		if err := e.Validate(); err != nil {
			t.Errorf("%s: %v", want, err)
		}
		if is := e.History[0]; is != (syncer.HistoryEntry{Action: want, By: "Alice", Time: syncer.Millis(1)}) {
			t.Errorf("%+v, want %s", is, want)
		}
	}
}
