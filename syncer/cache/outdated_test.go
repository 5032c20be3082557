package cache

import (
	"context"
	"errors"
	"sync"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// What was held before a reset cannot be compared with a write after it, but readings can.
func TestOwnWriteAfterAResetOutlastsReadingsFromBeforeIt(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	c.Hold("p1")
	fill(t, c, "p1")
	c.Refresh(reading(named("other epoch", 900), 9000))
	c.Reset()
	c.All()
	own := reading(named("own", 6), 20)
	own.Xid = 22
	if result := c.Refresh(own); result != changefeed.NeedsRead {
		t.Errorf("the write had result %d, want a read", result)
	}
	for _, step := range []struct {
		reading changefeed.VersionedPlayer
		want    string
	}{
		{own, "own"},
		{reading(named("before it", 5), 21), "own"},
		{reading(named("after it", 7), 23), "after it"},
	} {
		c.Refresh(step.reading)
		p, _ := c.Get("p1")
		wantName(t, p, step.want)
	}
}

// A copy that lacks an acknowledged write is no answer. Neither is what was read before it.
func TestOutdatedCopiesAreReadAnew(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	c := NewPlayers(10)
	c.Hold("p1")
	fill(t, c, "p1")
	c.Refresh(reading(named("before", 5), 20))
	db := reading(named("before", 5), 21)
	var fails error
	var during func()
	reads := 0
	fetch := func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
		reads++
		read := db
		if during != nil {
			during()
		}
		return []changefeed.VersionedPlayer{read}, fails
	}
	expect := func(want string, wantReads int) {
		t.Helper()
		reads = 0
		p, fromMemory, err := c.Read(ctx, "p1", fetch)
		if err != nil || reads != wantReads || fromMemory != (wantReads == 0 || fails != nil) {
			t.Errorf("%d reads, want %d; from memory: %t, %v", reads, wantReads, fromMemory, err)
		}
		wantName(t, p, want)
	}
	expect("before", 0)

	c.Wanted([]syncer.PlayerID{"p1"}) // the feed begins to read
	c.Outdate("p1", named("written", 6))
	c.Outdate("p1", named("written before that", 5))
	c.Outdate("p1", nil) // a balance was
	if result := c.Refresh(db); result != changefeed.NeedsRead {
		t.Errorf("a reading from before had result %d, want another", result)
	}
	fails = errors.New("the database is away")
	expect("written", 1) // as the writer was told
	fails, db = nil, reading(named("written", 6), 23)
	expect("written", 1)
	expect("written", 0)

	c.Outdate("p1", nil)
	db = reading(named("written twice", 7), 24)
	c.Wanted([]syncer.PlayerID{"p1"})
	c.Refresh(db)
	expect("written twice", 0)

	c.Outdate("p1", nil)
	during = sync.OnceFunc(func() {
		c.Outdate("p1", nil)
		db = reading(named("written meanwhile", 8), 25)
	})
	expect("written meanwhile", 2)
}
