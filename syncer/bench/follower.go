package bench

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/prometheus/client_golang/prometheus"

	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
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
	registry *prometheus.Registry
}

// newFollower returns a sidecar that reports each rank it has applied.
func newFollower(s *store.Store, to *finish, log *slog.Logger) *follower {
	c := &follower{
		store: s, players: cache.NewPlayers(scratchPlayers), bans: cache.NewBans(), registry: prometheus.NewRegistry(),
	}
	place := runner{finish: to}
	c.applier = feed.NewApplier(c.players, c.bans, func(e changefeed.Event) { // one at a time
		if e.Player != nil {
			place.sees(e.Player.Rank)
		}
	})
	c.feed = feed.New(feed.Config{MinTriggers: store.FeedTriggers}, source{s}, c.applier, c.registry, log)
	return c
}

// hold reads all players into memory, as if they had joined.
func (c *follower) hold(ctx context.Context) error {
	select {
	case <-c.feed.Ready():
	case <-ctx.Done():
		return fmt.Errorf("start sidecar: %w: %s", context.Cause(ctx), c.feed.Status().Reason)
	}
	for n := range scratchPlayers {
		c.players.Hold(playerID(n))
		if _, _, err := c.players.Read(ctx, playerID(n), c.store.ReadPlayers); err != nil {
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

// source lets a feed follow a store's database.
type source struct{ *store.Store }

// Open implements feed.Source.
func (s source) Open(ctx context.Context) (feed.Conn, error) { return s.OpenFeed(ctx) }
