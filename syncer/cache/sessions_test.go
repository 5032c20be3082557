package cache_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
)

func stay(server, id string, revision int64, online bool) *changefeed.SessionRow {
	return &changefeed.SessionRow{Session: syncer.Session{Server: server, ID: syncer.PlayerID(id)}, Online: online, Revision: revision}
}

func toldStay(xid uint64, row *changefeed.SessionRow) changefeed.Change {
	return changefeed.Change{Entity: syncer.EntitySession, Key: row.Server + "\t" + string(row.ID), Xid: xid, Row: row}
}

// whereabouts returns who is where, sorted.
func whereabouts(c *cache.Sessions) (all []string) {
	for _, row := range c.All() {
		all = append(all, row.Server+" "+string(row.ID))
	}
	slices.Sort(all)
	return all
}

// Whatever comes late, twice or never, what subscribers are told leads to what is
// held, and a read at the end makes that equal to the rows.
func TestSessionsFollowRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := cache.NewSessions()
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rows, told := map[string]*changefeed.SessionRow{}, map[string]bool{}
		hear := func(events []changefeed.Event) {
			for _, e := range events {
				key := e.Session.Server + " " + string(e.Session.ID)
				if told[key] == e.Online {
					t.Fatalf("told twice of %s: %v", key, e.Online)
				}
				told[key] = e.Online
			}
		}
		var history []changefeed.Change
		for xid := uint64(1); xid < 60; xid++ {
			server, id := fmt.Sprint(random.IntN(2)), fmt.Sprint(random.IntN(3))
			_, on := rows[server+" "+id]
			row := stay(server, id, int64(xid), !on)
			if on {
				delete(rows, server+" "+id)
			} else {
				rows[server+" "+id] = row
			}
			history = append(history, toldStay(xid, row))
			for range random.IntN(3) {
				_, events := c.Apply(history[random.IntN(len(history))])
				hear(events)
			}
			if random.IntN(5) > 0 && xid < 59 {
				continue
			}
			snapshot, err := changefeed.ParseSnapshot(fmt.Sprintf("%d:%d:", xid+1, xid+1))
			if err != nil {
				t.Fatal(err)
			}
			var read []changefeed.Row
			var want []string
			for key, row := range rows {
				read, want = append(read, row), append(want, key)
			}
			hear(c.Load(snapshot, read))
			c.Advance(snapshot)
			slices.Sort(want)
			var heard []string
			for key, online := range told {
				if online {
					heard = append(heard, key)
				}
			}
			slices.Sort(heard)
			if got := whereabouts(c); !slices.Equal(got, want) || !slices.Equal(heard, want) {
				t.Fatalf("after a read: %q, told %q, want %q", got, heard, want)
			}
		}
	})
}

func TestSessionsToldAfterTheReadStay(t *testing.T) {
	t.Parallel()
	c := cache.NewSessions()
	c.Load(seen(t, 10), []changefeed.Row{stay("a", "Steve", 1, true)})
	c.Apply(toldStay(12, stay("a", "Steve", 2, false)))
	c.Apply(toldStay(13, stay("a", "Alex", 3, true)))
	if events := c.Load(seen(t, 11), []changefeed.Row{stay("a", "Steve", 1, true)}); len(events) > 0 {
		t.Errorf("an older read tells %v", events)
	}
	if got := whereabouts(c); !slices.Equal(got, []string{"a Alex"}) {
		t.Errorf("held %q", got)
	}
	for change, want := range map[*changefeed.Change]changefeed.ApplyResult{
		{Entity: syncer.EntitySession, Key: "a\tb", Xid: 14}: changefeed.NeedsRead,
		{Entity: syncer.EntitySession, Xid: 9}:               changefeed.Unchanged,
		new(toldStay(14, stay("a", "Alex", 3, true))):        changefeed.Unchanged,
	} {
		if effect, events := c.Apply(*change); effect != want || len(events) > 0 {
			t.Errorf("%+v: %v, %v", *change, effect, events)
		}
	}
	c.Reset()
	if got := whereabouts(c); !slices.Equal(got, []string{"a Alex"}) {
		t.Errorf("after a reset: %q", got)
	}
	if c.Load(seen(t, 5), nil); len(c.All()) > 0 {
		t.Errorf("of another epoch: %q", whereabouts(c))
	}
}

// A player that came again at another time is told of anew.
func TestSessionThatBeganAnewIsTold(t *testing.T) {
	t.Parallel()
	c := cache.NewSessions()
	first, second := stay("a", "Steve", 1, true), stay("a", "Steve", 2, true)
	first.Since, second.Since = syncer.Millis(1), syncer.Millis(2)
	c.Load(seen(t, 10), []changefeed.Row{first})
	if events := c.Load(seen(t, 11), []changefeed.Row{second}); len(events) != 1 || !events[0].Online || events[0].Session.Since != second.Since {
		t.Errorf("told %v", events)
	}
}
