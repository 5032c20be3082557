package daemon

import (
	"context"
	"time"

	"playersync/syncer/fanout"
	"playersync/syncer/store"
)

// newFanout makes what carries notifications over NATS.
func (d *Daemon) newFanout() (*fanout.Fanout, error) {
	config := d.config.Fanout
	config.Name = d.config.Sidecar.Home.Name
	if config.Heartbeat == 0 {
		config.Heartbeat = d.config.Feed.Heartbeat
	}
	return fanout.New(config, forwarderSource{d.store, d}, d.registry, d.log)
}

// forwarderSource is what a forwarder knows of the database.
type forwarderSource struct {
	*store.Store
	daemon *Daemon
}

// Now returns the time by the database's clock.
func (s forwarderSource) Now() time.Time { return s.daemon.feed.Now() }

// OpenForward implements fanout.Source.
func (s forwarderSource) OpenForward(ctx context.Context, slot int) (fanout.Conn, error) {
	conn, err := s.Store.OpenForward(ctx, slot)
	if err != nil {
		return nil, err
	}
	return conn, nil
}
