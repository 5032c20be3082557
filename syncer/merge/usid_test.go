package merge_test

import (
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
)

func TestUSIDOfAPrivilegedPlayerIsKept(t *testing.T) {
	t.Parallel()
	own, other := "own", "other"
	for _, test := range []struct {
		stored *string
		rank   string
		save   merge.Save
		want   bool
	}{
		{&own, "mod", merge.Save{}, false},
		{&own, "mod", merge.Save{USID: syncer.Some(&own)}, false},
		{&own, "mod", merge.Save{USID: syncer.Some(&other)}, true},
		{&own, "mod", merge.Save{USID: syncer.Some[*string](nil)}, true},
		{&own, "mod", named("player", &other), true},
		{&own, "mod", named("mod", &other), false},
		{nil, "mod", merge.Save{USID: syncer.Some(&other)}, false},
		{&own, "player", merge.Save{USID: syncer.Some(&other)}, false},
		{&own, "active", named("mod", &other), false},
	} {
		view := merge.View{USID: test.stored, Synced: syncer.Synced{Rank: test.rank}}
		if got := merge.KeepsUSID(view, test.save); got != test.want {
			t.Errorf("rank %s, save %+v: %t", test.rank, test.save, got)
		}
	}
}

// named is a save with a rank and a proof of identity.
func named(rank string, usid *string) merge.Save {
	return merge.Save{Scalars: merge.Scalars{Rank: syncer.Some(rank)}, USID: syncer.Some(usid)}
}
