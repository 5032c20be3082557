package cache

import (
	"context"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

func entry(action string) syncer.HistoryEntry {
	return syncer.HistoryEntry{Action: action, By: "Steve", Time: syncer.Millis(int64(len(action)))}
}

func historyOf(action string, xid uint64) changefeed.Change {
	ch := keyOnlyChange(xid)
	ch.Row = &changefeed.HistoryRow{Entries: []syncer.HistoryEntry{entry(action)}}
	return ch
}

func withEntries(p *syncer.Player, actions ...string) *syncer.Player {
	for _, action := range actions {
		p.History = append(p.History, entry(action))
	}
	return p
}

func wantHistory(t *testing.T, c *Players, actions ...string) {
	t.Helper()
	p, ok := c.Get("p1")
	if !ok || p == nil {
		t.Fatal("not cached")
	}
	if want := withEntries(named("", 0), actions...).History; len(p.History) != len(want) ||
		len(syncer.UniteHistory(p.History, want)) != len(want) {
		t.Errorf("history %v, want %v", p.History, want)
	}
}

// A received row stays over readings that do not include it, and only over those.
func TestReadingKeepsWhatItHasNotSeen(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	fill(t, c, "p1")
	c.Apply(rowOf(named("new", 5), 15))
	c.Apply(historyOf("ban", 16))
	c.Apply(historyOf("mute", 12))
	c.Refresh(reading(withEntries(named("old", 1), "mute"), 13))
	p, _ := c.Get("p1")
	wantName(t, p, "new")
	wantHistory(t, c, "mute", "ban")
	c.Refresh(reading(named("cleared", 6), 17))
	p, _ = c.Get("p1")
	wantName(t, p, "cleared")
	wantHistory(t, c)
	if result := c.Apply(historyOf("ban", 16)); result != changefeed.Unchanged {
		t.Errorf("a late entry had result %d", result)
	}
	wantHistory(t, c)
}

// Of rows that arrive during a fetch the newest counts, in whatever order they
// come.
func TestFetchTakesNewestRow(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	p, _, err := c.Read(t.Context(), "p1",
		func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
			c.Apply(rowOf(named("second", 3), 12))
			c.Apply(rowOf(named("first", 2), 11))
			return []changefeed.VersionedPlayer{reading(named("old", 1), 10)}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	wantName(t, p, "second")
}

// Two own writes that ran side by side, neither seeing the other: the row's
// revisions order them, and neither's history entry is lost.
func TestConcurrentOwnWrites(t *testing.T) {
	t.Parallel()
	first := changefeed.VersionedPlayer{
		ID: "p1", Player: withEntries(named("first", 2), "warn"), Snapshot: snapshotAt(10), Xid: 12,
	}
	second := changefeed.VersionedPlayer{
		ID: "p1", Player: withEntries(named("second", 3), "kicked"), Snapshot: snapshotAt(10), Xid: 11,
	}
	for _, order := range [][]changefeed.VersionedPlayer{{first, second}, {second, first}} {
		c := NewPlayers(10)
		c.Hold("p1")
		fill(t, c, "p1")
		c.Refresh(reading(named("old", 1), 10))
		for _, own := range order {
			c.Refresh(own)
		}
		p, _ := c.Get("p1")
		wantName(t, p, "second")
		wantHistory(t, c, "warn", "kicked")
	}
}

// A reading by the feed may end a fetch's wait with less than was reported
// during it: the fetch must still take that into account.
func TestFetchMindsKeyOnlyChangeAfterFeedsReading(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	calls := 0
	p, _, err := c.Read(t.Context(), "p1",
		func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
			if calls++; calls > 1 {
				return []changefeed.VersionedPlayer{reading(named("new", 2), 12)}, nil
			}
			c.Wanted([]syncer.PlayerID{"p1"})
			c.Apply(keyOnlyChange(12))
			c.Refresh(reading(named("old", 1), 11))
			return []changefeed.VersionedPlayer{reading(named("old", 1), 10)}, nil
		})
	if err != nil {
		t.Fatal(err)
	}
	wantName(t, p, "new")
}

// The result of a write for an id that is held without a copy is no copy, but
// stays visible over whatever the feed had begun to read before.
func TestOwnWriteWithoutCopy(t *testing.T) {
	t.Parallel()
	c := NewPlayers(10)
	c.Hold("p1")
	c.Wanted([]syncer.PlayerID{"p1"})
	own := reading(named("own", 2), 10)
	own.Xid = 11
	if result := c.Refresh(own); result != changefeed.NeedsRead {
		t.Errorf("the write had result %d, want a read", result)
	}
	if _, ok := c.Get("p1"); ok {
		t.Error("took the write's result for a copy")
	}
	c.Refresh(reading(named("old", 1), 10))
	p, _ := c.Get("p1")
	wantName(t, p, "own")
}
