package main

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/console"
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

// checkWhileServing returns what the console asks.
func checkWhileServing(settings config.Config) func(context.Context) []console.Finding {
	return func(ctx context.Context) []console.Finding {
		c := &checkup{serving: true}
		c.all(ctx, settings)
		findings := make([]console.Finding, len(c.findings))
		for i, f := range c.findings {
			findings[i] = console.Finding{Name: f.Name, Verdict: string(f.Verdict), Detail: f.Detail, Advice: f.Advice}
		}
		return findings
	}
}

// checkup collects findings.
type checkup struct {
	findings []finding
	settings config.Config
	store    *store.Store
	url      config.Secret
	serving  bool // asked by syncer serve, again and again: its port is its own, and nothing large is read
}

func (c *checkup) add(v verdict, name, detail, advice string) {
	c.findings = append(c.findings, finding{Name: name, Verdict: v, Detail: clean(detail), Advice: advice})
}

func (c *checkup) ok(name, detail string) { c.add(verdictOK, name, detail, "") }

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
	if !c.serving {
		c.port(ctx)
	}
	c.certificate()
	c.fanout(ctx)
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
		if !c.serving {
			c.balances(ctx)
		}
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
