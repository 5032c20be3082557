package feed_test

import (
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

// write does an own write: it changes the row, reports that to the applier, and notifies
// everybody else and us.
func (r *rig) write(id syncer.PlayerID, rank string, how delivery) {
	before := r.db.read([]syncer.PlayerID{id})[0].Snapshot
	changes := r.db.rank(id, rank, lost)
	after := r.db.read([]syncer.PlayerID{id})
	after[0].Snapshot, after[0].Xid = before, changes[0].Xid
	r.applier.Wrote(r.applier.Begin(), after, changes)
	if how != lost {
		r.db.set(func(d *database) { d.notify(changes, how) })
	}
}

func TestOwnWriteIsPublishedOnce(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]delivery{"echo with row": withRow, "echo with key": keyOnly, "no echo": lost} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				r.write(steve, "admin", how)
				r.wantRank(steve, "admin")
				if e := r.wantEvent(changefeed.EventPlayer); e.Player == nil || e.Player.Rank != "admin" {
					t.Errorf("event is %+v", e)
				}
				advanceTime(time.Minute)
				r.wantNoEvents()
				if n := r.metric("playersync_feed_found_by_poll_total", ""); n != 0 {
					t.Errorf("%v own writes counted as found by poll", n)
				}
			})
		})
	}
}

func TestOwnBanIsPublishedOnce(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		target := syncer.TargetID(steve)
		changes := r.db.ban(target, lost)
		r.applier.Wrote(r.applier.Begin(), nil, changes)
		if _, ok := r.bans.Lookup(target); !ok {
			t.Error("own ban is not held")
		}
		if e := r.wantEvent(changefeed.EventBan); !e.Banned || e.Target != target {
			t.Errorf("event is %+v", e)
		}
		r.db.set(func(d *database) { d.notify(changes, withRow) })
		advanceTime(time.Minute)
		r.wantNoEvents()
	})
}

// The feed may find an own write before the request that made it gets to say so.
func TestOwnWriteThatAPollFoundFirst(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]string{"before the poll ends": "ReadPlayers", "after the poll": "Wait"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				before := r.db.read([]syncer.PlayerID{steve})[0].Snapshot
				changes := r.db.rank(steve, "admin", lost)
				after := r.db.read([]syncer.PlayerID{steve})
				after[0].Snapshot, after[0].Xid = before, changes[0].Xid
				wrote := sync.OnceFunc(func() { r.applier.Wrote(r.applier.Begin(), after, changes) })
				r.db.set(func(d *database) { d.during[during] = wrote })
				advanceTime(time.Minute)
				r.wantEvent(changefeed.EventPlayer)
				if n := r.metric("playersync_feed_found_by_poll_total", ""); n != 0 {
					t.Errorf("%v own writes counted as found by poll", n)
				}
			})
		})
	}
}

// An own write of a player that is held but not in memory is not enough to know
// the row; nothing else will say that it must be read.
func TestInexactOwnWriteIsReadAtOnce(t *testing.T) {
	t.Parallel()
	for name, config := range map[string]feed.Config{
		"listening": {}, "polling": {PollOnly: true, PollInterval: time.Hour},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, config, func(r *rig) {
				advanceTime(time.Second)
				r.players.Hold(other)
				r.db.rank(other, "admin", unwritten) // a write that nobody is notified of
				after := r.db.read([]syncer.PlayerID{other})
				after[0].Xid = 1 << 20
				r.applier.Wrote(r.applier.Begin(), after, nil)
				synctest.Wait()
				r.wantRank(other, "admin")
				r.takeEvents()
				advanceTime(time.Minute)
				r.wantNoEvents()
			})
		})
	}
}

func TestUnknownEntitiesAndKeysDoNoHarm(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.db.commit(r.db.begin(), keyOnly, func(*database) []changefeed.Change {
			return []changefeed.Change{{Entity: "weather", Key: "1"}, {Entity: "weather"}}
		})
		advanceTime(6 * time.Second)
		r.wantFollowing(true)
		r.wantNoEvents()
		r.db.commit(r.db.begin(), keyOnly, func(d *database) []changefeed.Change {
			d.bans[syncer.TargetID(crook)] = syncer.ActiveBan{Target: syncer.TargetID(crook)}
			return []changefeed.Change{{Entity: syncer.EntityBan, Key: "fingerprint:1"}}
		})
		advanceTime(6 * time.Second)
		r.db.equals(t, r)
		r.wantEvent(changefeed.EventResync)
	})
}

// Changes of all kinds, own writes, lost and late notifications, long
// transactions and broken connections, at random: in the end memory equals the
// rows, and every player that changed had an event after its last change.
func TestConvergesWhateverHappens(t *testing.T) {
	t.Parallel()
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed", seed), func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{PollOnly: seed%4 == 3}, func(r *rig) { r.chaos(rand.New(rand.NewPCG(seed, 0))) })
		})
	}
}

func (r *rig) chaos(random *rand.Rand) {
	id := func() syncer.PlayerID { return syncer.PlayerID(fmt.Sprint("p", random.IntN(6))) }
	how := func() delivery { return delivery(random.IntN(int(garbled) + 1)) }
	var open []uint64
	var late [][]changefeed.Change
	for i := range 300 {
		rank := fmt.Sprint("rank", i)
		switch random.IntN(14) {
		case 0, 1, 2:
			r.db.rank(id(), rank, how())
		case 3, 4:
			r.write(id(), rank, how())
		case 5:
			r.db.remove(id(), how())
		case 6:
			r.db.ban(syncer.TargetID(id()), how())
		case 7:
			r.db.unban(syncer.TargetID(id()), how())
		case 8:
			r.fetch(id())
		case 9:
			open = append(open, r.db.begin())
		case 10:
			if len(open) > 0 {
				r.db.commit(open[0], how(), ranked(id(), rank))
				open = open[1:]
			}
		case 11:
			late = append(late, r.db.rank(id(), rank, lost))
		case 12:
			for _, changes := range late {
				r.db.set(func(d *database) { d.notify(changes, withRow) })
			}
			late = nil
		case 13:
			if random.IntN(4) == 0 {
				r.db.cut()
			}
		}
		advanceTime(time.Duration(random.IntN(40)) * 10 * time.Millisecond)
	}
	advanceTime(12 * time.Second)
	r.wantFollowing(true)
	r.db.equals(r.T, r)
	r.wantLastEvents()
}

// wantLastEvents fails the test unless the last event of each player shows its row's
// state, where it shows one.
func (r *rig) wantLastEvents() {
	r.Helper()
	last := map[syncer.PlayerID]changefeed.Event{}
	for _, e := range r.takeEvents() {
		switch e.Type {
		case changefeed.EventResync:
			clear(last)
		case changefeed.EventPlayer:
			last[e.ID] = e
		case changefeed.EventBan:
		}
	}
	r.db.set(func(d *database) {
		for id, e := range last {
			switch row := d.players[id]; {
			case e.Gone && row != nil, e.Player != nil && !same(e.Player, row):
				r.Errorf("last event of %s: %+v, row is %+v", id, e, row)
			}
		}
	})
}

// Own writes come from many requests while the feed runs.
func TestConcurrentOwnWrites(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		var writers sync.WaitGroup
		for w := range 8 {
			writers.Go(func() {
				for i := range 50 {
					r.write(syncer.PlayerID(fmt.Sprint("p", w%4)), fmt.Sprint("rank", w, i), delivery(i%3))
					r.fetch(syncer.PlayerID(fmt.Sprint("p", w%4)))
				}
			})
		}
		writers.Wait()
		advanceTime(12 * time.Second)
		r.db.equals(t, r)
		r.wantLastEvents()
	})
}
