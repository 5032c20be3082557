package feed_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

const megabyte = 1_000_000

// large lets the database hold players of so many bytes, and memory too.
func (r *rig) large(count int, size int64) (ids []syncer.PlayerID) {
	for i := range count {
		id := syncer.PlayerID(fmt.Sprintf("large%d", i))
		ids = append(ids, id)
		r.db.rank(id, "player", keyOnly)
		r.players.Hold(id)
		r.fetch(id)
	}
	r.db.set(func(d *database) {
		for _, id := range ids {
			d.sizes[id] = size
		}
	})
	advanceTime(10 * time.Second)
	r.takeEvents()
	return ids
}

// rankAll changes players in one transaction.
func (r *rig) rankAll(ids []syncer.PlayerID, rank string, how delivery) {
	r.db.commit(r.db.begin(), how, func(d *database) (changes []changefeed.Change) {
		for _, id := range ids {
			changes = append(changes, ranked(id, rank)(d)...)
		}
		return changes
	})
}

// 500 players of 1 MB each change at once, and 10 MB come in a second: memory has them after
// the time that the bytes take, and what others change arrives meanwhile.
func TestLargePlayersAreReadInPieces(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		ids := r.large(500, megabyte)
		r.db.set(func(d *database) { d.rate = 10 * megabyte })
		r.rankAll(ids, "admin", keyOnly)
		began := time.Now()
		for i := range 40 {
			rank := fmt.Sprintf("r%d", i)
			how := []delivery{withRow, keyOnly}[i%2]
			r.db.rank(steve, rank, how)
			advanceTime(999 * time.Millisecond)
			r.wantRank(steve, rank)
		}
		if status := r.feed.Status(); status.Following || !strings.Contains(status.Reason, "takes longer than 2s") {
			t.Errorf("status meanwhile is %+v", status)
		}
		for !r.feed.Status().Following && time.Since(began) < time.Hour {
			advanceTime(time.Second)
		}
		if took := time.Since(began); took < 50*time.Second || took > 60*time.Second {
			t.Errorf("memory was behind for %v, the bytes take 50 s", took)
		}
		r.db.equals(t, r)
		if n := r.metric("playersync_feed_reconnects_total", ""); n != 0 {
			t.Errorf("connected again %v times", n)
		}
		log := r.log.String()
		told := strings.Count(log, "memory is behind")
		if told < 4 || !strings.Contains(log, "reading 500.0 MB of players") {
			t.Errorf("the log told of it %d times:\n%s", told, log)
		}
		events := map[syncer.PlayerID]int{}
		for _, e := range r.takeEvents() {
			events[e.ID]++
		}
		for _, id := range ids {
			if events[id] != 1 {
				t.Fatalf("%d events of %s", events[id], id)
			}
		}
	})
}

// A connection that breaks in the middle costs the piece that was being read.
func TestWhatWasReadOfABacklogIsKept(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		ids := r.large(100, megabyte)
		r.db.set(func(d *database) { d.rate = 10 * megabyte })
		r.rankAll(ids, "admin", keyOnly)
		began := time.Now()
		for range 4 {
			advanceTime(2 * time.Second)
			r.db.cut()
		}
		advanceTime(time.Second)
		for !r.feed.Status().Following && time.Since(began) < time.Hour {
			advanceTime(time.Second)
		}
		if took := time.Since(began); took > 20*time.Second {
			t.Errorf("memory was behind for %v, the bytes take 10 s", took)
		}
		r.db.equals(t, r)
	})
}

// One player who cannot be read keeps nobody else from being read.
func TestPlayerWhoCannotBeReadIsSetAside(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		ids := r.large(20, 1000)
		r.db.set(func(d *database) { d.stuck[ids[7]] = true })
		r.rankAll(ids, "admin", keyOnly)
		advanceTime(40 * time.Second)
		for i, id := range ids {
			if i != 7 {
				r.wantRank(id, "admin")
			}
		}
		r.wantFollowing(true)
		if log := r.log.String(); !strings.Contains(log, "set aside") || !strings.Contains(log, "player=large7") {
			t.Errorf("the log is:\n%s", log)
		}
		if _, ok := r.players.Get(ids[7]); !ok {
			t.Error("the copy of the player is gone")
		}
		r.db.set(func(d *database) { clear(d.stuck) })
		advanceTime(time.Minute)
		r.wantRank(ids[7], "admin")
		synctest.Wait()
		r.db.equals(t, r)
	})
}

// send lets the time pass that the players take at the database's rate.
func (c *conn) send(ctx context.Context, ids []syncer.PlayerID) error {
	for _, id := range ids {
		c.mu.Lock()
		stuck, size, rate := c.stuck[id], c.sizes[id], c.rate
		c.mu.Unlock()
		if stuck {
			<-ctx.Done()
		}
		for ; size > 0 && rate > 0 && ctx.Err() == nil; size -= packet {
			c.received.Add(packet)
			select {
			case <-time.After(packet * time.Second / time.Duration(rate)):
			case <-ctx.Done():
			}
		}
	}
	return ctx.Err()
}

// packet is how many bytes the model sends at a time.
const packet = 1 << 16

func (c *conn) Received() int64 { return c.received.Load() }

func (c *conn) PlayerSizes(ctx context.Context, ids []syncer.PlayerID) (map[syncer.PlayerID]int64, error) {
	if err := c.enter(ctx, "PlayerSizes"); err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	sizes := map[syncer.PlayerID]int64{}
	for _, id := range ids {
		sizes[id] = c.sizes[id]
	}
	return sizes, nil
}
