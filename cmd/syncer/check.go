package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/changefeed"
	"playersync/syncer/postgres"
	"playersync/syncer/store"
)

// Limits beyond which check warns.
const (
	checkTimeout      = 3 * time.Second // of each question
	reconcileTimeout  = time.Minute     // of comparing balances with the ledger
	slowNotification  = 20 * time.Millisecond
	largeClockOffset  = 5 * time.Second
	fullQueue         = 0.1 // of the notification queue
	veryFullQueue     = 0.5
	versionsPerNumber = 10_000
	soonOver          = 14 * 24 * time.Hour // the certificate
)

// verdict is how a check went.
type verdict string

const (
	verdictOK   verdict = "OK"
	verdictWarn verdict = "WARN"
	verdictFail verdict = "FAIL"
)

// finding is the result of one check.
type finding struct {
	Name    string  `json:"name"`
	Verdict verdict `json:"verdict"`
	Detail  string  `json:"detail"` // what was found
	Advice  string  `json:"advice"` // what to do about it, "" if nothing
}

// errChecksFailed makes the exit code.
var errChecksFailed = errors.New("not all is well, see above")

func newCheckCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "check",
		Short: "Check configuration and database, and say what to do",
		Long: `Check whether the configuration is valid, the database can be reached and followed,
and the login may do what it must. One line each; the exit code is 1 if anything FAILs.`,
		GroupID: groupOperate,
		Args:    exactly(),
		RunE:    func(command *cobra.Command, _ []string) error { return a.check(command) },
	}
	a.addConfigFlags(command)
	a.addJSONFlag(command.Flags())
	return command
}

func (a *app) check(command *cobra.Command) error {
	c := &checkup{}
	settings, err := a.config(command)
	if err != nil {
		c.broken("configuration", err, "see config.example.yaml")
	} else {
		c.all(command.Context(), settings)
	}
	printed := a.print(c.findings, func(w io.Writer) {
		rows := make([][]string, len(c.findings))
		for i, f := range c.findings {
			detail := f.Detail
			if f.Advice != "" {
				detail += ": " + f.Advice
			}
			rows[i] = []string{string(f.Verdict), f.Name, detail}
		}
		table(w, nil, rows)
	})
	if printed != nil {
		return printed
	}
	for _, f := range c.findings {
		if f.Verdict == verdictFail {
			return errChecksFailed
		}
	}
	return nil
}

// checkup collects findings.
type checkup struct {
	findings []finding
	settings config.Config
	store    *store.Store
	url      config.Secret
}

func (c *checkup) add(v verdict, name, detail, advice string) {
	c.findings = append(c.findings, finding{Name: name, Verdict: v, Detail: clean(detail), Advice: advice})
}

func (c *checkup) ok(name, detail string)           { c.add(verdictOK, name, detail, "") }
func (c *checkup) warn(name, detail, advice string) { c.add(verdictWarn, name, detail, advice) }
func (c *checkup) fail(name, detail, advice string) { c.add(verdictFail, name, detail, advice) }

// broken is fail for an error; the advice is for one that has none of its own.
func (c *checkup) broken(name string, err error, advice string) {
	c.fail(name, errorText(err), cmp.Or(adviceFor(err), advice))
}

// all runs the checks in an order in which each can rely on those before it.
func (c *checkup) all(ctx context.Context, settings config.Config) {
	c.settings = settings
	c.configuration()
	c.dataDir()
	c.port(ctx)
	c.certificate()
	if !c.open(ctx) {
		return
	}
	defer c.store.Close()
	server, err := c.store.CheckServer(ctx)
	if err != nil {
		c.broken("database", err, "is database.url right?")
		return
	}
	c.server(server)
	if c.schema(ctx) {
		c.privileges(ctx)
		c.triggers(ctx)
		c.balances(ctx)
		c.names(ctx)
	}
	c.notifications(ctx, server)
	c.clock(server)
	if server.PublicMayConnect {
		c.warn("access", "every login of the server may connect, and so listen to all changes",
			"run: revoke connect on database … from public")
	} else {
		c.ok("access", "only logins with a role of playersync may connect")
	}
}

func (c *checkup) configuration() {
	file := c.settings.File
	if file == "" {
		file = "no file, defaults and environment"
	}
	c.ok("configuration", file)
	for _, w := range c.settings.Warnings() {
		c.warn(w.Key, w.Detail, w.Advice)
	}
}

// dataDir tries whether serve could keep what waits on disk.
func (c *checkup) dataDir() {
	if err := makeDataDir(c.settings.Data.Dir); err != nil {
		c.fail("data directory", errorText(err), "set data.dir to a directory of the user that runs syncer serve")
		return
	}
	c.ok("data directory", c.settings.Data.Dir)
}

// port tries whether serve could listen.
func (c *checkup) port(ctx context.Context) {
	listen := c.settings.HTTP.Listen
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", listen)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		c.warn("http.listen", listen+" is in use", "fine if it is by a syncer that runs; else stop that program")
	case err != nil:
		c.fail("http.listen", errorText(err), "set http.listen to an address of this machine")
	default:
		_ = listener.Close() // nobody connected
		c.ok("http.listen", listen+" is free")
	}
}

// certificate looks whether serve could use the one that is configured, and how long.
func (c *checkup) certificate() {
	found, err := c.settings.HTTP.API().Certificate()
	switch {
	case err != nil:
		c.fail("http.tls", errorText(err), "set http.tls.cert and http.tls.key to files that this user can read")
	case found == nil: // clear text
	case time.Until(found.NotAfter) < soonOver:
		c.warn("http.tls", "the certificate is good until "+found.NotAfter.Local().Format(clockLayout),
			"put a new one into its place; no restart is needed")
	default:
		c.ok("http.tls", "the certificate is good until "+found.NotAfter.Local().Format(clockLayout))
	}
}

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
