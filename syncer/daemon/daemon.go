// Package daemon builds a whole sidecar out of its parts and runs it: private
// PostgreSQL if wanted, schema, store, caches, feed, use-cases, HTTP.
//
// A daemon starts whatever the database says, or without it: it answers from the bans it
// last knew, says on /readyz what is missing, and catches up by itself. What it does not
// start with is a configuration that can never work.
//
// It shuts down in order: HTTP stops accepting and finishes its requests, edits
// in memory are stored or put on disk, the feed ends, connections close, and last
// the private PostgreSQL.
package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"

	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/console"
	"playersync/syncer/events"
	"playersync/syncer/fanout"
	"playersync/syncer/feed"
	"playersync/syncer/httpapi"
	"playersync/syncer/mindustry/fishapi"
	"playersync/syncer/outbox"
	"playersync/syncer/postgres"
	"playersync/syncer/sidecar"
	"playersync/syncer/store"
	"playersync/syncer/webhook"
)

// Config is everything that can be chosen. Zero values mean the defaults of the
// parts.
type Config struct {
	DatabaseURL string           // not used with Embedded
	Embedded    *postgres.Config // run a private server with this configuration
	Migrate     bool             // apply pending migrations at start
	Store       store.Options    // Name and Logger are filled in
	Feed        feed.Config      // MinTriggers and Fanout are filled in
	Fanout      fanout.Config    // without URL: none; Name and Heartbeat are filled in
	Sidecar     sidecar.Config
	Presence    sidecar.PresenceConfig // only Lease is taken
	HTTP        httpapi.Config
	Fish        fishapi.Config // MaxBody is HTTP's
	Webhook     webhook.Config // without URL: none
	Console     console.Config
	NoConsole   bool          // do not serve the web pages
	NoFish      bool          // do not serve the protocol of the fish-commands plugin
	Listener    net.Listener  // instead of HTTP.Listen; the daemon closes it
	CachedLimit int           // players kept in memory beyond those that are held; default 10 000
	EventBuffer int           // events that a subscriber may be behind; default 8192
	AuditKeep   time.Duration // older changes in the audit are forgotten; 0: none is
	DataDir     string        // outbox and last known bans; "" means a throw-away directory
	Version     string
	Revision    string // of the source; "" if not known
}

// Daemon is a sidecar ready to run.
type Daemon struct {
	config   Config
	log      *slog.Logger
	started  time.Time
	url      string
	postgres *postgres.Server
	scratch  string // throw-away data directory, or ""
	prepared bool   // the schema was current a moment ago; the feed's first connection takes this back

	store  *store.Store
	outbox *outbox.Outbox

	// The copies in memory, and what keeps them current.
	players   *cache.Players
	bans      *cache.Bans
	sessions  *cache.Sessions
	messages  *cache.Messages
	patterns  *cache.Patterns
	addresses *cache.Blacklist
	applier   *feed.Applier
	feed      *feed.Feed
	fanout    *fanout.Fanout // nil: none
	events    *events.Broker

	use     useCases
	plugin  plugin
	console *console.Console // nil: none
	webhook *webhook.Webhook // nil: none
	http    *httpapi.Server

	listener net.Listener
	registry *prometheus.Registry
}

// New builds a daemon: it starts the private server if there is to be one, brings
// the schema up to date if the database lets it, opens the data directory and
// listens. After an error nothing is left behind. Run must follow.
func New(ctx context.Context, config Config, log *slog.Logger) (*Daemon, error) {
	if config.CachedLimit <= 0 {
		config.CachedLimit = 10_000
	}
	if config.EventBuffer <= 0 {
		config.EventBuffer = 8192
	}
	d := &Daemon{
		config: config, log: log, started: time.Now(), url: config.DatabaseURL, registry: prometheus.NewRegistry(),
	}
	for _, build := range []func(context.Context) error{d.openDatabase, d.openData, d.wire, d.listen} {
		if err := build(ctx); err != nil {
			d.close()
			return nil, err
		}
	}
	return d, nil
}

// openDatabase starts the private server and makes the schema current.
func (d *Daemon) openDatabase(ctx context.Context) error {
	if d.config.Embedded != nil {
		server, err := postgres.Start(ctx, *d.config.Embedded)
		if err != nil {
			return fmt.Errorf("start private PostgreSQL: %w", err)
		}
		d.postgres, d.url = server, server.URL()
	}
	options := d.config.Store
	options.Name, options.Logger = d.config.Sidecar.Home.Name, d.log
	options.Server = d.config.Sidecar.Home.Name
	if d.config.Fanout.URL != "" {
		options.Publish = func(payload string) { d.fanout.Publish(payload) }
	}
	var err error
	if d.store, err = store.Open(ctx, d.url, options); err != nil {
		return err
	}
	if err := d.prepareSchema(ctx); ctx.Err() != nil {
		return err
	} else if err != nil {
		d.log.Warn("the database cannot be used yet; starting with what was last known", "error", err)
	} else {
		d.prepared = true
	}
	return nil
}

// openData opens the outbox and takes over the bans it last knew.
func (d *Daemon) openData(context.Context) error {
	dir := d.config.DataDir
	if dir == "" {
		scratch, err := os.MkdirTemp("", "playersync-")
		if err != nil {
			return fmt.Errorf("make data directory: %w", err)
		}
		d.scratch, dir = scratch, scratch
	}
	var err error
	if d.outbox, err = outbox.Open(filepath.Join(dir, "outbox.db")); err != nil {
		return err
	}
	d.bans = cache.NewBans()
	known, savedAt, err := d.outbox.LoadBans()
	if errors.Is(err, outbox.ErrCorrupt) {
		d.log.Error("some of the last known bans are lost; the rest holds until the database answers", "error", err)
	} else if err != nil {
		return fmt.Errorf("load last known bans: %w", err)
	}
	if !savedAt.IsZero() {
		d.bans.Load(changefeed.Snapshot{}, known)
		d.log.Info("loaded the last known bans", "bans", d.bans.Len(), "saved_at", savedAt)
	}
	return nil
}

// wire connects the parts.
func (d *Daemon) wire(ctx context.Context) error {
	if err := d.wireFeed(); err != nil {
		return err
	}
	if d.config.Webhook.URL != "" {
		d.webhook = webhook.New(d.config.Webhook, d.registry, d.log)
	}
	d.wireUseCases(ctx)
	d.wirePlugin()
	d.registry.MustRegister(collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	d.registerMetrics()
	mounts, err := d.fish()
	if err != nil {
		return err
	}
	if mounts, err = d.wireConsole(mounts); err != nil {
		return err
	}
	u := &d.use
	d.http, err = httpapi.New(d.config.HTTP, httpapi.Deps{
		Servers: u.servers, Players: u.players, Visits: u.info, USIDs: u.usids, Balances: u.balances,
		Bans: u.bans, BanDetails: u.bans, BanTransfer: u.banTransfer, Audit: u.audit,
		Presence: u.presence, Kicks: u.kicks, Mutes: u.edits, Transients: u.transients, Chat: u.chat,
		Patterns: u.patterns, Blacklist: u.blacklist, ModLog: u.modLog,
		Counts: u.counts, MapRuns: u.mapRuns, Events: d.events, Ready: d.missing, Notices: d.notices, Mounts: mounts,
		Registry: d.registry, Log: d.log, Version: d.config.Version,
	})
	return err
}

// wireFeed makes the copies in memory and what keeps them current. The bans exist
// already: they were read from disk.
func (d *Daemon) wireFeed() error {
	d.players, d.sessions = cache.NewPlayers(d.config.CachedLimit), cache.NewSessions()
	d.messages = cache.NewMessages(store.HeldMessages)
	d.patterns, d.addresses = cache.NewPatterns(), cache.NewBlacklist()
	d.events = events.NewBroker(d.config.EventBuffer)
	d.applier = feed.NewApplier(d.players, d.bans, d.events.Publish, d.messages, d.patterns, d.addresses, d.sessions,
		cache.NewKicks(), cache.NewModLog(store.HeldModEntries))
	config := d.config.Feed
	config.MinTriggers = store.FeedTriggers
	if d.config.Fanout.URL != "" {
		var err error
		if d.fanout, err = d.newFanout(); err != nil {
			return err
		}
		config.Fanout = d.fanout
	}
	d.feed = feed.New(config, source{d}, d.applier, d.registry, d.log)
	return nil
}

func (d *Daemon) listen(ctx context.Context) error {
	if d.listener = d.config.Listener; d.listener != nil {
		return nil
	}
	var config net.ListenConfig
	var err error
	if d.listener, err = config.Listen(ctx, "tcp", d.config.HTTP.Listen); err != nil {
		return fmt.Errorf("listen for http: %w", err)
	}
	return nil
}

// URL returns the address of the HTTP API, e.g. http://127.0.0.1:5082.
func (d *Daemon) URL() string {
	scheme := "http://"
	if d.config.HTTP.TLSCert != "" {
		scheme = "https://"
	}
	return scheme + d.listener.Addr().String()
}

// DatabaseURL returns the database's URL, password included.
func (d *Daemon) DatabaseURL() string { return d.url }

// Ready returns a channel that is closed once everything in memory first equalled
// the database.
func (d *Daemon) Ready() <-chan struct{} { return d.feed.Ready() }

// Events returns the stream of changes, for watching from within the process.
func (d *Daemon) Events() *events.Broker { return d.events }

// notices returns what is not as it should be although the daemon follows the database.
func (d *Daemon) notices() []string {
	if status := d.feed.Status(); status.Following && status.Silence != "" {
		return []string{fmt.Sprintf("%s; changes of others are found by polling meanwhile", status.Silence)}
	}
	return nil
}

// missing returns why the daemon does not follow the database, or nothing.
func (d *Daemon) missing() []string {
	if status := d.feed.Status(); !status.Following {
		return []string{status.Reason}
	}
	return nil
}

// clock is what the feed knows of time.
type clock struct{ *Daemon }

// Now returns the time by the database's clock.
func (c clock) Now() time.Time { return c.feed.Now() }

// Following reports whether memory follows the database.
func (c clock) Following() bool { return c.feed.Status().Following }

// Staleness counts from the start while nothing was read yet.
func (c clock) Staleness() time.Duration {
	current := c.feed.Status().Current
	if current.IsZero() {
		current = c.started
	}
	return time.Since(current)
}
