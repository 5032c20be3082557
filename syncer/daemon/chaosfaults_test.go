package daemon_test

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"time"

	"playersync/syncer/postgres/pgtest"
)

// chaosFault breaks something and returns how to mend it.
type chaosFault struct {
	name  string
	begin func(c *chaos) (mend func())
	of    string // what it ends: two faults that end the same do not come at once
}

// What a fault may end.
const (
	aServer  = "a server"
	aSidecar = "a sidecar"
)

// faultsOfChaos are those that TestChaos draws from. Those that let locks be held, or nobody in,
// come last: they begin after others, and end before them.
var faultsOfChaos = []chaosFault{
	{"standby takes over", (*chaos).failOver, aServer},
	{"database killed", func(c *chaos) func() { c.primary().Kill(); return c.restartServer }, aServer},
	{"database shut down", func(c *chaos) func() {
		c.primary().Shutdown(c.t.Context())
		return c.restartServer
	}, aServer},
	{"backends terminated", func(c *chaos) func() { c.psql(killAll); return func() {} }, ""},
	{"sidecar killed", func(c *chaos) func() {
		return c.kill(c.random.IntN(len(c.sidecar))).start
	}, aSidecar},
	{"sidecar killed, its files damaged", (*chaos).damageFiles, aSidecar},
	{"sidecar stopped", func(c *chaos) func() {
		p := c.anySidecar()
		p.signal(syscall.SIGSTOP)
		return func() { p.signal(syscall.SIGCONT) }
	}, ""},
	{"sidecar's disk full", func(c *chaos) func() {
		at := c.random.IntN(len(c.sidecar))
		c.sidecar[at].fillDisk(true)
		return func() {
			c.sidecar[at].fillDisk(false)
			c.told(at, func(s *server) { s.full, s.onDisk, s.soon = time.Now(), 0, 0 })
		}
	}, ""},
	{"connections cut", func(c *chaos) func() { c.anyLink().each((*pgtest.Proxy).Cut); return func() {} }, ""},
	{"connections cut after some bytes", func(c *chaos) func() {
		bytes := c.random.IntN(20000)
		c.anyLink().each(func(p *pgtest.Proxy) { p.CutAfter(bytes) })
		return func() {}
	}, ""},
	{"connections refused", func(c *chaos) func() {
		l := c.anyLink()
		l.each(func(p *pgtest.Proxy) { p.Refuse(true); p.Cut() })
		return func() { l.each(func(p *pgtest.Proxy) { p.Refuse(false) }) }
	}, ""},
	{"connections half-open", func(c *chaos) func() {
		l := c.anyLink()
		l.each((*pgtest.Proxy).Strand)
		return func() {}
	}, ""},
	{"network stalled, then cut", func(c *chaos) func() {
		l := c.anyLink()
		l.each((*pgtest.Proxy).Stall)
		return func() { l.each(func(p *pgtest.Proxy) { p.Cut(); p.Resume() }) }
	}, ""},
	{"network stalled", func(c *chaos) func() {
		l := c.anyLink()
		l.each((*pgtest.Proxy).Stall)
		return func() { l.each((*pgtest.Proxy).Resume) }
	}, ""},
	{"NATS killed", func(c *chaos) func() {
		c.nats.Stop()
		return c.nats.Resume
	}, ""},
	{"NATS stalled", func(c *chaos) func() {
		p := c.toNATS[c.random.IntN(len(c.toNATS))]
		p.Stall()
		return p.Resume
	}, ""},
	{"NATS cut", func(c *chaos) func() {
		c.toNATS[c.random.IntN(len(c.toNATS))].Cut()
		return func() {}
	}, ""},
	{"recorded changes deleted", func(c *chaos) func() {
		c.psql(pick([]string{`truncate change`, `delete from change`}))
		return func() {}
	}, ""},
	{"triggers disabled", func(c *chaos) func() {
		table := []string{"player", "ban", "balance", "player_history"}[c.random.IntN(4)]
		c.psql(fmt.Sprintf(alterTriggers, table, "disable"))
		return func() { c.psql(fmt.Sprintf(alterTriggers, table, "enable always")) }
	}, ""},
	{"tables locked", func(c *chaos) func() {
		return c.transaction(`begin; lock table player, ban, session, balance in access exclusive mode`, `rollback`)
	}, ""},
	{"transaction left open", func(c *chaos) func() {
		return c.transaction(`begin; insert into ban (uuid) values ('late') on conflict do nothing;
			update player set rank = 'late' where uuid = 'player/1+=='`, pick([]string{`commit`, `rollback`}))
	}, ""},
	{"database read-only", func(c *chaos) func() {
		return c.altered(`set default_transaction_read_only = on`, `reset default_transaction_read_only`)
	}, ""},
	{"logins refused", func(c *chaos) func() {
		return c.altered(`allow_connections false`, `allow_connections true`)
	}, ""},
	{"standby killed", func(c *chaos) func() { // whoever commits keeps his locks until it is back
		standby := c.replicas.Standby
		standby.Kill()
		return func() { c.restart(standby) }
	}, aServer},
}

// draw returns some faults that can be there at once.
func (c *chaos) draw() (drawn []chaosFault) {
	only := regexp.MustCompile(*chaosOnly)
	want, ended := 1+c.random.IntN(*chaosAtOnce), map[string]bool{}
	var at []int
	for _, i := range c.random.Perm(len(faultsOfChaos)) {
		f := faultsOfChaos[i]
		if len(at) < want && only.MatchString(f.name) && !ended[f.of] && c.has(f) {
			at = append(at, i)
			ended[f.of] = f.of != ""
		}
	}
	slices.Sort(at)
	for _, i := range at {
		drawn = append(drawn, faultsOfChaos[i])
	}
	return drawn
}

// has reports whether what the fault breaks is there.
func (c *chaos) has(f chaosFault) bool {
	return (c.replicas != nil || !strings.Contains(f.name, "standby")) &&
		(c.nats != nil || !strings.HasPrefix(f.name, "NATS"))
}

// alterTriggers lets a table's triggers of the feed fire, or not.
const alterTriggers = `
	do $$
	declare name text;
	begin
		for name in select tgname from pg_trigger where tgrelid = '%[1]s'::regclass and tgname like 'feed%%' loop
			execute format('alter table %[1]s %[2]s trigger %%I', name);
		end loop;
	end $$`
