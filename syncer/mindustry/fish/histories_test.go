package fish

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// shownRig is the histories of servers in a bubble whose clock is the test's, with what
// they keep on disk and in memory.
type shownRig struct {
	*histories
	t *testing.T

	mu     sync.Mutex
	onDisk map[string][]byte
	held   map[syncer.PlayerID]int
}

// shown calls test in a bubble in which the histories are tidied up.
func shown(t *testing.T, test func(r *shownRig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := &shownRig{t: t, onDisk: map[string][]byte{}, held: map[syncer.PlayerID]int{}}
		r.histories = newHistories(r, r, slog.New(slog.DiscardHandler))
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- r.run(ctx) }()
		test(r)
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func (r *shownRig) SaveShown(set map[string][]byte, gone []string, _ bool) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	maps.Copy(r.onDisk, set)
	for _, key := range gone {
		delete(r.onDisk, key)
	}
	return nil
}

func (r *shownRig) LoadShown(func(string, []byte)) (bool, error) { return true, nil }

func (r *shownRig) Hold(id syncer.PlayerID)    { r.hold(id, 1) }
func (r *shownRig) Release(id syncer.PlayerID) { r.hold(id, -1) }

func (r *shownRig) hold(id syncer.PlayerID, by int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held[id] += by; r.held[id] == 0 {
		delete(r.held, id)
	}
}

func keyOf(id string) historyKey {
	return historyKey{address: "192.0.2.1:6567", gamemode: "pvp", id: syncer.PlayerID(id)}
}

// pass lets time go by, and then whatever is due.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// show lets a server be shown a player, and returns what ends its request.
func (r *shownRig) show(id string) (done func()) {
	r.t.Helper()
	entry, done, err := r.take(r.t.Context(), keyOf(id))
	if err != nil {
		r.t.Fatal(err)
	}
	p := syncer.NewPlayer(syncer.PlayerID(id))
	r.put(keyOf(id), entry, entry.states.Show(merge.ViewOf(p, syncer.GameServer{}), time.Now()))
	return done
}

// wantKept fails the test unless exactly these are known, on disk and in memory.
func (r *shownRig) wantKept(ids ...string) {
	r.t.Helper()
	r.histories.mu.Lock()
	defer r.histories.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, id := range ids {
		if _, known := r.entries[keyOf(id)]; !known || r.onDisk[keyOf(id).String()] == nil {
			r.t.Errorf("%s is forgotten in memory (%t) or on disk", id, !known)
		}
	}
	if len(r.entries) != len(ids) || len(r.onDisk) != len(ids) {
		r.t.Errorf("%d are known and %d on disk, want %d", len(r.entries), len(r.onDisk), len(ids))
	}
}

// wantHeld fails the test unless so many players are held in memory.
func (r *shownRig) wantHeld(n int) {
	r.t.Helper()
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.held) != n {
		r.t.Errorf("held are %v, want %d", r.held, n)
	}
}

func TestWhatServersWereShownIsForgottenADayAfterTheLastRequest(t *testing.T) {
	t.Parallel()
	shown(t, func(r *shownRig) {
		r.show("Steve")()
		r.show("Alice")()
		finish := r.show("asked for all the time")
		pass(2 * historyWritten)
		r.wantKept("Steve", "Alice", "asked for all the time")
		r.wantHeld(3)
		pass(historyWarm + historySwept)
		r.wantKept("Steve", "Alice", "asked for all the time")
		r.wantHeld(1) // the one that is asked for
		r.show("Alice")()
		r.wantHeld(2)
		pass(historyKept - historyWarm)
		r.wantKept("Alice", "asked for all the time")
		pass(historyWarm + 2*historySwept)
		r.wantKept("asked for all the time")
		finish()
		pass(2 * historySwept)
		r.wantKept()
		r.wantHeld(0)
	})
}

func TestFloodOfPlayersForgetsThoseUnusedForLongest(t *testing.T) {
	t.Parallel()
	shown(t, func(r *shownRig) {
		finish := r.show("first, and still asked for")
		most := maxHistories + maxHistories/10
		for i := range most {
			r.show(fmt.Sprint(i))()
			pass(time.Millisecond)
		}
		pass(2 * historyWritten)
		r.histories.mu.Lock()
		known := len(r.entries)
		_, first := r.entries[keyOf("first, and still asked for")]
		_, last := r.entries[keyOf(fmt.Sprint(most-1))]
		_, second := r.entries[keyOf("0")]
		r.histories.mu.Unlock()
		if known > maxHistories+1 || known < maxHistories || !first || !last || second {
			t.Errorf("%d are known; the one asked for %t, the last %t, the oldest %t", known, first, last, second)
		}
		if len(r.onDisk) != known || len(r.held) != known {
			t.Errorf("%d are on disk and %d held, want %d", len(r.onDisk), len(r.held), known)
		}
		finish()
	})
}
