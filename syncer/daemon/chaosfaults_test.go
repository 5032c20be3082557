package daemon_test

import (
	"context"
	"syscall"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

// chaosFault breaks something and returns how to mend it.
type chaosFault struct {
	name  string
	begin func(c *chaos) (mend func())
}

// faultsOfChaos are those that TestChaos draws from. Those that hold locks come last: they begin
// after others, and end before them.
var faultsOfChaos = []chaosFault{
	{"database killed", func(c *chaos) func() { c.server.Kill(); return c.restartServer }},
	{"database shut down", func(c *chaos) func() { c.server.Shutdown(c.t.Context()); return c.restartServer }},
	{"backends terminated", func(c *chaos) func() { c.psql(killAll); return func() {} }},
	{"sidecar killed", func(c *chaos) func() {
		p := c.anySidecar()
		p.kill()
		return p.start
	}},
	{"sidecar stopped", func(c *chaos) func() {
		p := c.anySidecar()
		p.signal(syscall.SIGSTOP)
		return func() { p.signal(syscall.SIGCONT) }
	}},
	{"connections cut", func(c *chaos) func() { c.anyProxy().Cut(); return func() {} }},
	{"connections refused", func(c *chaos) func() {
		p := c.anyProxy()
		p.Refuse(true)
		p.Cut()
		return func() { p.Refuse(false) }
	}},
	{"network stalled, then cut", func(c *chaos) func() {
		p := c.anyProxy()
		p.Stall()
		return func() { p.Cut(); p.Resume() }
	}},
	{"network stalled", func(c *chaos) func() {
		p := c.anyProxy()
		p.Stall()
		return p.Resume
	}},
	{"triggers disabled", func(c *chaos) func() {
		c.psql(`alter table player disable trigger all`)
		return func() { c.psql(`alter table player enable trigger all; ` + enableAlways) }
	}},
	{"tables locked", func(c *chaos) func() {
		return c.transaction(`begin; lock table player, ban, session, balance in access exclusive mode`, `rollback`)
	}},
	{"transaction left open", func(c *chaos) func() {
		return c.transaction(`begin; insert into ban (uuid) values ('late') on conflict do nothing;
			update player set rank = 'late' where uuid = 'player/1+=='`, pick([]string{`commit`, `rollback`}))
	}},
}

// enableAlways puts the triggers of players back as the migrations made them.
const enableAlways = `
	do $$
	declare name text;
	begin
		for name in select tgname from pg_trigger where tgrelid = 'player'::regclass and not tgisinternal loop
			execute format('alter table player enable always trigger %I', name);
		end loop;
	end $$`

func (c *chaos) restartServer() {
	c.t.Helper()
	if err := c.server.Restart(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

func (c *chaos) anySidecar() *process    { return c.sidecar[c.random.IntN(len(c.sidecar))] }
func (c *chaos) anyProxy() *pgtest.Proxy { return c.proxies[c.random.IntN(len(c.proxies))] }

// psql runs statements past all proxies, again until the server lets it.
func (c *chaos) psql(sql string) {
	c.t.Helper()
	pgtest.Eventually(c.t, waitTimeout, func() error {
		conn, err := pgx.Connect(c.t.Context(), c.url)
		if err != nil {
			if c.isDown() {
				return nil // another fault: there is nothing to do it to
			}
			return err
		}
		defer func() { _ = conn.Close(context.Background()) }()
		_, err = conn.PgConn().Exec(c.t.Context(), sql).ReadAll()
		return err
	})
}

// isDown reports whether the server was ended.
func (c *chaos) isDown() bool { return isClosed(c.server.Done()) }

// transaction leaves one open. There is none if the server is down, or if another one that is
// left open is in its way.
func (c *chaos) transaction(begin, end string) (mend func()) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.url)
	if err != nil {
		return func() {}
	}
	_, _ = conn.PgConn().Exec(ctx, "set lock_timeout = '5s'; "+begin).ReadAll()
	return func() {
		_, _ = conn.PgConn().Exec(ctx, end).ReadAll()
		_ = conn.Close(ctx)
	}
}
