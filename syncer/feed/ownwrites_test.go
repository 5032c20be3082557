package feed_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

// A write that began before everything was forgotten may have gone to the database
// that is no more. Its transaction id says nothing about the one that is.
func TestOwnWriteAcrossAnEpochIsNotShown(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		begun := r.applier.Begin()
		changes := append(r.db.rank(steve, "admin", lost), r.db.ban(syncer.TargetID(crook), lost)...)
		after := r.db.read([]syncer.PlayerID{steve})
		after[0].Xid = changes[0].Xid
		r.db.cut()
		r.db.set(func(d *database) {
			d.where.Epoch, d.next, d.revision, d.changes = "second", 10, 0, nil
			clear(d.bans)
			ranked(steve, "player")(d)
		})
		advanceTime(2 * time.Second)
		r.takeEvents()
		r.applier.Wrote(begun, after, changes)
		r.wantRank(steve, "player")
		r.wantNoEvents()
		advanceTime(time.Minute)
		r.db.equals(t, r)
		if e := r.wantEvent(changefeed.EventBan); e.Banned {
			t.Errorf("the ban that went to the other database is shown: %+v", e)
		}
	})
}

// Whoever was told that a ban is stored is not told otherwise, whenever memory was reset since the
// write began, and whatever was read meanwhile.
func TestOwnBanAcrossAnEpochIsShownAtOnce(t *testing.T) {
	t.Parallel()
	target := syncer.TargetID(crook)
	for _, during := range []string{"", "LoadBans", "LoadBans answered", "ReadTable", "ReadPlayers answered"} {
		t.Run(during, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				begun := r.applier.Begin()
				write := sync.OnceFunc(func() {
					r.applier.Wrote(begun, nil, r.db.ban(target, lost))
					if _, banned := r.bans.Lookup(target); !banned {
						t.Error("not banned right after the write")
					}
				})
				r.db.set(func(d *database) {
					d.where.Epoch, d.next = "second", 10
					d.during[during] = write
				})
				r.db.cut()
				for range 2000 {
					advanceTime(time.Millisecond)
					_, banned := r.bans.Lookup(target)
					r.db.mu.Lock()
					_, stored := r.db.bans[target]
					r.db.mu.Unlock()
					if banned != stored {
						t.Fatalf("banned is %t, stored %t", banned, stored)
					}
				}
				write()
				advanceTime(100 * time.Millisecond)
				r.db.equals(t, r)
				if e := r.takeEvents(); len(e) == 0 {
					t.Error("no event tells of the ban")
				}
			})
		})
	}
}

// It may as well have gone to the new database, after memory was read from that:
// then a change without any notification must still reach memory.
func TestOwnWriteAcrossAnEpochIsReadAtOnce(t *testing.T) {
	t.Parallel()
	for name, during := range map[string]bool{"while following": false, "while reading": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run(t, feed.Config{}, func(r *rig) {
				begun := r.applier.Begin()
				write := func() {
					r.db.rank(steve, "admin", unwritten)
					after := r.db.read([]syncer.PlayerID{steve})
					after[0].Xid = 1 << 20
					r.applier.Wrote(begun, after, nil)
					p, _, err := r.players.Read(t.Context(), steve,
						func(_ context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
							return r.db.read(ids), nil
						})
					if err != nil || p.Rank != "admin" {
						t.Errorf("a request right after the write sees %+v, %v", p, err)
					}
				}
				r.db.set(func(d *database) {
					d.where.Epoch, d.next = "second", 10
					if during {
						d.during["ReadPlayers answered"] = sync.OnceFunc(write)
					}
				})
				r.db.cut()
				advanceTime(2 * time.Second)
				if !during {
					write()
					advanceTime(100 * time.Millisecond)
				}
				r.wantRank(steve, "admin")
			})
		})
	}
}
