package feed_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

const reloads = "playersync_feed_reloads_total"

func TestReconnectCatchesUpFromCursor(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.db.set(func(d *database) { d.fails["Open"] = errors.New("connection refused") })
		r.db.cut()
		advanceTime(10 * time.Second)
		r.wantFollowing(false)
		reason := r.feed.Status().Reason
		if !strings.Contains(reason, "connection refused") || !strings.Contains(reason, "database.url") {
			t.Errorf("reason is %q", reason)
		}
		r.db.rank(steve, "admin", withRow) // nobody listens
		r.db.set(func(d *database) { clear(d.fails) })
		advanceTime(time.Second)
		r.wantFollowing(true)
		r.wantRank(steve, "admin")
		r.wantEvent(changefeed.EventPlayer)
		if n := r.metric(reloads, ""); n != 1 {
			t.Errorf("%v reloads, want the first only", n)
		}
		if n := r.metric("playersync_feed_reconnects_total", ""); n != 1 {
			t.Errorf("%v reconnects, want 1", n)
		}
	})
}

// Whatever statement of a catch-up fails, the cursor stays where it was.
func TestFailedCatchUpIsRepeated(t *testing.T) {
	t.Parallel()
	target := syncer.TargetID(other)
	for _, method := range []string{"Listen", "Poll", "ReadPlayers", "ReadBans"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				if method == "Listen" && r.db.fanout != nil {
					method = "ReadKey"
				}
				r.db.set(func(d *database) { d.fails[method] = errBroken })
				r.db.cut()
				r.db.rank(steve, "admin", keyOnly)
				r.db.ban(target, keyOnly)
				advanceTime(5 * time.Second)
				r.wantFollowing(false)
				r.db.set(func(d *database) { clear(d.fails) })
				advanceTime(5 * time.Second)
				r.wantFollowing(true)
				r.db.equals(t, r)
				if events := r.takeEvents(); len(events) != 2 {
					t.Errorf("events are %+v, want one of the player and one of the ban", events)
				}
			})
		})
	}
}

func TestStalledNetworkIsNoticed(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{Heartbeat: 5 * time.Second, StatementTimeout: 2 * time.Second}, func(r *rig) {
		r.db.set(func(d *database) { d.stalls["Poll"] = true })
		advanceTime(8 * time.Second)
		r.wantFollowing(false)
		if reason := r.feed.Status().Reason; !strings.Contains(reason, "deadline exceeded") {
			t.Errorf("reason is %q", reason)
		}
		advanceTime(time.Minute)
		if age := r.metric("playersync_feed_staleness_seconds", ""); age < 60 || age > 75 {
			t.Errorf("staleness is %v s after a minute's stall", age)
		}
		if r.metric("playersync_feed_following", "") != 0 {
			t.Error("shown as following")
		}
		r.db.rank(steve, "admin", withRow)
		r.db.set(func(d *database) { clear(d.stalls) })
		advanceTime(3 * time.Second)
		r.wantFollowing(true)
		r.wantRank(steve, "admin")
	})
}

// A connection that falls silent while much is read is given up as soon as any other.
func TestSilentLoadIsGivenUp(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{StatementTimeout: 2 * time.Second, ReloadTimeout: time.Minute}, func(r *rig) {
		r.db.set(func(d *database) {
			d.stalls["LoadBans"] = true
			d.where.Epoch = "second"
		})
		r.db.cut()
		advanceTime(3 * time.Second)
		r.db.ban(syncer.TargetID(other), keyOnly)
		r.db.set(func(d *database) { clear(d.stalls) }) // the answer of the connection does not come
		advanceTime(3 * time.Second)
		r.wantFollowing(true)
		r.db.equals(t, r)
	})
}

// After these, nothing that memory holds can be compared with what comes next.
func TestForgets(t *testing.T) {
	t.Parallel()
	faults := map[string]struct {
		reason string
		fault  func(d *database)
	}{
		"restored": {"epoch", func(d *database) { d.where.Epoch, d.next = "second", 10 }},
		"pruned":   {"floor", func(d *database) { d.where.Floor, d.changes = d.next+1, nil }},
		"strayed":  {"strayed", func(d *database) { d.where.Strayed = true }},
		"rewound":  {"rewound", func(d *database) { d.next -= 2 }},
		"dump":     {"epoch", func(d *database) { d.where.SameDatabase = false }},
	}
	for name, c := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				r.db.rank(other, "player", keyOnly)
				r.fetch(other)
				r.db.ban(syncer.TargetID(crook), withRow)
				advanceTime(10 * time.Second)
				r.takeEvents()
				r.db.cut()
				r.db.set(func(d *database) {
					d.players[steve] = nil
					delete(d.players, steve)
					clear(d.bans)
					c.fault(d)
				})
				advanceTime(2 * time.Second)
				r.wantEvent(changefeed.EventResync)
				r.wantFollowing(true)
				r.db.equals(t, r)
				if _, ok := r.players.Get(other); ok {
					t.Error("other is still cached")
				}
				if n := r.metric(reloads, c.reason); n != 1 {
					t.Errorf("%v reloads because of %s, want 1", n, c.reason)
				}
				r.db.rank(steve, "admin", keyOnly)
				advanceTime(time.Second)
				r.wantRank(steve, "admin")
			})
		})
	}
}

func TestFailedReloadIsRepeatedInFull(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.db.set(func(d *database) {
			d.fails["ReadPlayers"] = errBroken
			d.where.Epoch = "second"
			d.players[steve].Rank = "changed elsewhere"
		})
		r.db.cut()
		advanceTime(5 * time.Second)
		r.wantFollowing(false)
		r.wantNoEvents()
		r.db.set(func(d *database) { clear(d.fails) })
		advanceTime(2 * time.Second)
		r.wantRank(steve, "changed elsewhere")
		r.wantEvent(changefeed.EventResync)
		if status := r.feed.Status(); status.Epoch != "second" {
			t.Errorf("status is %+v", status)
		}
	})
}

// A failed visit to another database leaves no position to continue from, also when the
// first database is back.
func TestEpochThatComesBack(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.db.set(func(d *database) {
			d.fails["ReadPlayers"] = errBroken
			d.where.Epoch = "second"
			d.bans[syncer.TargetID(steve)] = syncer.ActiveBan{Target: syncer.TargetID(steve)}
		})
		r.db.cut()
		advanceTime(5 * time.Second)
		r.db.set(func(d *database) {
			clear(d.fails)
			clear(d.bans)
			d.where.Epoch = "first"
		})
		advanceTime(2 * time.Second)
		r.wantFollowing(true)
		r.db.equals(t, r)
		r.wantEvent(changefeed.EventResync)
	})
}

func TestRefusedConnections(t *testing.T) {
	t.Parallel()
	faults := map[string]struct {
		hint  string
		fault func(p *feed.Position)
	}{
		"standby": {"point database.url at the primary", func(p *feed.Position) { p.InRecovery = true }},
		"deaf":    {"pooler", func(p *feed.Position) { p.Listening = false }},
	}
	for name, c := range faults {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				if name == "deaf" && r.db.fanout != nil {
					return // it is not to listen
				}
				healthy := r.db.where
				r.db.set(func(d *database) { c.fault(&d.where) })
				advanceTime(6 * time.Second)
				r.wantFollowing(false)
				if reason := r.feed.Status().Reason; !strings.Contains(reason, c.hint) {
					t.Errorf("reason is %q", reason)
				}
				r.db.set(func(d *database) { d.where = healthy })
				advanceTime(2 * time.Second)
				r.wantFollowing(true)
			})
		})
	}
}

func TestDisabledTriggers(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{Heartbeat: 5 * time.Second}, func(r *rig) {
		healthy := r.db.where
		r.db.set(func(d *database) { d.where.Triggers, d.where.TriggersEnabled = "one is off", 12 })
		advanceTime(6 * time.Second)
		r.wantFollowing(false)
		reason := r.feed.Status().Reason
		if !strings.Contains(reason, "12 of 13") || !strings.Contains(reason, "enable always") {
			t.Errorf("reason is %q", reason)
		}
		r.takeEvents()
		r.db.rank(steve, "admin", unwritten)
		advanceTime(6 * time.Second)
		r.wantRank(steve, "admin")
		r.wantEvent(changefeed.EventResync)

		r.db.rank(steve, "mod", unwritten)
		r.db.set(func(d *database) { d.where = healthy })
		advanceTime(6 * time.Second)
		r.wantRank(steve, "mod")
		r.wantFollowing(true)
		r.wantEvent(changefeed.EventResync)
		advanceTime(time.Minute)
		r.wantNoEvents()
	})
}

func TestTriggersOffBetweenTwoPolls(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.db.rank(steve, "admin", unwritten)
		r.db.set(func(d *database) { d.where.Triggers = "off and on again" })
		advanceTime(6 * time.Second)
		r.wantRank(steve, "admin")
		r.wantEvent(changefeed.EventResync)
		r.wantFollowing(true)
	})
}

func TestWholeTables(t *testing.T) {
	t.Parallel()
	truncate := func(entity syncer.Entity) func(d *database) []changefeed.Change {
		return func(d *database) []changefeed.Change {
			clear(d.bans)
			clear(d.players)
			return []changefeed.Change{{Entity: entity}}
		}
	}
	for _, how := range []delivery{keyOnly, lost} {
		run(t, feed.Config{}, func(r *rig) {
			r.db.commit(r.db.begin(), how, truncate(syncer.EntityPlayer))
			advanceTime(6 * time.Second)
			r.db.equals(t, r)
			r.wantEvent(changefeed.EventResync)
			r.db.ban(syncer.TargetID(steve), withRow)
			advanceTime(6 * time.Second)
			r.takeEvents()
			r.db.commit(r.db.begin(), how, truncate(syncer.EntityBan))
			advanceTime(6 * time.Second)
			r.db.equals(t, r)
			r.wantEvent(changefeed.EventResync)
		})
	}
}

func TestOverflow(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		for range 20_000 {
			r.db.rank(other, "player", lost)
		}
		r.db.rank(steve, "admin", lost)
		r.db.ban(syncer.TargetID(crook), lost)
		advanceTime(6 * time.Second)
		r.wantRank(steve, "admin")
		r.db.equals(t, r)
		r.wantEvent(changefeed.EventResync)
	})
}

func TestEverythingIsReadAgainAtRandom(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.db.rank(steve, "admin", unwritten)
		advanceTime(6*time.Hour - time.Minute)
		r.wantRank(steve, "player")
		advanceTime(18*time.Hour + 2*time.Minute)
		r.wantRank(steve, "admin")
		if e := r.takeEvents()[0]; e.Type != changefeed.EventResync {
			t.Errorf("event is %+v", e)
		}
	})
}

func TestPrune(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{Keep: 15 * time.Minute}, func(r *rig) {
		advanceTime(15 * time.Minute)
		if r.db.count("Prune") != 0 {
			t.Error("pruned too early")
		}
		r.db.set(func(d *database) { d.fails["Prune"] = errors.New("permission denied") })
		advanceTime(15 * time.Minute)
		if n := r.db.count("Prune"); n == 0 || n > 12 {
			t.Errorf("%d attempts at a prune that fails", n)
		}
		r.wantFollowing(true)
		r.db.set(func(d *database) { clear(d.fails) })
		advanceTime(5 * time.Minute)
		r.db.set(func(d *database) {
			if len(d.changes) > 0 {
				t.Error("old changes are still there")
			}
		})
		r.wantNoEvents()
	})
}

func TestReadyWaitsForTheWholeCatchUp(t *testing.T) {
	t.Parallel()
	each(t, feed.Config{}, func(r *rig) {
		r.db.set(func(d *database) { d.fails["LoadBans"] = errBroken })
		r.launch()
		advanceTime(10 * time.Second)
		select {
		case <-r.feed.Ready():
			t.Error("ready without bans")
		default:
		}
		r.wantFollowing(false)
		r.db.set(func(d *database) { clear(d.fails) })
		<-r.feed.Ready()
		r.wantFollowing(true)
	})
}
