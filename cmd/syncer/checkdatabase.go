package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"playersync/syncer/changefeed"
	"playersync/syncer/postgres"
	"playersync/syncer/store"
)

// open prepares the store for the database that serve would use.
func (c *checkup) open(ctx context.Context) bool {
	var err error
	if c.url, err = databaseURL(c.settings); err != nil {
		c.broken("database", err, "is database.url right?")
		return false
	}
	options := store.Options{
		MaxConnections: 2, Timeout: checkTimeout, Name: "check", Pooled: c.settings.Database.Pooled,
		ListenURL: c.settings.Database.ListenURL.Reveal(),
	}
	if c.settings.Embedded {
		options.ListenURL, options.Pooled = "", false
	}
	if c.store, err = store.Open(ctx, c.url.Reveal(), options); err != nil {
		c.broken("database", err, "is database.url right?")
		return false
	}
	return true
}

func (c *checkup) server(server store.ServerCheck) {
	detail := fmt.Sprintf("%s answers in %s", c.url.DatabaseName(), milliseconds(server.RoundTrip))
	c.ok("database", detail)
	if t := server.Transport; t.Local || t.Verified {
		c.ok("transport", t.String())
	} else {
		c.warn("transport", t.String(), "whoever is on the way can take the server's place: "+
			"let database.url end in sslmode=verify-full, with sslrootcert=… where the authority is your own")
	}
	if major := server.VersionNumber / versionsPerNumber; major < postgres.MinimumMajor {
		c.fail("version", "PostgreSQL "+server.Version, fmt.Sprintf("upgrade to %d or newer", postgres.MinimumMajor))
	} else {
		c.ok("version", "PostgreSQL "+server.Version)
	}
	if server.InRecovery {
		c.fail("primary", "this server is a standby",
			"let database.url lead to the primary, e.g. with target_session_attrs=read-write")
	} else {
		c.ok("primary", "the server takes writes")
	}
}

// schema reports whether the tables can be looked at.
func (c *checkup) schema(ctx context.Context) bool {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	var migrator *store.Migrator
	direct, err := directURL(c.settings)
	if err == nil {
		migrator, err = store.NewMigrator(direct.Reveal())
	}
	if err != nil {
		c.broken("schema", err, "is database.url right?")
		return false
	}
	defer func() { _ = migrator.Close() }()
	current, newest, err := migrator.GetVersions(ctx)
	switch {
	case err != nil:
		c.broken("schema", err, "run: syncer migrate up")
		return false
	case current < newest:
		c.fail("schema", fmt.Sprintf("version %d of %d", current, newest), "run: syncer migrate up")
	case current > newest:
		c.warn("schema", fmt.Sprintf("version %d, newer than this program's %d", current, newest), "update syncer")
	default:
		c.ok("schema", fmt.Sprintf("version %d, the newest", current))
	}
	return current > 0
}

func (c *checkup) privileges(ctx context.Context) {
	rights, err := c.store.CheckPrivileges(ctx)
	switch {
	case err != nil:
		c.broken("privileges", err, "see: syncer migrate status")
	case len(rights.Missing) > 0:
		c.fail("privileges", rights.Login+" lacks "+strings.Join(rights.Missing, ", "),
			"run: grant playersync_app to "+rights.Login)
	case rights.MayAlter && !c.settings.Database.Migrate:
		c.warn("privileges", rights.Login+" could alter the schema",
			"let sidecars log in with the role playersync_app only")
	case rights.MayAlter:
		c.ok("privileges", rights.Login+" may read, write and migrate")
	default:
		c.ok("privileges", rights.Login+" may read and write, and not alter the schema")
	}
}

func (c *checkup) triggers(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, checkTimeout)
	defer cancel()
	feed, err := c.store.OpenFeed(ctx)
	if err != nil {
		c.broken("triggers", err, "see: syncer migrate status")
		return
	}
	defer feed.Close()
	position, err := feed.Poll(ctx, changefeed.Snapshot{}, 0)
	switch {
	case err != nil:
		c.broken("triggers", err, "see: syncer migrate status")
	case position.TriggersEnabled < store.FeedTriggers:
		c.fail("triggers",
			fmt.Sprintf("%d of %d feed triggers are enabled ALWAYS: changes may go unseen", position.TriggersEnabled,
				store.FeedTriggers),
			"run: alter table … enable always trigger …, for each feed_ trigger that is not enabled so")
	default:
		c.ok("triggers", fmt.Sprintf("all %d are enabled ALWAYS", position.TriggersEnabled))
	}
}

// names looks for game servers that two sidecars speak for.
func (c *checkup) names(ctx context.Context) {
	servers, err := c.store.ServerOverview(ctx)
	var twice []string
	for _, server := range servers {
		if server.Contested {
			twice = append(twice, server.Name)
		}
	}
	switch {
	case err != nil:
		c.broken("server names", err, "see: syncer server list")
	case len(twice) > 0:
		c.warn("server names", "two syncers speak for "+strings.Join(twice, ", "),
			"give each its own server.name, or stop one; players of the older one are not shown as online")
	default:
		c.ok("server names", "no two syncers speak for one game server")
	}
}

// balances compares them with the ledger, which takes a while where that is long.
func (c *checkup) balances(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, reconcileTimeout)
	defer cancel()
	total, some, err := c.store.BalanceMismatches(ctx)
	switch {
	case err != nil:
		c.broken("balances", err, "see: syncer balance check")
	case total > 0:
		c.fail("balances",
			fmt.Sprintf("%d are not the sum of their ledger, first that of %s in %s", total, some[0].Player,
				some[0].Currency),
			"somebody has disabled triggers or edited the ledger; see: syncer balance check")
	default:
		c.ok("balances", "each is the sum of its ledger")
	}
}

func (c *checkup) clock(server store.ServerCheck) {
	detail := fmt.Sprintf("the database's is %s ahead of ours", milliseconds(server.ClockOffset))
	if server.ClockOffset < 0 {
		detail = fmt.Sprintf("the database's is %s behind ours", milliseconds(-server.ClockOffset))
	}
	if server.ClockOffset.Abs() > largeClockOffset {
		c.warn("clock", detail, "expiry goes by the database's clock; let both machines keep time by NTP")
		return
	}
	c.ok("clock", detail)
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%.2f ms", float64(d.Microseconds())/1000)
}
