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
	session := syncer.Session{Server: server, ID: syncer.PlayerID(id)}
	return &changefeed.SessionRow{Session: session, Online: online, Revision: revision}
}

func sessionChange(xid uint64, row *changefeed.SessionRow) changefeed.Change {
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

// Whatever comes late, twice or never, the published events lead to what is
// held, and a read at the end makes that equal to the rows.
func TestSessionsFollowRandomHistories(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := cache.NewSessions()
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		rows, published := map[string]*changefeed.SessionRow{}, map[string]bool{}
		receive := func(events []changefeed.Event) {
			for _, e := range events {
				key := e.Session.Server + " " + string(e.Session.ID)
				if published[key] == e.Online {
					t.Fatalf("published twice for %s: %v", key, e.Online)
				}
				published[key] = e.Online
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
			history = append(history, sessionChange(xid, row))
			for range random.IntN(3) {
				_, events := c.Apply(history[random.IntN(len(history))])
				receive(events)
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
			receive(c.Load(snapshot, read))
			c.Advance(snapshot)
			slices.Sort(want)
			var received []string
			for key, online := range published {
				if online {
					received = append(received, key)
				}
			}
			slices.Sort(received)
			if got := whereabouts(c); !slices.Equal(got, want) || !slices.Equal(received, want) {
				t.Fatalf("after a read: %q, published %q, want %q", got, received, want)
			}
		}
	})
}

func TestSessionsReceivedAfterTheReadStay(t *testing.T) {
	t.Parallel()
	c := cache.NewSessions()
	c.Load(seen(t, 10), []changefeed.Row{stay("a", "Steve", 1, true)})
	c.Apply(sessionChange(12, stay("a", "Steve", 2, false)))
	c.Apply(sessionChange(13, stay("a", "Alex", 3, true)))
	if events := c.Load(seen(t, 11), []changefeed.Row{stay("a", "Steve", 1, true)}); len(events) > 0 {
		t.Errorf("an older read publishes %v", events)
	}
	if got := whereabouts(c); !slices.Equal(got, []string{"a Alex"}) {
		t.Errorf("held %q", got)
	}
	for change, want := range map[*changefeed.Change]changefeed.ApplyResult{
		{Entity: syncer.EntitySession, Key: "a\tb", Xid: 14}: changefeed.NeedsRead,
		{Entity: syncer.EntitySession, Xid: 9}:               changefeed.Unchanged,
		new(sessionChange(14, stay("a", "Alex", 3, true))):   changefeed.Unchanged,
	} {
		if result, events := c.Apply(*change); result != want || len(events) > 0 {
			t.Errorf("%+v: %v, %v", *change, result, events)
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

// A player that came again at another time gets a new event.
func TestSessionThatBeganAnewIsPublished(t *testing.T) {
	t.Parallel()
	c := cache.NewSessions()
	first, second := stay("a", "Steve", 1, true), stay("a", "Steve", 2, true)
	first.Since, second.Since = syncer.Millis(1), syncer.Millis(2)
	c.Load(seen(t, 10), []changefeed.Row{first})
	events := c.Load(seen(t, 11), []changefeed.Row{second})
	if len(events) != 1 || !events[0].Online || events[0].Session.Since != second.Since {
		t.Errorf("events %v", events)
	}
}
