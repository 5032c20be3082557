package feed_test

import (
	"bytes"
	"context"
	"log/slog"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/feed"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// The players of the tests. Steve is held.
const (
	steve syncer.PlayerID = "Steve"
	other syncer.PlayerID = "other"
	crook syncer.PlayerID = "crook"
)

// rig is a feed that runs against a model database inside a synctest bubble.
type rig struct {
	*testing.T
	config   feed.Config
	db       *database
	players  *cache.Players
	bans     *bans
	applier  *feed.Applier
	feed     *feed.Feed
	registry *prometheus.Registry
	log      bytes.Buffer

	mu     sync.Mutex
	events []changefeed.Event
}

// bans are real ones that remember the cursor they were advanced to.
type bans struct {
	*cache.Bans
	advanced changefeed.Snapshot
}

func (b *bans) Advance(cursor changefeed.Snapshot) {
	b.advanced = cursor
	b.Bans.Advance(cursor)
}

// run calls test in a bubble with a feed that has caught up: one that listens and, unless
// it is to poll only, one whose notifications come by a fan-out.
func run(t *testing.T, config feed.Config, test func(r *rig)) {
	t.Helper()
	each(t, config, func(r *rig) {
		r.start()
		test(r)
	})
}

// each is run for tests that start the feed themselves.
func each(t *testing.T, config feed.Config, test func(r *rig)) {
	t.Helper()
	if config.PollOnly {
		synctest.Test(t, func(t *testing.T) { test(newRig(t, config, nil)) })
		return
	}
	for _, mode := range []string{"listen", "fanout"} {
		t.Run(mode, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var fanout *fanout
				if mode == "fanout" {
					fanout = newFanout()
				}
				test(newRig(t, config, fanout))
			})
		})
	}
}

func newRig(t *testing.T, config feed.Config, fanout *fanout) *rig {
	t.Helper()
	r := &rig{
		T: t, db: newDatabase(), registry: prometheus.NewRegistry(),
		players: cache.NewPlayers(1000), bans: &bans{Bans: cache.NewBans()},
	}
	config.MinTriggers = 13
	if fanout != nil {
		config.Fanout, r.db.fanout = fanout, fanout
	}
	r.config = config
	r.applier = feed.NewApplier(r.players, r.bans, func(e changefeed.Event) {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.events = append(r.events, e)
	})
	r.feed = feed.New(config, r.db, r.applier, r.registry, slog.New(slog.NewTextHandler(&r.log, nil)))
	return r
}

// start runs the feed until the test ends and waits for its first catch-up. Steve
// exists and is held; the events of that are dropped.
func (r *rig) start() {
	r.Helper()
	r.db.rank(steve, "player", lost)
	r.players.Hold(steve)
	r.launch()
	<-r.feed.Ready()
	synctest.Wait()
	r.takeEvents()
}

func (r *rig) launch() {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- r.feed.Run(ctx) }()
	r.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			r.Errorf("Run: %v", err)
		}
		if status := r.feed.Status(); status.Following || status.Reason == "" {
			r.Errorf("status of a stopped feed: %+v", status)
		}
	})
}

// advanceTime lets time pass and waits until everything due by then is done.
func advanceTime(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// takeEvents returns the events since the last call.
func (r *rig) takeEvents() []changefeed.Event {
	r.mu.Lock()
	defer r.mu.Unlock()
	events := r.events
	r.events = nil
	return events
}

// wantEvent fails the test unless exactly one event came, of this type.
func (r *rig) wantEvent(want changefeed.EventType) changefeed.Event {
	r.Helper()
	events := r.takeEvents()
	if len(events) != 1 || events[0].Type != want {
		r.Fatalf("events are %+v, want one %s", events, want)
	}
	return events[0]
}

func (r *rig) wantNoEvents() {
	r.Helper()
	if events := r.takeEvents(); len(events) > 0 {
		r.Errorf("unexpected events: %+v", events)
	}
}

// wantRank fails the test unless that is what memory holds.
func (r *rig) wantRank(id syncer.PlayerID, want string) {
	r.Helper()
	p, ok := r.players.Get(id)
	if !ok || p == nil || p.Rank != want {
		r.Fatalf("%s is held as %+v (%v), want rank %s", id, p, ok, want)
	}
}

func (r *rig) wantFollowing(want bool) {
	r.Helper()
	if status := r.feed.Status(); status.Following != want || (status.Reason == "") != want {
		r.Fatalf("status is %+v, want following %v", status, want)
	}
}

// fetch reads a player into the cache as a request does.
func (r *rig) fetch(id syncer.PlayerID) {
	r.Helper()
	fetch := func(_ context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
		return r.db.read(ids), nil
	}
	if _, err := r.players.Reread(r.Context(), id, fetch); err != nil {
		r.Fatal(err)
	}
}

// metric returns the value of a metric, of all labels or of the given one.
func (r *rig) metric(name, label string) (value float64) {
	r.Helper()
	families, err := r.registry.Gather()
	if err != nil {
		r.Fatal(err)
	}
	found := false
	for _, family := range families {
		if family.GetName() != name {
			continue
		}
		found = true
		for _, m := range family.GetMetric() {
			if label == "" || m.GetLabel()[0].GetValue() == label {
				value += m.GetCounter().GetValue() + m.GetGauge().GetValue()
				value += float64(m.GetHistogram().GetSampleCount())
			}
		}
	}
	if !found && label == "" {
		r.Fatalf("no metric %s", name)
	}
	return value
}
