package merge_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// A new row becomes what the old one was, but for what is important, also if two sidecars
// bring it back.
func TestRestoration(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		was := edits().Draw(t, "edit").Apply(syncer.NewPlayer("a"))
		for _, record := range was.Gamemodes {
			for name, count := range record.Stats {
				record.Stats[name] = max(count, 0) // counters are raised
			}
		}
		got := merge.Restoration(was).Apply(merge.Restoration(was).Apply(syncer.NewPlayer("a")))
		none := syncer.NewPlayer("a")
		was.Rank, was.Flags, was.Attributes = none.Rank, none.Flags, none.Attributes
		was.UnmuteTime, was.MuteReason, was.UnmarkTime = none.UnmuteTime, none.MuteReason, none.UnmarkTime
		if diff := cmp.Diff(was, got, equal); diff != "" {
			t.Errorf("-was +got:\n%s", diff)
		}
	})
}
