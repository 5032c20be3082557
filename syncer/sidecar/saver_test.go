package sidecar

import (
	"context"
	"errors"
	"iter"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
)

// forgetfulStore stores what it is sent, and at first loses each answer.
type forgetfulStore struct {
	lost   int // answers still to be lost
	stored map[[16]byte]merge.Batch
}

// SaveBatch stores a batch once.
func (s *forgetfulStore) SaveBatch(
	_ context.Context, batch merge.Batch,
) ([]changefeed.VersionedPlayer, []changefeed.Change, error) {
	s.stored[batch.ID] = batch
	if s.lost--; s.lost >= 0 {
		return nil, nil, &syncer.Error{Code: syncer.CodeOutcomeUnknown}
	}
	return nil, nil, nil
}

// PartBatch says whether a batch is stored.
func (s *forgetfulStore) PartBatch(_ context.Context, id [16]byte) (bool, error) {
	_, stored := s.stored[id]
	return stored, nil
}

// Begin is that of an applier.
func (*forgetfulStore) Begin() changefeed.Generation { return 0 }

// Wrote applies nothing.
func (*forgetfulStore) Wrote(changefeed.Generation, []changefeed.VersionedPlayer, []changefeed.Change) {
}

// fullDisk takes nothing.
type fullDisk struct{}

func (fullDisk) Add(merge.Batch) error { return errors.New("no space left on device") }

func (fullDisk) Pending(context.Context) iter.Seq2[merge.Batch, error] {
	return func(func(merge.Batch, error) bool) {}
}

func (fullDisk) Remove([16]byte) error                 { return nil }
func (fullDisk) Replace([16]byte, []merge.Batch) error { return nil }
func (fullDisk) Refuse([16]byte, string) error         { return nil }
func (fullDisk) Len() int                              { return 0 }

// A save that may be stored, and that the disk does not take, is the same save when it is sent
// again: what it counts is counted once.
func TestSaveThatMayBeStoredStaysTheSame(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := &joinRig{bans: [][]syncer.Ban{nil, nil}}
		home := syncer.GameServer{Name: "s", Gamemode: "g", Address: "192.0.2.1:6567"}
		store := &forgetfulStore{lost: 3, stored: map[[16]byte]merge.Batch{}}
		saver := NewSaver(time.Second, store, r, store, fullDisk{}, slog.New(slog.DiscardHandler))
		p := NewPlayers(home, PlayerDeps{Store: r, Held: r, Bans: r, Clock: r, Saver: saver})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- saver.Run(ctx) }()
		if _, err := p.Join(t.Context(), home, "a", JoinRequest{Name: "A"}); err != nil {
			t.Fatal(err)
		}
		save := merge.Save{Stats: map[string]int64{"blocks": 1}}
		if err := p.Leave(t.Context(), home, "a", save); syncer.CodeOf(err) != syncer.CodeOutcomeUnknown {
			t.Errorf("leave: %v", err)
		}
		<-time.After(time.Minute)
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		blocks := int64(0)
		for _, batch := range store.stored {
			played := batch.Edits["a"].Gamemodes["g"]
			blocks += played.Stats["blocks"] + played.AtLeast["blocks"]
		}
		if _, unsaved := p.Online(); blocks != 1 || unsaved != 0 {
			t.Errorf("%d blocks in %d batches, %d unsaved", blocks, len(store.stored), unsaved)
		}
	})
}

// countedRig has one player, whose row a store changes though it answers nothing.
type countedRig struct {
	joinRig
	blocks int64
}

func (r *countedRig) row(id syncer.PlayerID) *syncer.Player {
	player := syncer.NewPlayer(id)
	player.Gamemodes = map[string]syncer.GamemodeRecord{"g": {Stats: map[string]int64{"blocks": r.blocks}}}
	return &player
}

func (r *countedRig) Get(id syncer.PlayerID) (*syncer.Player, bool) { return r.row(id), true }

func (r *countedRig) Read(_ context.Context, id syncer.PlayerID, _ Fetch) (*syncer.Player, bool, error) {
	return r.row(id), true, nil
}

func (r *countedRig) Reread(_ context.Context, id syncer.PlayerID, _ Fetch) (*syncer.Player, error) {
	return r.row(id), nil
}

// A row may have a save already whose outcome is not known: what was counted is shown once, and
// not less when the outcome is known.
func TestSaveThatMayBeStoredIsShownOnce(t *testing.T) {
	t.Parallel()
	r := &countedRig{joinRig{bans: [][]syncer.Ban{nil, nil}}, 10}
	home := syncer.GameServer{Name: "s", Gamemode: "g", Address: "192.0.2.1:6567"}
	store := &forgetfulStore{lost: 1, stored: map[[16]byte]merge.Batch{}}
	saver := NewSaver(0, store, r, store, fullDisk{}, slog.New(slog.DiscardHandler))
	p := NewPlayers(home, PlayerDeps{Store: r, Held: r, Bans: r, Clock: r, Saver: saver})
	shows := func(want int64) {
		t.Helper()
		view, _, err := p.Player(t.Context(), home, "a", nil)
		if err != nil || view.Stats["blocks"] != want {
			t.Errorf("%d blocks are shown, want %d (%v)", view.Stats["blocks"], want, err)
		}
	}
	counts := func(blocks int64) {
		t.Helper()
		save := merge.Save{Stats: map[string]int64{"blocks": blocks}}
		saver.visitors.mu.Lock()
		saver.visitors.of("a").add("s", p.leaveEdit(home, "", *r.row("a"), save))
		saver.visitors.mu.Unlock()
	}
	if _, err := p.Join(t.Context(), home, "a", JoinRequest{Name: "A"}); err != nil {
		t.Fatal(err)
	}
	counts(11)
	shows(11)
	saver.flush(t.Context(), saver.visitors.takePending)
	shows(11) // the row has it or not
	counts(12)
	shows(12)
	r.blocks = 11 // it has
	shows(12)
	r.blocks = 12 // and the next one, too, which is sent now
	saver.flush(t.Context(), saver.visitors.takePending)
	shows(12)
}

// What waits on disk since before a restart is shown, once, whether the row has it or not: a
// standby that takes over may lack what the row had.
func TestSavesOfAnEarlierRunAreShownOnce(t *testing.T) {
	t.Parallel()
	r := &countedRig{joinRig{bans: [][]syncer.Ban{nil, nil}}, 10}
	home := syncer.GameServer{Name: "s", Gamemode: "g", Address: "192.0.2.1:6567"}
	batch := newBatch()
	batch.Edits["a"] = merge.Edit{Gamemodes: map[string]merge.GamemodeEdit{"g": {Stats: map[string]int64{"blocks": 1}}}}
	batch.Known["a"] = merge.Restoration(*r.row("a"))
	disk := &memoryDisk{batches: []merge.Batch{batch}}
	store := &forgetfulStore{stored: map[[16]byte]merge.Batch{}}
	saver := NewSaver(0, store, r, store, disk, slog.New(slog.DiscardHandler))
	p := NewPlayers(home, PlayerDeps{Store: r, Held: r, Bans: r, Clock: r, Saver: saver})
	saver.Recall(t.Context())
	for _, r.blocks = range []int64{10, 11, 10} {
		view, _, err := p.Player(t.Context(), home, "a", nil)
		if err != nil || view.Stats["blocks"] != 11 {
			t.Errorf("%d blocks are shown of a row with %d, want 11 (%v)", view.Stats["blocks"], r.blocks, err)
		}
	}
	r.blocks = 11
	saver.replay(t.Context())
	if _, unsaved := p.Online(); unsaved != 0 || disk.Len() != 0 {
		t.Errorf("%d unsaved, %d on disk", unsaved, disk.Len())
	}
}
