package feed_test

import (
	"fmt"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

func TestNotifiedRowIsAppliedWithoutPoll(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		polls := r.db.count("Poll")
		r.db.rank(steve, "admin", withRow)
		synctest.Wait()
		r.wantRank(steve, "admin")
		e := r.wantEvent(changefeed.EventPlayer)
		if e.ID != steve || e.Player == nil || e.Player.Rank != "admin" || e.Gone {
			t.Errorf("event is %+v", e)
		}
		if got := r.db.count("Poll"); got != polls {
			t.Errorf("%d polls for a row that the notification carried", got-polls)
		}
		if n := r.metric("playersync_feed_propagation_seconds", ""); n != 1 {
			t.Errorf("%v propagations measured, want 1", n)
		}
		advanceTime(6 * time.Second)
		r.wantNoEvents() // the poll found it again
	})
}

func TestKeyWithoutRowIsPolledAtOnce(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		advanceTime(time.Second)
		r.db.rank(steve, "admin", keyOnly)
		synctest.Wait()
		r.wantRank(steve, "admin")
		if e := r.wantEvent(changefeed.EventPlayer); e.Player == nil || e.Player.Rank != "admin" {
			t.Errorf("event is %+v", e)
		}
		r.db.remove(steve, keyOnly)
		advanceTime(time.Second)
		if e := r.wantEvent(changefeed.EventPlayer); e.Player != nil || !e.Gone {
			t.Errorf("event is %+v", e)
		}
	})
}

func TestPollsForManyKeysKeepTheirDistance(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		advanceTime(time.Second)
		r.db.set(func(d *database) { d.polls = nil })
		for i := range 500 {
			r.db.rank(steve, fmt.Sprint("rank", i), keyOnly)
			advanceTime(time.Millisecond)
		}
		advanceTime(100 * time.Millisecond)
		r.wantRank(steve, "rank499")
		r.db.set(func(d *database) {
			if n := len(d.polls); n < 10 || n > 30 {
				t.Errorf("%d polls in a storm of 500 ms, want one every 20 to 50 ms", n)
			}
			for i := range d.polls[1:] {
				if gap := d.polls[i+1].Sub(d.polls[i]); gap < 20*time.Millisecond || gap > 50*time.Millisecond {
					t.Errorf("polls %v apart", gap)
				}
			}
		})
	})
}

func TestChangeOfPlayerNotHeldIsPublishedOnce(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]delivery{"row": withRow, "key only": keyOnly, "found by poll": lost} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				r.db.rank(other, "player", lost)
				advanceTime(6 * time.Second)
				r.takeEvents()
				reads := r.db.count("ReadPlayers")
				r.db.rank(other, "admin", how)
				advanceTime(11 * time.Second)
				if e := r.wantEvent(changefeed.EventPlayer); e.ID != other || e.Player != nil || e.Gone {
					t.Errorf("event is %+v", e)
				}
				if r.db.count("ReadPlayers") != reads {
					t.Error("a player that nobody holds was read")
				}
			})
		})
	}
}

// A request may read the new state before the notification of it arrives. The
// game servers that did not ask must get its event nevertheless.
func TestChangeThatARequestReadFirstIsPublished(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]delivery{"row": withRow, "key only": keyOnly, "found by poll": lost} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				changes := r.db.rank(steve, "admin", lost)
				r.fetch(steve)
				r.wantNoEvents()
				if how != lost {
					r.db.set(func(d *database) { d.notify(changes, how) })
				}
				advanceTime(11 * time.Second)
				if e := r.wantEvent(changefeed.EventPlayer); e.Player == nil || e.Player.Rank != "admin" {
					t.Errorf("event is %+v", e)
				}
			})
		})
	}
}

func TestBans(t *testing.T) {
	t.Parallel()
	for name, how := range map[string]delivery{
		"row": withRow, "key only": keyOnly, "found by poll": lost, "garbled": garbled,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				target := syncer.Target{Prefix: netip.MustParsePrefix("192.0.2.0/24")}
				r.db.ban(target, how)
				advanceTime(11 * time.Second)
				r.db.equals(t, r)
				if e := r.wantEvent(changefeed.EventBan); e.Target != target || !e.Banned {
					t.Errorf("event is %+v", e)
				}
				r.db.unban(target, how)
				advanceTime(11 * time.Second)
				r.db.equals(t, r)
				if e := r.wantEvent(changefeed.EventBan); e.Target != target || e.Banned {
					t.Errorf("event is %+v", e)
				}
			})
		})
	}
}

func TestBanThatCameAndWentIsPublished(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.db.ban(syncer.TargetID(crook), lost)
		r.db.unban(syncer.TargetID(crook), lost)
		advanceTime(6 * time.Second)
		if e := r.wantEvent(changefeed.EventBan); e.Banned {
			t.Errorf("event is %+v", e)
		}
	})
}

func TestLateCommitIsNotSkipped(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{PollOnly: true}, func(r *rig) {
		late := r.db.begin()
		r.db.rank(other, "player", keyOnly) // a higher id, visible first
		advanceTime(time.Minute)
		r.takeEvents()
		r.db.commit(late, keyOnly, ranked(steve, "admin"))
		advanceTime(time.Second)
		r.wantRank(steve, "admin")
		r.wantEvent(changefeed.EventPlayer)
	})
}

func TestIdleFeedSendsOnlyHeartbeats(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{Heartbeat: 5 * time.Second}, func(r *rig) {
		r.db.set(func(d *database) { clear(d.calls) })
		advanceTime(time.Hour)
		r.db.set(func(d *database) {
			if n := d.calls["Poll"]; n < 700 || n > 740 {
				t.Errorf("%d heartbeats in an hour, want 720", n)
			}
			delete(d.calls, "Poll")
			delete(d.calls, "Wait")
			if len(d.calls) > 1 || d.calls["Prune"] > 1 { // once, of the change that made Steve
				t.Errorf("also called %v", d.calls)
			}
		})
		r.wantNoEvents()
	})
}

func TestPollOnly(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{PollOnly: true, PollInterval: 250 * time.Millisecond}, func(r *rig) {
		r.wantFollowing(true)
		r.db.rank(steve, "admin", withRow)
		advanceTime(300 * time.Millisecond)
		r.wantRank(steve, "admin")
		r.wantEvent(changefeed.EventPlayer)
		advanceTime(time.Minute)
		if r.db.count("Listen") != 0 || r.db.count("Wait") != 0 {
			t.Error("listened in poll-only mode")
		}
		if n := r.metric("playersync_feed_found_by_poll_total", ""); n != 0 {
			t.Errorf("%v changes counted as found by poll", n)
		}
	})
}

func TestFoundByPoll(t *testing.T) {
	t.Parallel()
	const name = "playersync_feed_found_by_poll_total"
	run(t, feed.Config{}, func(r *rig) {
		r.db.rank(steve, "admin", withRow)
		r.db.rank(other, "admin", keyOnly)
		advanceTime(time.Minute)
		if n := r.metric(name, ""); n != 0 {
			t.Fatalf("%v of notified changes counted", n)
		}
		r.db.rank(steve, "mod", lost)
		advanceTime(time.Minute)
		if n := r.metric(name, ""); n != 1 {
			t.Fatalf("%v counted of one lost notification", n)
		}
		late := r.db.rank(steve, "player", lost)
		r.db.ban(syncer.TargetID(other), keyOnly) // polls at once, and finds both
		advanceTime(500 * time.Millisecond)
		r.wantRank(steve, "player")
		r.db.set(func(d *database) { d.notify(late, withRow) })
		advanceTime(time.Minute)
		if n := r.metric(name, ""); n != 1 {
			t.Fatalf("a late notification counted as lost")
		}
		r.db.rank(steve, "mod", lost)
		r.db.cut() // before a heartbeat could find it
		advanceTime(time.Minute)
		if n := r.metric(name, ""); n != 1 {
			t.Fatal("a change during a reconnect counted as lost")
		}
		r.wantRank(steve, "mod")
		r.db.rank(steve, "player", lost)
		r.db.ban(syncer.TargetID(crook), keyOnly) // finds it
		advanceTime(100 * time.Millisecond)
		r.wantRank(steve, "player")
		r.db.cut() // and perhaps its notification was under way
		advanceTime(time.Minute)
		if n := r.metric(name, ""); n != 1 {
			t.Fatal("a notification that broke off counted as lost")
		}
	})
}

// What orders changes is kept no longer than until the cursor covers them.
func TestCursorMovesWithEachPoll(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		for range 100 {
			r.db.rank(steve, "admin", withRow)
			r.db.ban(syncer.TargetID(crook), withRow)
		}
		synctest.Wait()
		if n := r.applier.Noted(); n != 200 {
			t.Errorf("%d changes noted, want 200", n)
		}
		advanceTime(6 * time.Second)
		if n := r.applier.Noted(); n != 0 {
			t.Errorf("%d changes noted after a poll", n)
		}
		r.db.set(func(d *database) {
			if want := d.snapshot().String(); r.bans.advanced.String() != want {
				t.Errorf("bans are at %s, want %s", r.bans.advanced, want)
			}
		})
	})
}

// Own writes continue while the feed cannot connect; what is noted stays bounded.
func TestTrackerIsBounded(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.db.set(func(d *database) { d.fails["Open"] = errBroken })
		r.db.cut()
		for xid := range uint64(100_000) {
			r.applier.Wrote(r.applier.Begin(), nil, []changefeed.Change{
				{Entity: syncer.EntityPlayer, Key: string(other), Xid: 1000 + xid},
			})
		}
		if n := r.applier.Noted(); n > 1<<16 {
			t.Errorf("%d changes noted", n)
		}
		r.takeEvents()
	})
}

func TestUnreadableNotificationLeadsToPoll(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		advanceTime(time.Second)
		r.db.rank(steve, "admin", garbled)
		synctest.Wait()
		r.wantRank(steve, "admin")
		r.wantEvent(changefeed.EventPlayer)
	})
}

func TestClock(t *testing.T) {
	t.Parallel()
	each(t, feed.Config{}, func(r *rig) {
		r.db.ahead = time.Hour
		r.start()
		near := func(what string, got, want time.Duration) {
			t.Helper()
			if (got - want).Abs() > 10*time.Millisecond {
				t.Errorf("%s is %v, want %v", what, got, want)
			}
		}
		near("clock", time.Until(r.feed.Now()), time.Hour)
		near("offset", r.feed.Status().ClockOffset, time.Hour)
		r.db.set(func(d *database) { d.during["Poll"] = func() { <-time.After(100 * time.Millisecond) } })
		advanceTime(6 * time.Second)
		near("clock after a slow poll", time.Until(r.feed.Now()), time.Hour)
		r.db.set(func(d *database) { d.ahead = -time.Minute }) // somebody sets the clock
		advanceTime(6 * time.Second)
		near("clock that was set", time.Until(r.feed.Now()), -time.Minute+50*time.Millisecond)
	})
}

// How full the queue is comes with each poll. Reloads are counted from 0, so that the first can be seen.
func TestMetricsBeforeAnythingHappens(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.wantFollowing(true)
		r.db.set(func(d *database) { d.where.QueueUsage = 0.25 })
		advanceTime(time.Minute)
		if full := r.metric("playersync_feed_notification_queue_ratio", ""); full != 0.25 {
			t.Errorf("the queue is full to %v, want 0.25", full)
		}
		families, err := r.registry.Gather()
		if err != nil {
			t.Fatal(err)
		}
		for _, family := range families {
			if family.GetName() == reloads && len(family.GetMetric()) != 9 {
				t.Errorf("reloads of %d reasons are counted, want 9", len(family.GetMetric()))
			}
		}
	})
}
