package demo

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"playersync/syncer"
	"playersync/syncer/console"
	"playersync/syncer/daemon"
	"playersync/syncer/httpapi"
	"playersync/syncer/sidecar"
)

// runningDaemon is one whole sidecar, which runs until it is stopped.
type runningDaemon struct {
	*daemon.Daemon
	cancel context.CancelFunc
	done   chan struct{}
	err    error // valid after done
}

// startDaemon starts a sidecar and waits until it follows the database.
func startDaemon(
	ctx context.Context, url, version string, home syncer.GameServer, log *slog.Logger,
) (*runningDaemon, error) {
	config := daemon.Config{
		DatabaseURL: url,
		Migrate:     true,
		Sidecar:     sidecar.Config{Home: home},
		Console:     console.Config{Owner: "owner of the demo"},
		HTTP:        httpapi.Config{Listen: "127.0.0.1:0", RequestTimeout: waitTimeout},
		Version:     version,
	}
	config.Store.Timeout = waitTimeout // a database that is slow here is not broken
	config.Feed.ConnectTimeout, config.Feed.StatementTimeout = waitTimeout, waitTimeout
	built, err := daemon.New(ctx, config, log.With("server", home.Name))
	if err != nil {
		return nil, fmt.Errorf("start syncer of %s: %w", home.Name, err)
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	d := &runningDaemon{Daemon: built, cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(d.done)
		d.err = built.Run(running)
	}()
	select {
	case <-d.Ready():
		return d, nil
	case <-d.done:
	case <-ctx.Done():
		d.stop()
	}
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	return nil, fmt.Errorf("run syncer of %s: %w", home.Name, d.reason())
}

// reason says why a sidecar that has ended did so.
func (d *runningDaemon) reason() error {
	if d.err == nil {
		return errors.New("without an error")
	}
	return d.err
}

// stop ends the sidecar in order.
func (d *runningDaemon) stop() {
	d.cancel()
	<-d.done
}
