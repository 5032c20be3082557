package daemon

import (
	"context"
	"errors"
	"os"
	"time"
)

// closeTimeout bounds the private server's shutdown.
const closeTimeout = 30 * time.Second

// stage is a part that runs until its context ends.
type stage struct {
	name   string
	run    func(ctx context.Context) error
	cancel context.CancelFunc
	done   chan struct{}
	err    error
}

// stages are the parts that run, in the order of shutdown: each still needs the later
// ones.
func (d *Daemon) stages() []*stage {
	var stages []*stage
	if d.console != nil { // first, so that open pages do not hold up the end of http
		stages = append(stages, &stage{name: "console", run: d.console.Run})
	}
	stages = append(stages, []*stage{
		{name: "http", run: func(ctx context.Context) error { return d.http.Serve(ctx, d.listener) }},
		{name: "staff chat", run: d.use.chat.Run},
		{name: "chat deliveries", run: d.plugin.deliveries.Run},
		{name: "write queue", run: d.use.queue.Run},
	}...)
	if d.webhook != nil {
		stages = append(stages, &stage{name: "webhook", run: d.webhook.Run})
	}
	stages = append(stages, []*stage{
		{name: "presence", run: d.use.presence.Run},
		{name: "transients", run: d.use.transients.Run},
		{name: "audit", run: d.use.audit.Run},
		{name: "saver", run: d.use.saver.Run},
		{name: "shown states", run: d.plugin.players.Run},
		{name: "feed", run: d.feed.Run},
		{name: "ban list", run: d.keepBans},
	}...)
	if d.fanout != nil {
		stages = append(stages, &stage{name: "fan-out", run: d.fanout.Run})
	}
	return stages
}

// Run serves until ctx ends or a part fails, then shuts down in order and
// returns the first error.
func (d *Daemon) Run(ctx context.Context) error {
	stages := d.stages()
	failed := make(chan struct{}, len(stages))
	for _, s := range stages {
		s.start(context.WithoutCancel(ctx), failed)
	}
	var stopped <-chan struct{}
	if d.postgres != nil {
		stopped = d.postgres.Done()
	}
	var cause error
	select {
	case <-ctx.Done():
	case <-failed:
	case <-stopped:
		cause = errors.New("the private PostgreSQL ended by itself; see its log in the data directory")
	}
	d.log.Info("shutting down")
	errs := []error{cause}
	for _, s := range stages {
		s.cancel()
		<-s.done
		if s.err != nil {
			d.log.Error("part ended with an error", "part", s.name, "error", s.err)
		}
		errs = append(errs, s.err)
	}
	d.close()
	return errors.Join(errs...)
}

// start runs the stage until its own context ends; it tells failed if it ends by
// itself.
func (s *stage) start(ctx context.Context, failed chan<- struct{}) {
	ctx, s.cancel = context.WithCancel(ctx)
	s.done = make(chan struct{})
	go func() {
		defer close(s.done)
		s.err = s.run(ctx)
		if ctx.Err() == nil {
			failed <- struct{}{}
		}
	}()
}

// close releases whatever was opened, in reverse order.
func (d *Daemon) close() {
	if d.listener != nil {
		_ = d.listener.Close() // closed already where HTTP has served
	}
	if d.events != nil {
		d.events.Close()
	}
	if d.store != nil {
		d.store.Close()
	}
	if d.outbox != nil {
		if err := d.outbox.Close(); err != nil {
			d.log.Error("cannot close the outbox", "error", err)
		}
	}
	if d.postgres != nil {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		if err := d.postgres.Stop(ctx); err != nil {
			d.log.Error("cannot stop the private PostgreSQL", "error", err)
		}
	}
	if d.scratch != "" {
		_ = os.RemoveAll(d.scratch)
	}
}
