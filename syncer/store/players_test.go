package store_test

import (
	"context"
	"encoding/json"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// equalPlayers compares players except for what only the database gives them.
var equalPlayers = cmp.Options{
	cmpopts.IgnoreFields(syncer.Player{}, "Revision", "CreatedAt"),
	cmpopts.EquateEmpty(),
	cmp.Comparer(func(a, b syncer.Time) bool { return a == b }),
	cmp.Transformer("json", func(raw json.RawMessage) (value any) {
		if err := json.Unmarshal(raw, &value); err != nil {
			return err.Error()
		}
		return value
	}),
}

// TestEditsAgreeWithTheDomain holds the SQL function player_edited, and how an edit
// alone and a batch of them apply it, equal to Edit.Apply, edit by edit and over all
// fields.
func TestEditsAgreeWithTheDomain(t *testing.T) {
	t.Parallel()
	s, _ := open(t, store.Options{})
	ctx := context.Background()
	next := 0
	rapid.Check(t, func(r *rapid.T) {
		next++
		id := syncer.PlayerID("p" + rapid.StringMatching(`[A-Za-z0-9+/ ü]{1,20}`).Draw(r, "id") +
			string(rune('a'+next%26)) + rapid.StringMatching(`[0-9]{12}`).Draw(r, "suffix"))
		if err := s.CreatePlayers(ctx, []syncer.PlayerID{id, id + "*"}); err != nil {
			r.Fatal(err)
		}
		want, wantOther := readOne(r, s, id), readOne(r, s, id+"*")
		for range rapid.IntRange(1, 4).Draw(r, "edits") {
			edit := drawEdit(r)
			want = edit.Apply(want)
			if rapid.Bool().Draw(r, "alone") {
				reading, _, err := s.EditPlayer(ctx, id, edit, nil)
				if err != nil {
					r.Fatal(err)
				}
				agree(r, s, want, reading)
				continue
			}
			other := drawEdit(r)
			wantOther = other.Apply(wantOther)
			both := map[syncer.PlayerID]merge.Edit{id: edit, id + "*": other}
			readings, err := storeTogether(ctx, s, both, rapid.Bool().Draw(r, "at once"))
			if err != nil || len(readings) != 2 {
				r.Fatalf("%d readings, %v", len(readings), err)
			}
			slices.SortFunc(readings, func(a, b changefeed.VersionedPlayer) int { return len(a.ID) - len(b.ID) })
			agree(r, s, want, readings[0])
			agree(r, s, wantOther, readings[1])
		}
	})
}

// storeTogether stores edits as a sidecar does those that come at once, or as a batch of saves.
func storeTogether(
	ctx context.Context, s *store.Store, edits map[syncer.PlayerID]merge.Edit, atOnce bool,
) (readings []changefeed.VersionedPlayer, err error) {
	if !atOnce {
		readings, _, err = s.SaveBatch(ctx, newBatch(edits))
		return readings, err
	}
	var all []merge.PlayerEdit
	for id, edit := range edits {
		all = append(all, merge.PlayerEdit{ID: id, Edit: edit})
	}
	readings, _, err = s.EditPlayers(ctx, all)
	return readings, err
}

// agree expects a player both as a write returned it and as it is stored.
func agree(t rapid.TB, s *store.Store, want syncer.Player, returned changefeed.VersionedPlayer) {
	t.Helper()
	if diff := cmp.Diff(want, *returned.Player, equalPlayers); diff != "" {
		t.Fatalf("returned row (-domain +database):\n%s", diff)
	}
	if diff := cmp.Diff(want, readOne(t, s, returned.ID), equalPlayers); diff != "" {
		t.Fatalf("stored row (-domain +database):\n%s", diff)
	}
}

func readOne(t rapid.TB, s *store.Store, id syncer.PlayerID) syncer.Player {
	readings, err := s.ReadPlayers(context.Background(), []syncer.PlayerID{id})
	if err != nil {
		t.Fatal(err)
	}
	if len(readings) != 1 || readings[0].Player == nil {
		t.Fatalf("no player %q", id)
	}
	return *readings[0].Player
}
