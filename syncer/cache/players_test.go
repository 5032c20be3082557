package cache

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// fill reads players into the cache.
func fill(t *testing.T, c *Players, ids ...syncer.PlayerID) {
	t.Helper()
	for _, id := range ids {
		if _, _, err := c.Read(t.Context(), id, fetchNew); err != nil {
			t.Fatal(err)
		}
	}
}

// fetchNew finds every player as the database makes them.
func fetchNew(_ context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
	p := syncer.NewPlayer(ids[0])
	return []changefeed.VersionedPlayer{{ID: p.ID, Player: &p, Snapshot: snapshotAt(10)}}, nil
}

func manyIDs(prefix string, count int) []syncer.PlayerID {
	ids := make([]syncer.PlayerID, count)
	for i := range ids {
		ids[i] = syncer.PlayerID(fmt.Sprint(prefix, i))
	}
	return ids
}

func TestEvictionSparesHeldAndUsed(t *testing.T) {
	t.Parallel()
	const limit = 100
	c := NewPlayers(limit)
	held := manyIDs("held", 50)
	for _, id := range held {
		c.Hold(id)
	}
	fill(t, c, held...)
	fill(t, c, "often")
	for _, id := range manyIDs("other", 10*limit) {
		fill(t, c, id)
		if _, ok := c.Get("often"); !ok {
			t.Fatal("evicted what was used all the time")
		}
	}
	for _, id := range held {
		if _, ok := c.Get(id); !ok {
			t.Fatalf("evicted %s, which is held", id)
		}
	}
	if stats := c.Stats(); stats.Cached != limit+len(held) || stats.Held != len(held) || stats.Evictions == 0 {
		t.Errorf("stats %+v, want %d cached", stats, limit+len(held))
	}
	for _, id := range held {
		c.Release(id)
	}
	if stats := c.Stats(); stats.Cached != limit || stats.Held != 0 {
		t.Errorf("stats %+v, want %d cached after release", stats, limit)
	}
}

func TestLimitHoldsOverShards(t *testing.T) {
	t.Parallel()
	const limit = 4 * entriesPerShard
	c := NewPlayers(limit)
	if len(c.shards) != 4 {
		t.Fatalf("%d shards, want 4", len(c.shards))
	}
	fill(t, c, manyIDs("p", 3*limit)...)
	if cached := c.Stats().Cached; cached > limit || cached < limit*9/10 {
		t.Errorf("%d cached, want about %d", cached, limit)
	}
}

func TestHoldIsCounted(t *testing.T) {
	t.Parallel()
	c := NewPlayers(0)
	c.Hold("p1")
	c.Hold("p1")
	fill(t, c, "p1")
	c.Release("p1")
	if _, ok := c.Get("p1"); !ok {
		t.Error("dropped a player who is still held")
	}
	c.Release("p1")
	c.Release("p1")
	if _, ok := c.Get("p1"); ok || len(c.All()) != 0 {
		t.Error("kept a player nobody holds over the limit of none")
	}
}

// An evicted entry must not be one that a fetch is about to refresh: changes
// reported meanwhile would be lost.
func TestEvictionSparesFetches(t *testing.T) {
	t.Parallel()
	c := NewPlayers(1)
	fill(t, c, "p1")
	_, err := c.Reread(t.Context(), "p1",
		func(ctx context.Context, _ []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
			r := reading(named("old", 1), 20)
			fill(t, c, manyIDs("other", 5)...)
			c.Apply(rowOf(named("new", 2), 21))
			return []changefeed.VersionedPlayer{r}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := c.Get("p1"); ok {
		wantName(t, p, "new")
	} else {
		t.Error("not kept")
	}
}

func TestKnownAbsentIsCached(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	calls := 0
	for range 2 {
		p, _, err := c.Read(t.Context(), "p1", fetched(&calls, reading(nil, 10)))
		if p != nil || err != nil {
			t.Fatalf("got %+v, %v; want nobody", p, err)
		}
	}
	if calls != 1 {
		t.Errorf("fetched %d times, want once", calls)
	}
	if result := c.Apply(keyOnlyChange(11)); result != changefeed.NeedsRead {
		t.Errorf("an insert had result %d, want a read", result)
	}
	if result := c.Refresh(reading(named("Steve", 1), 11)); result != changefeed.Applied {
		t.Errorf("the read had result %d", result)
	}
	p, _ := c.Get("p1")
	wantName(t, p, "Steve")
}

func TestApplyResults(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	fill(t, c, "p1") // revision 0 at 10
	own := reading(named("own", 3), 10)
	own.Xid = 13
	for i, step := range []struct {
		got  func() changefeed.ApplyResult
		want changefeed.ApplyResult
	}{
		{func() changefeed.ApplyResult { return c.Apply(rowOf(named("seen", 9), 10)) }, changefeed.Unchanged},
		{func() changefeed.ApplyResult { return c.Apply(rowOf(named("second", 2), 12)) }, changefeed.Applied},
		{func() changefeed.ApplyResult { return c.Apply(rowOf(named("second", 2), 12)) }, changefeed.Unchanged},
		{func() changefeed.ApplyResult { return c.Apply(rowOf(named("first", 1), 11)) }, changefeed.Unchanged},
		{func() changefeed.ApplyResult { return c.Refresh(own) }, changefeed.Applied},
		{func() changefeed.ApplyResult { return c.Refresh(own) }, changefeed.Unchanged},
		{func() changefeed.ApplyResult { return c.Refresh(reading(named("old", 0), 9)) }, changefeed.Unchanged},
		{func() changefeed.ApplyResult { return c.Refresh(reading(named("own", 3), 13)) }, changefeed.Unchanged},
		{func() changefeed.ApplyResult { return c.Apply(keyOnlyChange(13)) }, changefeed.Unchanged},
		{func() changefeed.ApplyResult { return c.Apply(keyOnlyChange(14)) }, changefeed.NeedsRead},
		{func() changefeed.ApplyResult { return c.Refresh(reading(nil, 14)) }, changefeed.Applied},
		{func() changefeed.ApplyResult {
			return c.Apply(changefeed.Change{Entity: syncer.EntityPlayer, Xid: 15})
		}, changefeed.NeedsRead},
		{func() changefeed.ApplyResult {
			return c.Apply(changefeed.Change{Entity: syncer.EntityBan, Key: "p1", Xid: 15})
		}, changefeed.Unchanged},
		{func() changefeed.ApplyResult {
			return c.Apply(changefeed.Change{Entity: syncer.EntityPlayer, Key: "p2", Xid: 15})
		}, changefeed.Unchanged},
		{func() changefeed.ApplyResult {
			return c.Refresh(changefeed.VersionedPlayer{ID: "p2", Snapshot: snapshotAt(20)})
		}, changefeed.Unchanged},
	} {
		if got := step.got(); got != step.want {
			t.Errorf("step %d had result %d, want %d", i, got, step.want)
		}
	}
}

// After a reset transaction ids and revisions start anywhere: what is held is
// shown on, and the next reading replaces it though its numbers are lower.
func TestResetYieldsToLowerNumbers(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	c.Hold("p1")
	c.Hold("p2")
	fill(t, c, "p1", "p3")
	c.Refresh(reading(named("other epoch", 900), 9000))
	c.Reset()
	p, _ := c.Get("p1")
	wantName(t, p, "other epoch")
	if result := c.Apply(rowOf(named("later", 902), 9003)); result != changefeed.NeedsRead {
		t.Errorf("a change had result %d, want a read", result)
	}
	all := c.All()
	if slices.Sort(all); !slices.Equal(all, []syncer.PlayerID{"p1", "p2"}) {
		t.Errorf("left %v, want the held ones", all)
	}
	if result := c.Refresh(reading(named("this epoch", 5), 20)); result != changefeed.Applied {
		t.Errorf("the read had result %d", result)
	}
	p, _ = c.Get("p1")
	wantName(t, p, "this epoch")
}

// TestPlayersConcurrently lets everything happen at once; the race detector and
// the final figures judge.
func TestPlayersConcurrently(t *testing.T) {
	t.Parallel()
	c := NewPlayers(8)
	ids := manyIDs("p", 16)
	var group sync.WaitGroup
	for worker := range 8 {
		group.Go(func() {
			for i := range 400 {
				id := ids[(i*7+worker)%len(ids)]
				c.Hold(id)
				if p, _, err := c.Read(t.Context(), id, fetchNew); err != nil || p.ID != id {
					t.Errorf("read %+v, %v", p, err)
				}
				c.Apply(changefeed.Change{
					Entity: syncer.EntityPlayer, Key: string(id), Xid: uint64(20 + i),
					Row: &changefeed.PlayerRow{Revision: int64(i)},
				})
				if _, ok := c.Get(id); !ok {
					t.Errorf("%s is held, but not there", id)
				}
				player := syncer.NewPlayer(id)
				c.Refresh(changefeed.VersionedPlayer{ID: id, Player: &player, Snapshot: snapshotAt(uint64(20 + i))})
				switch i % 50 {
				case 10:
					c.Wanted(ids)
				case 20:
					c.All()
				case 30:
					c.Stats()
				case 35:
					c.Reset()
				case 40:
					_, _ = c.Reread(t.Context(), id, fetchNew)
				}
				c.Release(id)
			}
		})
	}
	group.Wait()
	if stats := c.Stats(); stats.Cached > 8 || stats.Held != 0 || stats.InFlight != 0 {
		t.Errorf("stats %+v at rest", stats)
	}
}
