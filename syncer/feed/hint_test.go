package feed_test

import (
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

// invented give transactions that no poll finds.
var invented = map[string]func(r *rig) uint64{
	"that no snapshot has seen": func(*rig) uint64 { return 1 << 40 },
	"that changed nothing": func(r *rig) uint64 {
		xid := r.db.begin()
		r.db.commit(xid, unwritten, func(*database) []changefeed.Change { return nil })
		return xid
	},
}

// invent notifies of a change that was never made, with a revision that no row reaches.
func (r *rig) invent(ch changefeed.Change) {
	ch.At = time.Now()
	r.db.set(func(d *database) { d.notify([]changefeed.Change{ch}, withRow) })
	advanceTime(time.Millisecond)
}

const tooHigh = 1 << 50

func (r *rig) wantUnfounded(want float64) {
	r.Helper()
	if n := r.metric("playersync_feed_unfounded_total", ""); n != want {
		r.Errorf("%v changes counted as never made, want %v", n, want)
	}
}

func TestInventedRowLastsUntilTheNextPoll(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		for name, transaction := range invented {
			r.Log(name)
			xid := transaction(r)
			king := syncer.NewPlayer(steve)
			king.Rank = "king"
			r.invent(changefeed.Change{
				Entity: syncer.EntityPlayer, Key: string(steve), Xid: xid,
				Row: &changefeed.PlayerRow{Revision: tooHigh, Synced: king.Synced},
			})
			r.wantRank(steve, "king")
			r.takeEvents()
			advanceTime(6 * time.Second)
			r.wantRank(steve, "player")
			if e := r.wantEvent(changefeed.EventPlayer); e.Player == nil || e.Player.Rank != "player" {
				t.Errorf("event is %+v", e)
			}
		}
		r.wantUnfounded(2)
		r.db.rank(steve, "mod", withRow)
		advanceTime(time.Millisecond)
		r.wantRank(steve, "mod")
		advanceTime(time.Minute)
		r.wantUnfounded(2)
	})
}

// A real change beside an invented one of the same player must not be lost to its revision.
func TestInventedRowDoesNotHideRealOnes(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		king := syncer.NewPlayer(steve)
		king.Rank = "king"
		r.invent(changefeed.Change{
			Entity: syncer.EntityPlayer, Key: string(steve), Xid: 1 << 40,
			Row: &changefeed.PlayerRow{Revision: tooHigh, Synced: king.Synced},
		})
		r.db.rank(steve, "mod", withRow)
		r.db.rank(steve, "admin", lost)
		advanceTime(6 * time.Second)
		r.wantRank(steve, "admin")
	})
}

func TestInventedHistoryAndBalanceLastUntilTheNextPoll(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		for name, transaction := range invented {
			r.Log(name)
			xid := transaction(r)
			entry := syncer.HistoryEntry{Action: "praised", By: "nobody", Time: syncer.Millis(1)}
			r.invent(changefeed.Change{
				Entity: syncer.EntityPlayer, Key: string(steve), Xid: xid,
				Row: &changefeed.HistoryRow{Entries: []syncer.HistoryEntry{entry}},
			})
			r.invent(changefeed.Change{
				Entity: syncer.EntityBalance, Key: string(steve), Xid: xid,
				Row: &changefeed.BalanceRow{
					Balances: []syncer.Balance{{Currency: "coin", Amount: 9, Revision: tooHigh}},
				},
			})
			p, _ := r.players.Get(steve)
			if balances, _ := r.players.Balances(steve); len(p.History) != 1 || balances["coin"] != 9 {
				t.Fatalf("nothing came of the notification: %+v, %v", p.History, balances)
			}
			advanceTime(6 * time.Second)
			p, _ = r.players.Get(steve)
			if balances, _ := r.players.Balances(steve); len(p.History) != 0 || len(balances) != 0 {
				t.Errorf("held after the poll: %+v, %v", p.History, balances)
			}
		}
	})
}

func TestInventedBanLastsUntilTheNextPoll(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		banned := syncer.TargetID(crook)
		r.db.ban(banned, withRow)
		advanceTime(6 * time.Second)
		for name, transaction := range invented {
			r.Log(name)
			xid := transaction(r)
			r.invent(changefeed.Change{
				Entity: syncer.EntityBan, Key: syncer.TargetID(steve).Key(), Xid: xid,
				Row: &changefeed.BanRow{Open: true, Revision: tooHigh},
			})
			r.invent(changefeed.Change{
				Entity: syncer.EntityBan, Key: banned.Key(), Xid: xid, Row: &changefeed.BanRow{Revision: tooHigh},
			})
			_, steveIs := r.bans.Lookup(syncer.TargetID(steve))
			if _, crookIs := r.bans.Lookup(banned); !steveIs || crookIs {
				t.Fatal("nothing came of the notification")
			}
			r.takeEvents()
			advanceTime(6 * time.Second)
			_, steveIs = r.bans.Lookup(syncer.TargetID(steve))
			if _, crookIs := r.bans.Lookup(banned); steveIs || !crookIs {
				t.Errorf("after the poll: Steve banned %v, the crook %v", steveIs, crookIs)
			}
			if events := r.takeEvents(); len(events) != 2 {
				t.Errorf("events are %+v, want one for each target", events)
			}
		}
	})
}

// Where everything is read again, nothing that was only notified outlives it.
func TestInventedRowsDoNotOutliveAReload(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.invent(changefeed.Change{
			Entity: syncer.EntityBan, Key: syncer.TargetID(steve).Key(), Xid: 1 << 40,
			Row: &changefeed.BanRow{Open: true, Revision: tooHigh},
		})
		r.db.set(func(d *database) { d.where.Triggers = "altered" })
		advanceTime(6 * time.Second)
		if _, banned := r.bans.Lookup(syncer.TargetID(steve)); banned {
			t.Error("the ban is held after everything was read again")
		}
	})
}

// A statement that changes many rows records their table; its writer may name the rows.
func TestRowsOfAChangedTableAreBorneOut(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		var told []changefeed.Change
		r.db.commit(r.db.begin(), lost, func(d *database) []changefeed.Change {
			told = ranked(steve, "mod")(d)
			return []changefeed.Change{{Entity: syncer.EntityPlayer}}
		})
		r.db.set(func(d *database) {
			told[0].Xid = d.next - 1
			d.notify(told, withRow)
		})
		advanceTime(6 * time.Second)
		r.wantRank(steve, "mod")
		r.wantUnfounded(0)
	})
}

func TestForgedNotificationsAreCountedAndIgnored(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		polls := r.db.count("Poll")
		for range 100 {
			r.db.set(func(d *database) { d.notify([]changefeed.Change{}, withRow) })
		}
		advanceTime(time.Second)
		if n := r.metric("playersync_feed_forged_total", ""); n != 100 {
			t.Errorf("%v forged notifications counted, want 100", n)
		}
		caused, most := r.db.count("Poll")-polls, 0
		if r.db.fanout != nil {
			most = 1 // in each second, with the key, which may have been replaced
		}
		if caused > most || r.db.count("ReadKey") > 1+caused {
			t.Errorf("forged notifications caused %d polls, and the key was read %d times", caused,
				r.db.count("ReadKey"))
		}
		r.wantFollowing(true)
		r.wantNoEvents()
		warnings := func() int { return strings.Count(r.log.String(), "nobody signed") }
		if n := warnings(); n != 1 {
			t.Errorf("%d warnings in a second", n)
		}
		advanceTime(time.Minute)
		r.db.set(func(d *database) { d.notify([]changefeed.Change{}, withRow) })
		advanceTime(time.Second)
		if n := warnings(); n != 2 || !strings.Contains(r.log.String(), "count=100") { // 99 and this one
			t.Errorf("%d warnings in a minute:\n%s", n, r.log.String())
		}
	})
}
