package feed_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

// fanout is a model of what brings notifications in place of the connection.
type fanout struct {
	inbox  chan string
	missed chan struct{}

	mu       sync.Mutex
	silence  string
	followed []changefeed.Epoch // in a row
}

func newFanout() *fanout {
	return &fanout{inbox: make(chan string, 1<<12), missed: make(chan struct{}, 1)}
}

func (f *fanout) Follow(epoch changefeed.Epoch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if n := len(f.followed); n == 0 || f.followed[n-1] != epoch {
		f.followed = append(f.followed, epoch)
	}
}

func (f *fanout) Next(ctx context.Context) (string, error) {
	select {
	case payload := <-f.inbox:
		return payload, nil
	default:
	}
	select {
	case payload := <-f.inbox:
		return payload, nil
	case <-f.missed:
		return "", changefeed.ErrMissed
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (f *fanout) Silence() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.silence
}

// silent sets why no notifications are to be expected.
func (f *fanout) silent(reason string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.silence = reason
}

func (c *conn) ReadKey(ctx context.Context) error { return c.enter(ctx, "ReadKey") }

func (c *conn) Decode(payload string) ([]changefeed.Change, error) {
	number, err := strconv.Atoi(payload)
	if err != nil {
		panic(err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return opened(c.sent[number])
}

func (c *conn) Watch(ctx context.Context) error {
	if err := c.enter(ctx, "Wait"); err != nil {
		return err
	}
	select {
	case <-c.broken:
		return errBroken
	case <-ctx.Done():
		return ctx.Err()
	}
}

// miss tells the feed that notifications may have been lost.
func (f *fanout) miss() { f.missed <- struct{}{} }

// runFanout is run with a fan-out only.
func runFanout(t *testing.T, config feed.Config, test func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, config, newFanout())
		r.start()
		test(r)
	})
}

func TestSilentFanoutIsMadeUpForByPolls(t *testing.T) {
	t.Parallel()
	config := feed.Config{Heartbeat: 5 * time.Second, PollInterval: 250 * time.Millisecond}
	runFanout(t, config, func(r *rig) {
		polls := func(d time.Duration) int {
			before := r.db.count("Poll")
			advanceTime(d)
			return r.db.count("Poll") - before
		}
		if n := polls(time.Minute); n > 14 {
			t.Errorf("%d polls in a minute although notifications come", n)
		}
		r.db.fanout.silent("NATS is away")
		r.db.fanout.miss()
		if n := polls(time.Minute); n < 200 || n > 300 {
			t.Errorf("%d polls in a minute without notifications, want 240", n)
		}
		r.wantFollowing(true)
		if silence := r.feed.Status().Silence; silence != "NATS is away" {
			t.Errorf("the status says %q", silence)
		}
		r.db.rank(steve, "admin", lost)
		advanceTime(300 * time.Millisecond)
		r.wantRank(steve, "admin")
		r.db.fanout.silent("")
		advanceTime(time.Second)
		if n := polls(time.Minute); n > 14 {
			t.Errorf("%d polls in a minute after notifications came again", n)
		}
		if silence := r.feed.Status().Silence; silence != "" {
			t.Errorf("the status says %q", silence)
		}
		if n := r.metric("playersync_feed_found_by_poll_total", ""); n != 0 {
			t.Errorf("%v changes counted as found by poll that nobody could notify of", n)
		}
		if said := strings.Count(r.log.String(), "NATS is away"); said != 2 { // that it begins, and that it ended
			t.Errorf("the log speaks of it %d times:\n%s", said, r.log.String())
		}
	})
}

// What may have been lost on its way is found at once, and counted as nobody's fault.
func TestMissedNotificationsAreFoundAtOnce(t *testing.T) {
	t.Parallel()
	runFanout(t, feed.Config{}, func(r *rig) {
		advanceTime(time.Second)
		r.db.rank(steve, "admin", lost)
		r.db.fanout.miss()
		advanceTime(100 * time.Millisecond)
		r.wantRank(steve, "admin")
		advanceTime(time.Minute)
		if n := r.metric("playersync_feed_found_by_poll_total", ""); n != 0 {
			t.Errorf("%v changes counted as found by poll", n)
		}
	})
}

// A poll finds what both forwarders lost when they died together, before it is known that they
// did: that is not the fault of whoever wrote it.
func TestLostWhileNobodyForwards(t *testing.T) {
	t.Parallel()
	noticed := map[string]func(*fanout){
		"others forward":  (*fanout).miss,
		"nobody forwards": func(f *fanout) { f.silent("no sidecar is heard that forwards") },
	}
	for name, notice := range noticed {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			const heartbeat = 5 * time.Second
			runFanout(t, feed.Config{Heartbeat: heartbeat}, func(r *rig) {
				advanceTime(time.Second)
				r.db.rank(steve, "admin", lost)
				advanceTime(2*heartbeat + time.Second)
				r.wantRank(steve, "admin")
				notice(r.db.fanout)
				advanceTime(time.Minute)
				if n := r.metric("playersync_feed_found_by_poll_total", ""); n != 0 {
					t.Errorf("%v changes counted as found by poll", n)
				}
			})
		})
	}
}

// A connection that is not waited on for notifications ends as visibly as one that is.
func TestLostConnectionIsNoticedWithAFanout(t *testing.T) {
	t.Parallel()
	runFanout(t, feed.Config{}, func(r *rig) {
		advanceTime(time.Second)
		r.db.rank(steve, "admin", lost)
		r.db.cut()
		advanceTime(time.Second)
		r.wantRank(steve, "admin")
		if n := r.metric("playersync_feed_reconnects_total", ""); n != 1 {
			t.Errorf("connected again %v times", n)
		}
	})
}

func TestFanoutFollowsTheEpoch(t *testing.T) {
	t.Parallel()
	runFanout(t, feed.Config{}, func(r *rig) {
		r.db.set(func(d *database) { d.where.Epoch = "second" })
		advanceTime(time.Minute)
		if diff := cmp.Diff([]changefeed.Epoch{"first", "second"}, r.db.fanout.followed); diff != "" {
			t.Errorf("epochs followed (-want +got):\n%s", diff)
		}
	})
}

// The key is replaced: a notification that looks forged may be signed with the new one.
func TestKeyIsReadAgainAfterAForgery(t *testing.T) {
	t.Parallel()
	runFanout(t, feed.Config{}, func(r *rig) {
		advanceTime(10 * time.Second)
		before := r.db.count("ReadKey")
		r.db.set(func(d *database) { d.notify([]changefeed.Change{}, withRow) })
		advanceTime(time.Second)
		if n := r.db.count("ReadKey") - before; n != 1 {
			t.Errorf("the key was read %d times", n)
		}
	})
}
