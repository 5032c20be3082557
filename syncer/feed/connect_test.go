package feed_test

import (
	"errors"
	"testing"
	"time"

	"playersync/syncer/feed"
)

func TestBackoffStaysBelowASecond(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{}, func(r *rig) {
		r.db.set(func(d *database) {
			d.fails["Open"] = errors.New("connection refused")
			clear(d.calls)
		})
		r.db.cut()
		advanceTime(time.Minute)
		if n := r.db.count("Open"); n < 60 || n > 140 {
			t.Errorf("%d attempts in a minute", n)
		}
		r.db.set(func(d *database) { clear(d.fails) })
		advanceTime(2 * time.Second)
		r.db.cut()
		advanceTime(50 * time.Millisecond)
		r.wantFollowing(true) // a new outage begins with a short delay
	})
}

// A server that is too slow to open a connection in time gets more time, not more connections.
func TestSlowServerGetsMoreTime(t *testing.T) {
	t.Parallel()
	run(t, feed.Config{ConnectTimeout: 5 * time.Second}, func(r *rig) {
		r.db.set(func(d *database) {
			d.stalls["Open"] = true
			clear(d.calls)
		})
		r.db.cut()
		advanceTime(50 * time.Second)
		if n := r.db.count("Open"); n != 4 { // of 5, 10, 20 and 20 s
			t.Errorf("%d attempts in 50 s", n)
		}
		r.db.set(func(d *database) { clear(d.stalls) })
		advanceTime(20 * time.Second)
		r.wantFollowing(true)
		r.db.set(func(d *database) {
			d.stalls["Open"] = true
			clear(d.calls)
		})
		r.db.cut()
		advanceTime(14 * time.Second)
		if n := r.db.count("Open"); n != 2 { // of 5 and 10 s again
			t.Errorf("%d attempts after one that succeeded", n)
		}
	})
}
