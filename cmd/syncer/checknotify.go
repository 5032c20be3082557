package main

import (
	"context"
	"fmt"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/store"
)

// notifications checks how changes would travel: poolers, LISTEN and the queue.
func (c *checkup) notifications(ctx context.Context, server store.ServerCheck) {
	c.pooler(server)
	if c.settings.Sync.Mode == config.ModePoll {
		c.warn("notify", "not used in mode poll: changes take up to sync.poll_interval",
			"set sync.mode to listen if a direct connection can be had")
	} else {
		c.listen(ctx)
	}
	usage := fmt.Sprintf("%.1f %% of the notification queue is used", server.QueueUsage*100)
	const advice = "a listener is blocked; find it: select * from pg_stat_activity order by xact_start"
	switch {
	case server.QueueUsage >= veryFullQueue:
		c.fail("queue", usage, advice)
	case server.QueueUsage >= fullQueue:
		c.warn("queue", usage, advice)
	default:
		c.ok("queue", usage)
	}
}

func (c *checkup) pooler(server store.ServerCheck) {
	pooled := c.settings.Database.Pooled && !c.settings.Embedded
	switch {
	case server.Pooler && !pooled:
		c.warn("pooler", "database.url leads through one",
			"set database.pooled if it pools transactions, and give a direct database.listen_url")
	case !server.Pooler && pooled:
		c.warn("pooler", "none on the way to the database",
			"database.pooled can be false: prepared statements are faster")
	case server.Pooler:
		c.ok("pooler", "there is one, as configured")
	default:
		c.ok("pooler", "none on the way to the database")
	}
}

func (c *checkup) listen(ctx context.Context) {
	const advice = "set database.listen_url to a direct connection, or sync.mode to poll"
	notify, err := c.store.CheckNotify(ctx)
	switch {
	case err != nil:
		c.fail("notify", errorText(err), advice)
	case notify.Lost:
		c.fail("notify", "a notification did not arrive", advice)
	case notify.Pooler:
		c.warn("notify",
			fmt.Sprintf("arrives in %s, but through a pooler, which may lose it", milliseconds(notify.Median)), advice)
	case notify.Median > slowNotification:
		c.warn("notify", "arrives in "+milliseconds(notify.Median), "is the network or the server slow?")
	default:
		c.ok("notify", "arrives in "+milliseconds(notify.Median))
	}
}
