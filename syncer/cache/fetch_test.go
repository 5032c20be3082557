package cache

import (
	"context"
	"errors"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// named returns a player with a name and revision.
func named(name string, revision int64) *syncer.Player {
	p := syncer.NewPlayer("p1")
	p.Name, p.Revision = name, revision
	return &p
}

func reading(p *syncer.Player, xid uint64) changefeed.VersionedPlayer {
	return changefeed.VersionedPlayer{ID: "p1", Player: p, Snapshot: snapshotAt(xid)}
}

// fetched returns a Fetch that answers the readings one after the other and
// counts.
func fetched(calls *int, readings ...changefeed.VersionedPlayer) Fetch {
	return func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
		r := readings[min(*calls, len(readings)-1)]
		*calls++
		return []changefeed.VersionedPlayer{r}, nil
	}
}

func keyOnlyChange(xid uint64) changefeed.Change {
	return changefeed.Change{Entity: syncer.EntityPlayer, Key: "p1", Xid: xid}
}

func rowOf(p *syncer.Player, xid uint64) changefeed.Change {
	ch := keyOnlyChange(xid)
	ch.Row = &changefeed.PlayerRow{Revision: p.Revision, Synced: p.Synced}
	return ch
}

func wantName(t *testing.T, p *syncer.Player, name string) {
	t.Helper()
	if p == nil || p.Name != name {
		t.Fatalf("got %+v, want the player %q", p, name)
	}
}

// A change that commits after the SELECT has read, and is reported before the
// reading is kept, must not be lost.
func TestFillRace(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change changefeed.Change
		second changefeed.VersionedPlayer
		calls  int
	}{
		{"row arrives", rowOf(named("new", 2), 11), changefeed.VersionedPlayer{}, 1},
		{"only the key arrives", keyOnlyChange(11), reading(named("new", 2), 11), 2},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := NewPlayers(10)
			selected, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
			calls := 0
			fetch := func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
				if calls++; calls == 2 {
					return []changefeed.VersionedPlayer{test.second}, nil
				}
				r := reading(named("old", 1), 10)
				close(selected)
				<-goOn
				return []changefeed.VersionedPlayer{r}, nil
			}
			var read *syncer.Player
			go func() {
				defer close(done)
				read, _, _ = c.Read(t.Context(), "p1", fetch)
			}()
			<-selected
			if wanted := c.Wanted([]syncer.PlayerID{"p1", "p2"}); len(wanted) != 1 {
				t.Errorf("wanted %v, want the id in flight", wanted)
			}
			c.Apply(test.change)
			close(goOn)
			<-done
			wantName(t, read, "new")
			p, _ := c.Get("p1")
			wantName(t, p, "new")
			if calls != test.calls {
				t.Errorf("fetched %d times, want %d", calls, test.calls)
			}
		})
	}
}

func TestReadersShareOneFetch(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	fetching, goOn := make(chan struct{}), make(chan struct{})
	calls := 0
	fetch := func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
		calls++
		close(fetching)
		<-goOn
		return []changefeed.VersionedPlayer{reading(named("Steve", 1), 10)}, nil
	}
	const readers = 8
	names := make(chan string, readers)
	read := func() {
		p, _, err := c.Read(t.Context(), "p1", fetch)
		if err != nil {
			names <- err.Error()
			return
		}
		names <- p.Name
	}
	go read()
	<-fetching
	for range readers - 1 {
		go read()
	}
	close(goOn)
	for range readers {
		if name := <-names; name != "Steve" {
			t.Errorf("read %q", name)
		}
	}
	if calls != 1 {
		t.Errorf("fetched %d times, want once", calls)
	}
}

// The reader that happens to fetch may go away; the others must not notice.
func TestReaderOutlivesFetchingReader(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	ctx, cancel := context.WithCancel(t.Context())
	fetching, first, second := make(chan struct{}), make(chan error, 1), make(chan *syncer.Player, 1)
	go func() {
		_, _, err := c.Read(ctx, "p1",
			func(ctx context.Context, _ []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
				close(fetching)
				<-ctx.Done()
				return nil, ctx.Err()
			})
		first <- err
	}()
	<-fetching
	go func() {
		calls := 0
		p, _, _ := c.Read(t.Context(), "p1", fetched(&calls, reading(named("Steve", 1), 10)))
		second <- p
	}()
	cancel()
	if err := <-first; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	wantName(t, <-second, "Steve")
}

// A waiting reader's own context ends its wait.
func TestWaitingReaderGivesUp(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	fetching, goOn, done := make(chan struct{}), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(done)
		_, _, _ = c.Read(t.Context(), "p1",
			func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
				close(fetching)
				<-goOn
				return []changefeed.VersionedPlayer{reading(nil, 10)}, nil
			})
	}()
	<-fetching
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := c.Read(ctx, "p1", nil); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	close(goOn)
	<-done
}

func TestFailedFetchLeavesNothing(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	broken := errors.New("connection refused")
	_, _, err := c.Read(t.Context(), "p1",
		func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
			return nil, broken
		})
	if !errors.Is(err, broken) {
		t.Errorf("got %v, want the cause", err)
	}
	nothing := func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) { return nil, nil }
	if _, _, err := c.Read(t.Context(), "p1", nothing); err == nil {
		t.Error("a fetch without an answer was taken for one")
	}
	if all, stats := c.All(), c.Stats(); len(all) != 0 || stats.InFlight != 0 {
		t.Errorf("left %v behind, %d in flight", all, stats.InFlight)
	}
}

// A panic in fetch must not leave later readers waiting for ever.
func TestPanickingFetchEnds(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	func() {
		defer func() { _ = recover() }()
		_, _, _ = c.Read(t.Context(), "p1",
			func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
				panic("bug")
			})
	}()
	calls := 0
	p, _, err := c.Read(t.Context(), "p1", fetched(&calls, reading(named("Steve", 1), 10)))
	if err != nil {
		t.Fatal(err)
	}
	wantName(t, p, "Steve")
}

// A reset means that what is being fetched may be of another epoch.
func TestResetStartsFetchAgain(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	calls := 0
	fetch := func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
		if calls++; calls == 1 {
			r := reading(named("other epoch", 90), 9000)
			c.Reset()
			return []changefeed.VersionedPlayer{r}, nil
		}
		return []changefeed.VersionedPlayer{reading(named("this epoch", 1), 10)}, nil
	}
	p, _, err := c.Read(t.Context(), "p1", fetch)
	if err != nil {
		t.Fatal(err)
	}
	wantName(t, p, "this epoch")
	p, _ = c.Get("p1")
	wantName(t, p, "this epoch")
}

func TestRereadFetchesAndNeverGoesBack(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	c.Hold("p1")
	calls := 0
	fetch := fetched(&calls,
		reading(named("first", 1), 10), reading(named("second", 2), 20), reading(named("stale", 1), 15))
	for _, want := range []string{"first", "second", "second"} {
		p, err := c.Reread(t.Context(), "p1", fetch)
		if err != nil {
			t.Fatal(err)
		}
		wantName(t, p, want)
	}
	if calls != 3 {
		t.Errorf("fetched %d times, want 3", calls)
	}
}

// A change that no snapshot ever shows must not keep a reader for ever, nor may
// what it returned be trusted later.
func TestFetchGivesUpOnInvisibleChange(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	calls := 0
	p, _, err := c.Read(t.Context(), "p1",
		func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
			calls++
			c.Apply(keyOnlyChange(1 << 60))
			return []changefeed.VersionedPlayer{reading(named("Steve", 1), 10)}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	wantName(t, p, "Steve")
	if _, ok := c.Get("p1"); ok || calls != maxFetches {
		t.Errorf("kept it: %v, after %d fetches; want not, after %d", ok, calls, maxFetches)
	}
}
