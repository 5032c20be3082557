package fish

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// rows are players in memory in place of the database.
type rows struct {
	mu      sync.Mutex
	players map[syncer.PlayerID]syncer.Player
	stores  int // of important changes
}

func (r *rows) Find(_ context.Context, id syncer.PlayerID) (*syncer.Player, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if p, found := r.players[id]; found {
		return &p, nil
	}
	return nil, nil
}

func (r *rows) FindAnew(ctx context.Context, id syncer.PlayerID) (*syncer.Player, bool, error) {
	p, err := r.Find(ctx, id)
	return p, true, err
}

func (r *rows) View(from syncer.GameServer, p *syncer.Player) merge.View {
	return merge.ViewOf(*p, from)
}
func (r *rows) HasUnsaved(syncer.PlayerID) bool               { return false }
func (r *rows) Settle(context.Context, syncer.PlayerID) error { return nil }
func (r *rows) Hold(syncer.PlayerID)                          {}
func (r *rows) Release(syncer.PlayerID)                       {}

func (r *rows) StoreNow(_ context.Context, id syncer.PlayerID, _ bool, edit merge.Edit) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stores++
	r.players[id] = edit.Apply(r.players[id])
	return nil
}

func (r *rows) Keep(_ context.Context, id syncer.PlayerID, edit merge.Edit, _ bool, kept func()) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept()
	r.players[id] = edit.Apply(r.players[id])
	return nil
}

// steve is the player of these tests.
const steve syncer.PlayerID = "Steve"

func newRows() (*rows, *Players) {
	r := &rows{players: map[syncer.PlayerID]syncer.Player{steve: syncer.NewPlayer(steve)}}
	return r, NewPlayers(r, r, nil, slog.New(slog.DiscardHandler))
}

func serverAt(address string) syncer.GameServer {
	return syncer.GameServer{Name: address, Gamemode: "pvp", Address: address}
}

// copyOf is what a server uploads that took the view over, of what is important.
func copyOf(v merge.View) merge.Save {
	return merge.Save{
		Scalars: merge.Scalars{
			Rank: syncer.Some(v.Rank), UnmuteTime: syncer.Some(v.UnmuteTime), UnmarkTime: syncer.Some(v.UnmarkTime),
		},
		Flags: syncer.Some(v.Flags), History: v.History,
	}
}

// change fetches and uploads, as the plugin does for an important change.
func change(ctx context.Context, players *Players, from syncer.GameServer, apply func(*merge.Save)) error {
	view, err := players.Fetch(ctx, from, steve)
	if err != nil {
		return err
	}
	save := copyOf(*view)
	apply(&save)
	answered, err := players.Upload(ctx, from, steve, save, true)
	if err != nil {
		return err
	}
	answered(true)
	return nil
}

func setRank(round int) func(*merge.Save) {
	return func(s *merge.Save) { s.Rank = syncer.Some([]string{"mod", "admin"}[round%2]) }
}

func setFlag(flag string, round int) func(*merge.Save) {
	return func(s *merge.Save) {
		flags := slices.DeleteFunc(slices.Clone(s.Flags.Value), func(f string) bool { return f == flag })
		if round%2 == 0 {
			flags = append(flags, flag)
		}
		s.Flags = syncer.Some(flags)
	}
}

func sorted(names []string) []string { return slices.Sorted(slices.Values(names)) }

// Two servers make their changes at the same moment, one round after the other. Many
// uploads are equal to those of two rounds before.
func TestChangesAtMachineSpeedAreAllStored(t *testing.T) {
	t.Parallel()
	for name, first := range map[string]func(round int) func(*merge.Save){
		"rank beside flag": setRank,
		"two flags":        func(round int) func(*merge.Save) { return setFlag("developer", round) },
	} {
		stored, players := newRows()
		lost := 0
		for round := range 200 {
			changes := []func(*merge.Save){first(round), setFlag("member", round)}
			var servers sync.WaitGroup
			for i, apply := range changes {
				servers.Go(func() {
					if err := change(t.Context(), players, serverAt(fmt.Sprint(i)), apply); err != nil {
						t.Error(err)
					}
				})
			}
			servers.Wait()
			p := stored.players[steve]
			for _, apply := range changes {
				got := merge.Save{Scalars: merge.Scalars{Rank: syncer.Some(p.Rank)}, Flags: syncer.Some(p.Flags)}
				want := got
				apply(&want)
				if want.Rank != got.Rank || !slices.Equal(sorted(want.Flags.Value), sorted(got.Flags.Value)) {
					lost++
				}
			}
		}
		if lost > 0 {
			t.Errorf("%s: %d of 400 changes are lost", name, lost)
		}
	}
}

// While the answer to an upload is being written, the same upload arrives again behind
// the fetch for another command.
func TestUploadWaitsUntilTheFirstIsAnswered(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stored, players := newRows()
		from := serverAt("a")
		view, err := players.Fetch(t.Context(), from, steve)
		if err != nil {
			t.Fatal(err)
		}
		save := copyOf(*view)
		save.Rank = syncer.Some("mod")
		answered, err := players.Upload(t.Context(), from, steve, save, true)
		if err != nil {
			t.Fatal(err)
		}
		pass(time.Millisecond)
		promoted := merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("admin")}} // by another server
		if err := stored.StoreNow(t.Context(), steve, false, promoted); err != nil {
			t.Fatal(err)
		}
		go func() {
			if _, err := players.Fetch(t.Context(), from, steve); err != nil {
				t.Error(err)
			}
		}()
		pass(time.Millisecond)
		go func() {
			again, err := players.Upload(t.Context(), from, steve, save, true)
			if err != nil {
				t.Error(err)
				return
			}
			again(true)
		}()
		pass(time.Millisecond)
		answered(false)
		pass(time.Millisecond)
		if got := stored.players[steve].Rank; got != "admin" || stored.stores != 2 {
			t.Errorf("rank %s after %d changes", got, stored.stores)
		}
	})
}
