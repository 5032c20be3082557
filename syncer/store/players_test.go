package store_test

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/store"
)

// equalPlayers compares players but for what only the database gives them.
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

// TestEditsAgreeWithTheDomain holds the SQL function player_edited equal to
// Edit.Apply, edit by edit and over all fields.
func TestEditsAgreeWithTheDomain(t *testing.T) {
	t.Parallel()
	s, _ := open(t, store.Options{})
	ctx := context.Background()
	next := 0
	rapid.Check(t, func(r *rapid.T) {
		next++
		id := syncer.PlayerID(rapid.StringMatching(`[A-Za-z0-9+/ ü]{1,20}`).Draw(r, "id") + string(rune('a'+next%26)) + rapid.StringMatching(`[0-9]{12}`).Draw(r, "suffix"))
		if err := s.CreatePlayers(ctx, []syncer.PlayerID{id}); err != nil {
			r.Fatal(err)
		}
		want := readOne(r, s, id)
		for range rapid.IntRange(1, 4).Draw(r, "edits") {
			edit := drawEdit(r)
			if err := edit.Validate(); err != nil {
				r.Fatalf("generated a bad edit: %v", err)
			}
			want = edit.Apply(want)
			reading, _, err := s.EditPlayer(ctx, id, edit, nil)
			if err != nil {
				r.Fatal(err)
			}
			if diff := cmp.Diff(want, *reading.Player, equalPlayers); diff != "" {
				r.Fatalf("returned row (-domain +database):\n%s", diff)
			}
			if diff := cmp.Diff(want, readOne(r, s, id), equalPlayers); diff != "" {
				r.Fatalf("stored row (-domain +database):\n%s", diff)
			}
		}
	})
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
