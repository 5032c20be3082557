package daemon

import (
	"context"
	"fmt"
	"time"

	"playersync/syncer/feed"
	"playersync/syncer/store"
)

// schemaTimeout bounds the look at the schema and its migrations when a database
// that was away at the start comes back.
const schemaTimeout = 5 * time.Minute

// prepareSchema makes the schema current, or says who must, and records the game
// server this sidecar speaks for.
func (d *Daemon) prepareSchema(ctx context.Context) error {
	if err := d.store.Ping(ctx); err != nil {
		return err
	}
	pending, err := d.store.Pending(ctx)
	if err != nil {
		return err
	}
	if pending && !d.config.Migrate {
		return feed.ErrSchema
	}
	if pending {
		if err := d.migrate(ctx); err != nil {
			return err
		}
	}
	// A login that may only read can follow all the same.
	if err := d.store.RegisterServer(ctx, d.config.Sidecar.Home, d.config.Version); err != nil {
		d.log.Warn("cannot tell the others in the database which game server this is", "error", err)
	}
	return nil
}

func (d *Daemon) migrate(ctx context.Context) error {
	d.log.Info("migrating the database")
	direct := d.url // a pooler in transaction mode has no session to lock
	if listen := d.config.Store.ListenURL; listen != "" {
		direct = listen
	}
	if err := store.Migrate(ctx, direct); err != nil {
		return fmt.Errorf("%w; the login needs the role playersync_owner, or run syncer migrate up with one that has "+
			"it", err)
	}
	return nil
}

// source opens the feed's connections. A database that was away at the start is
// looked at before it is followed. Another connection may mean another server, so
// the pool begins anew as well; but it keeps what it has while there is none, and at
// the first, a moment after the look at the schema filled it.
type source struct{ *Daemon }

// Open implements feed.Source. Migrations may take longer than connecting does,
// so they do not end with ctx.
func (s source) Open(ctx context.Context) (feed.Conn, error) {
	if s.prepared {
		s.prepared = false
		return s.store.OpenFeed(ctx)
	}
	if s.feed.Status().Current.IsZero() {
		prepare, cancel := context.WithTimeout(context.WithoutCancel(ctx), schemaTimeout)
		defer cancel()
		if err := s.prepareSchema(prepare); err != nil {
			return nil, err
		}
	}
	conn, err := s.store.OpenFeed(ctx)
	if err != nil {
		return nil, err
	}
	s.store.Reset()
	return conn, nil
}
