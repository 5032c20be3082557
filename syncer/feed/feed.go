package feed

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"playersync/syncer/changefeed"
)

// Config sets the feed's timing. Zero values mean the defaults given.
type Config struct {
	PollOnly         bool          // do not LISTEN, poll at PollInterval
	Fanout           Fanout        // do not LISTEN, it brings the notifications; nil: none
	Heartbeat        time.Duration // longest wait between polls while listening: 5 s, ± 10 %
	PollInterval     time.Duration // between polls where no notifications come: 250 ms, ± 10 %
	ConnectTimeout   time.Duration // for opening a connection: 5 s, and up to 20 s while that is not enough
	StatementTimeout time.Duration // for each statement, and between two pieces of a read's answer: 2 s
	ReloadTimeout    time.Duration // for pruning: 60 s
	Keep             time.Duration // recorded changes at least this old are pruned: 15 min
	MinTriggers      int           // feed triggers that the schema has; 0: do not check
}

func (c Config) withDefaults() Config {
	set := func(d *time.Duration, fallback time.Duration) {
		if *d <= 0 {
			*d = fallback
		}
	}
	set(&c.Heartbeat, 5*time.Second)
	set(&c.PollInterval, 250*time.Millisecond)
	set(&c.ConnectTimeout, 5*time.Second)
	set(&c.StatementTimeout, 2*time.Second)
	set(&c.ReloadTimeout, time.Minute)
	set(&c.Keep, 15*time.Minute)
	return c
}

// Feed keeps what an [Applier] feeds equal to the database. See the package
// comment.
type Feed struct {
	config  Config
	source  Source
	fanout  Fanout // nil: notifications come on the connection
	applier *Applier
	metrics *metrics
	log     *slog.Logger
	random  func() float64 // in [0, 1)

	state state
	ready chan struct{}

	// What follows belongs to the goroutine in Run.

	cursor   changefeed.Snapshot // memory holds everything it sees; zero: nothing is known
	epoch    changefeed.Epoch    // of the cursor
	triggers string              // Position.Triggers at the cursor
	backlog  backlog             // players that memory does not hold as the cursor sees them
	found    found               // by the last poll

	strayed    bool          // memory may hold what came from another server than the cursor's
	connected  bool          // at least once
	patience   time.Duration // for opening a connection
	unpolled   bool          // no poll has succeeded on this connection
	due        time.Time     // when to poll next
	polled     time.Time     // when the last poll was done
	reloaded   time.Time     // when everything was last read again
	reloadAt   time.Time     // when to do so without a reason
	pruneAfter time.Time     // not to try before

	missed      bool      // notifications may have been missed since the last poll
	heard       bool      // the fan-out has brought notifications before
	doubtsKey   bool      // a forged notification may mean that the key was replaced
	lostAt      time.Time // when the log last told of a fault
	forged      int       // forged notifications that the log has not told of
	forgedAfter time.Time // when it may tell of them
}

// New returns a feed that keeps the applier's caches equal to the database that
// source opens, and registers its metrics. Nothing happens before [Feed.Run].
func New(config Config, source Source, applier *Applier, registry prometheus.Registerer, log *slog.Logger) *Feed {
	f := &Feed{
		config: config.withDefaults(), source: source, fanout: config.Fanout, applier: applier, log: log,
		random: rand.Float64, ready: make(chan struct{}), backlog: newBacklog(),
	}
	f.patience = f.config.ConnectTimeout
	f.state.lost("starting: the database has not been read yet")
	f.metrics = newMetrics(f, registry)
	return f
}

// Run follows the database until ctx ends, and then returns nil. Faults do not
// end it: it connects again. It must be called once.
func (f *Feed) Run(ctx context.Context) error {
	for failures := 0; ctx.Err() == nil; failures++ {
		caughtUp, err := f.session(ctx)
		if caughtUp {
			failures = 0
		}
		f.lost(ctx, err)
		sleep(ctx, f.backoff(failures))
	}
	f.state.lost("stopped")
	return nil
}

// session opens a connection, catches up, and follows until a fault.
func (f *Feed) session(ctx context.Context) (caughtUp bool, err error) {
	conn, err := f.open(ctx)
	if err != nil {
		return false, err
	}
	defer conn.Close()
	if f.connected {
		f.metrics.reconnects.Inc()
	}
	f.connected, f.unpolled = true, true
	f.applier.reconnected()
	if err := f.poll(ctx, conn); err != nil {
		return false, err
	}
	return true, f.follow(ctx, conn)
}

// open returns a connection that already listens, if it is to.
func (f *Feed) open(ctx context.Context) (Conn, error) {
	connectCtx, cancel := context.WithTimeout(ctx, f.patience)
	defer cancel()
	conn, err := f.source.Open(connectCtx)
	if err != nil {
		f.failedToConnect(connectCtx)
		return nil, fmt.Errorf("%w: %w", errConnect, err)
	}
	f.patience = f.config.ConnectTimeout
	if f.config.PollOnly {
		return conn, nil
	}
	listen, what := conn.Listen, "listen"
	if f.fanout != nil {
		listen, what = conn.ReadKey, "read the key of notifications"
	}
	if err := f.bounded(ctx, f.config.StatementTimeout, listen); err != nil {
		conn.Close()
		return nil, fmt.Errorf("%s: %w", what, err)
	}
	return conn, nil
}

// failedToConnect leaves more time for the next try if this one had too little: each that is
// given up costs a server which is short of time the start of a session.
func (f *Feed) failedToConnect(try context.Context) {
	if errors.Is(try.Err(), context.DeadlineExceeded) {
		f.patience = min(2*f.patience, 4*f.config.ConnectTimeout)
	}
}

// What keeps a connection from being followed.
var (
	errConnect      = errors.New("connect to the database")
	errNotListening = errors.New("the connection does not listen: a pooler in transaction mode is in the way; " +
		"connect to PostgreSQL directly, or choose poll-only mode")
	// ErrSchema is for a [Source] to say that there is nothing to follow yet.
	ErrSchema = errors.New("the database schema is not current: run syncer migrate up, or set database.migrate")

	errUnsettled = errors.New("the database still holds transaction ids of another one: run select feed_settle()")
)

// faultLogInterval is the time between two warnings of one fault.
const faultLogInterval = time.Minute

// lost makes a fault known. In the log a repeated fault is only a debug message most of the
// time.
func (f *Feed) lost(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return // ctx ended: a stop, not a fault
	}
	reason := err.Error()
	switch {
	case errors.Is(err, changefeed.ErrStandby), errors.Is(err, changefeed.ErrReplaced),
		errors.Is(err, errNotListening), errors.Is(err, errUnsettled), errors.Is(err, ErrSchema):
	case errors.Is(err, errConnect):
		reason += "; check that PostgreSQL runs and that database.url is right; trying again"
	case errors.Is(err, errStalled):
		reason += "; connecting again"
	case errors.Is(err, context.DeadlineExceeded):
		reason += "; the database or the network is too slow or stuck; connecting again"
	default:
		reason += "; connecting again"
	}
	level := slog.LevelWarn
	if before := f.state.lost(reason); before == reason && time.Since(f.lostAt) < faultLogInterval {
		level = slog.LevelDebug
	} else {
		f.lostAt = time.Now()
	}
	f.log.Log(ctx, level, "feed interrupted", "reason", reason)
}

// maxBackoff bounds the delay before connecting again.
const maxBackoff = time.Second

// backoff returns a delay that doubles with each failure and is random, so that not
// all sidecars connect at the same moment when the database comes back.
func (f *Feed) backoff(failures int) time.Duration {
	longest := min(maxBackoff, 50*time.Millisecond<<min(failures, 10))
	return time.Duration(float64(longest) * (0.5 + f.random()/2))
}

// sleep waits, at most until ctx ends.
func sleep(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}
