package store

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"playersync/db"
	"playersync/syncer"
)

// Options tune a [Store]. The zero value of each field means its default.
type Options struct {
	MaxConnections int32         // of the pool, not counting the feed's own; default 8
	Timeout        time.Duration // of one statement or transaction, connecting included; default 2 s
	Name           string        // shown in pg_stat_activity behind "playersync"
	ListenURL      string        // for the feed's connection where url leads through a pooler; default url
	Pooled         bool          // url leads through a pooler in transaction mode: no prepared statements
	Server         string        // game server in the audit, unless the context names another; "" for none

	// Publish gets each notification of own writes right after their commit, as the database
	// signs them. It must not block. Nil: they are only sent by the database.
	Publish func(payload string)

	Logger *slog.Logger // default: discard
}

// Store is a pool of connections and the operations on it. It is safe for
// concurrent use.
type Store struct {
	pool      *pgxpool.Pool
	queries   *db.Queries // each within the time-out
	feed      *pgx.ConnConfig
	connector *connector
	servers   *primaries
	timeout   time.Duration
	server    string
	writes    atomic.Int64 // edits under way
	notifier  *notifier
	publish   func(payload string) // nil: do not
	keys      keys
	log       *slog.Logger
}

// Open prepares a store. It does not connect: the database may be away, and
// every operation says so by itself.
func Open(ctx context.Context, url string, o Options) (*Store, error) {
	o = o.withDefaults()
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse database url: %w", redact(err))
	}
	config.MaxConns = o.MaxConnections
	config.MaxConnIdleTime = 10 * time.Minute
	servers := &primaries{}
	config.PrepareConn = func(_ context.Context, conn *pgx.Conn) (bool, error) {
		// A session that the server ended, or a server that is not the primary, must not meet a write.
		return alive(conn.PgConn().Conn()) && servers.use(conn.PgConn()), nil
	}
	config.ShouldPing = func(context.Context, pgxpool.ShouldPingParams) bool { return false }
	harden(config.ConnConfig, url)
	o.adjust(config.ConnConfig)
	s := &Store{
		feed: config.ConnConfig.Copy(), connector: newConnector(config.ConnConfig.ConnectTimeout), servers: servers,
		timeout: o.Timeout, server: o.Server, publish: o.Publish, log: o.Logger,
	}
	servers.watch(config.ConnConfig, servers.admitForPool)
	s.watch(config.ConnConfig)
	config.BeforeConnect = func(ctx context.Context, c *pgx.ConnConfig) error {
		servers.prefer(ctx, c)
		return s.connector.beforeConnect(ctx, c)
	}

	if o.ListenURL != "" {
		if s.feed, err = parseConfig(o.ListenURL); err != nil {
			return nil, fmt.Errorf("parse listen url: %w", err)
		}
		o.adjust(s.feed)
	}
	servers.watch(s.feed, servers.admit)
	s.watch(s.feed)

	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open pool: %w", redact(err))
	}
	s.use(pool)
	s.notifier = newNotifier(s.queries, o.Logger)
	return s, nil
}

// watch answers refusals that would last longer than their reason.
//
// Whether a session may write is settled when it begins, by the settings of login and database:
// what they were then would count for as long as it lives. So one that refuses to write ends, and
// all of the pool. For a full queue of notifications see [notifier.free].
func (s *Store) watch(c *pgx.ConnConfig) {
	goesOn := c.OnPgError
	c.OnPgError = func(conn *pgconn.PgConn, refused *pgconn.PgError) bool {
		switch refused.Code {
		case codeReadOnly:
			s.Reset()
			return false
		case codeQueueFull:
			s.notifier.free()
		}
		return goesOn(conn, refused)
	}
}

// awaitStandby returns once the synchronous standby, if there is one, has what was found done.
func (s *Store) awaitStandby(ctx context.Context) error {
	if err := s.queries.AwaitStandby(ctx); err != nil {
		return outcomeUnknown(fmt.Errorf("wait for the standby: %w", err))
	}
	return nil
}

// done reports whether a statement changed rows, or why it failed. If it changed none, another one
// may have: see awaitStandby.
func (s *Store) done(ctx context.Context, verb string, rows int64, err error) (bool, error) {
	switch {
	case err != nil:
		return false, writeError(verb, err)
	case rows == 0:
		return false, s.awaitStandby(ctx)
	}
	return true, nil
}

// use sets the pool that the operations run on.
func (s *Store) use(pool *pgxpool.Pool) {
	s.pool, s.queries = pool, db.New(pooled{pool, s.timeout})
}

func (o Options) withDefaults() Options {
	if o.MaxConnections <= 0 {
		o.MaxConnections = 8
	}
	if o.Timeout <= 0 {
		o.Timeout = 2 * time.Second
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	return o
}

// adjust sets what every connection needs: a name, and limits after which a
// peer that no longer answers counts as gone.
func (o Options) adjust(c *pgx.ConnConfig) {
	setDefault(c, "application_name", "playersync "+o.Name)
	// Elsewhere JSON shows times near the ends of what it can carry beyond them.
	c.RuntimeParams["timezone"] = "UTC"
	if !o.Pooled { // poolers refuse these
		setDefault(c, "search_path", "public")
		setDefault(c, "default_transaction_isolation", "read committed") // a snapshot is never older than its locks
		for parameter, value := range sessionLimits {
			setDefault(c, parameter, value)
		}
	}
	if c.ConnectTimeout == 0 || c.ConnectTimeout > o.Timeout {
		c.ConnectTimeout = o.Timeout
	}
	c.DialFunc = dialer(o.Timeout).DialContext
	if o.Pooled {
		c.DefaultQueryExecMode = pgx.QueryExecModeCacheDescribe
	}
}

// setDefault sets a parameter of sessions that the URL does not set.
func setDefault(c *pgx.ConnConfig, parameter, value string) {
	if _, set := c.RuntimeParams[parameter]; !set {
		c.RuntimeParams[parameter] = value
	}
}

// Close sends what is still to be notified and closes all connections.
func (s *Store) Close() {
	s.notifier.close()
	s.pool.Close()
}

// Reset closes the pool's connections, those in use as soon as they are free:
// behind the same URL there may be another server now.
func (s *Store) Reset() { s.pool.Reset() }

// Ping reports whether the database answers.
func (s *Store) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	return readError("ping", refusal(s.pool.Ping(ctx), s.feed))
}

// PoolStats are the pool's figures, for metrics.
func (s *Store) PoolStats() *pgxpool.Stat { return s.pool.Stat() }

// writer returns who makes a change, for the audit: the person that the change itself
// names, "" for none, else the one that the context does. Every statement that may write
// an important field or a ban says it; batches of saves never do.
func (s *Store) writer(ctx context.Context, by string) syncer.Attribution {
	return s.attribute(syncer.Attribution{By: by}.Or(syncer.AttributionOf(ctx)))
}

// attribute completes what is known of a writer: the server is the store's own.
func (s *Store) attribute(known syncer.Attribution) syncer.Attribution {
	return known.Or(syncer.Attribution{Server: s.server})
}

// notifyMode is the value of the setting syncer.notify, which the feed triggers
// read: "now" lets them notify, "later" leaves it to the store.
type notifyMode string

const (
	notifyNow   notifyMode = "now"
	notifyLater notifyMode = "later"
)

// beginWrite counts a write and chooses its notification. The caller must call
// end once the write is over.
func (s *Store) beginWrite() (mode notifyMode, end func()) {
	mode = notifyNow
	if s.writes.Add(1) > 1 {
		mode = notifyLater
	}
	return mode, func() { s.writes.Add(-1) }
}
