package bench

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/fanout"
	"playersync/syncer/feed"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// follower is a real sidecar without HTTP: it follows the database on a connection of
// its own and holds all players in its own caches.
type follower struct {
	store    *store.Store // shared by all: only one of them writes
	players  *cache.Players
	bans     *cache.Bans
	applier  *feed.Applier
	feed     *feed.Feed
	fanout   *fanout.Fanout // nil: it listens
	registry *prometheus.Registry
}

// newFollower returns a sidecar that reports each rank it has applied. It listens, unless
// nats is the URL of a NATS that carries notifications.
func newFollower(s *store.Store, nats string, to *finish, log *slog.Logger) (*follower, error) {
	c := &follower{
		store: s, players: cache.NewPlayers(scratchPlayers), bans: cache.NewBans(), registry: prometheus.NewRegistry(),
	}
	place := runner{finish: to}
	c.applier = feed.NewApplier(c.players, c.bans, func(e changefeed.Event) { // one at a time
		if e.Player != nil {
			place.sees(e.Player.Rank)
		}
	})
	config := feed.Config{MinTriggers: store.FeedTriggers}
	if nats != "" {
		var err error
		if c.fanout, err = fanout.New(fanout.Config{URL: nats}, forwarderSource{s, c}, c.registry, log); err != nil {
			return nil, err
		}
		config.Fanout = c.fanout
	}
	c.feed = feed.New(config, source{s}, c.applier, c.registry, log)
	return c, nil
}

// run follows until ctx ends.
func (c *follower) run(ctx context.Context, running *sync.WaitGroup) {
	running.Go(func() { _ = c.feed.Run(ctx) }) // ends with its context only, and without an error
	if c.fanout != nil {
		running.Go(func() { _ = c.fanout.Run(ctx) }) // the same
	}
}

// hold reads all players into memory, as if they had joined.
func (c *follower) hold(ctx context.Context) error {
	select {
	case <-c.feed.Ready():
	case <-ctx.Done():
		return fmt.Errorf("start sidecar: %w: %s", context.Cause(ctx), c.feed.Status().Reason)
	}
	for c.fanout != nil && c.feed.Status().Silence != "" {
		if !rest(ctx, pause) {
			return fmt.Errorf("start sidecar: %w: %s", context.Cause(ctx), c.feed.Status().Silence)
		}
	}
	ids := make([]syncer.PlayerID, scratchPlayers)
	for n := range ids {
		ids[n] = playerID(n)
		c.players.Hold(ids[n])
	}
	all, err := c.store.ReadPlayers(ctx, ids) // at once: nothing changes yet
	if err != nil {
		return fmt.Errorf("fill sidecar: %w", err)
	}
	for _, read := range all {
		one := func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
			return []changefeed.VersionedPlayer{read}, nil
		}
		if _, _, err := c.players.Read(ctx, read.ID, one); err != nil {
			return fmt.Errorf("fill sidecar: %w", err)
		}
	}
	return nil
}

// edit changes a player's rank as a request to this sidecar does.
func (c *follower) edit(ctx context.Context, id syncer.PlayerID, rank string) error {
	begun := c.applier.Begin()
	reading, changes, err := c.store.EditPlayer(ctx, id, merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some(rank)}},
		nil)
	if err != nil {
		return err
	}
	c.applier.Wrote(begun, []changefeed.VersionedPlayer{reading}, changes)
	return nil
}

// foundByPoll returns how many changes were never notified.
func (c *follower) foundByPoll() (int, error) {
	families, err := c.registry.Gather()
	if err != nil {
		return 0, fmt.Errorf("gather metrics: %w", err)
	}
	for _, family := range families {
		if family.GetName() == "playersync_feed_found_by_poll_total" {
			return int(family.GetMetric()[0].GetCounter().GetValue()), nil
		}
	}
	return 0, fmt.Errorf("gather metrics: no playersync_feed_found_by_poll_total")
}

// forwarderSource is what a sidecar that forwards knows of the database.
type forwarderSource struct {
	*store.Store
	sidecar *follower
}

// OpenForward implements fanout.Source.
func (s forwarderSource) OpenForward(ctx context.Context, slot int) (fanout.Conn, error) {
	conn, err := s.Store.OpenForward(ctx, slot)
	if err != nil {
		return nil, err
	}
	return conn, nil
}

// Now returns the time by the database's clock.
func (s forwarderSource) Now() time.Time { return s.sidecar.feed.Now() }

// source lets a feed follow a store's database.
type source struct{ *store.Store }

// Open implements feed.Source.
func (s source) Open(ctx context.Context) (feed.Conn, error) { return s.OpenFeed(ctx) }
