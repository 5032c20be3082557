package main

import (
	"context"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/fanout"
)

// fanout tries whether NATS carries notifications, if it is to.
func (c *checkup) fanout(ctx context.Context) {
	if c.settings.Sync.Fanout != config.FanoutNATS {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	median, err := fanout.Check(ctx, c.settings.NATS.Config())
	switch {
	case err != nil:
		c.fail("nats", err.Error(), "check nats.url, nats.credentials and nats.tls; changes of others are polled for "+
			"meanwhile")
	case median > slowNotification:
		c.warn("nats", "carries notifications in "+milliseconds(median), "is the network or the server slow?")
	default:
		c.ok("nats", "carries notifications in "+milliseconds(median))
	}
}
