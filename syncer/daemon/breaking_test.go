package daemon_test

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// link is one sidecar's way to the database: a proxy before each server.
type link []*pgtest.Proxy

func newLink(t testing.TB, hosts []string) (l link) {
	t.Helper()
	for _, host := range hosts {
		l = append(l, pgtest.NewProxy(t, host))
	}
	return l
}

// url names all proxies as hosts.
func (l link) url() string {
	var hosts []string
	for _, p := range l {
		parsed, err := url.Parse(p.URL())
		if err != nil {
			panic(err)
		}
		hosts = append(hosts, parsed.Host)
	}
	first, _ := url.Parse(l[0].URL())
	first.Host = strings.Join(hosts, ",")
	return first.String()
}

func (l link) each(do func(*pgtest.Proxy)) {
	for _, p := range l {
		do(p)
	}
}

func (c *chaos) anySidecar() *process { return c.sidecar[c.random.IntN(len(c.sidecar))] }
func (c *chaos) anyLink() link        { return c.links[c.random.IntN(len(c.links))] }

// primary is the server that takes writes, or took them last.
func (c *chaos) primary() *postgres.Server {
	if c.replicas != nil {
		return c.replicas.Primary
	}
	return c.server
}

func (c *chaos) restartServer() { c.restart(c.primary()) }

func (c *chaos) restart(server *postgres.Server) {
	c.t.Helper()
	if err := server.Restart(c.t.Context()); err != nil {
		c.t.Fatal(err)
	}
}

// failOver kills the primary. The standby takes over, and only when that is over does the old one
// follow it. Whoever lets a standby take over sees to it that it has all that was stored: after it
// was away, or the primary was killed while commits waited for it, it lacks some until it is
// synchronous again.
func (c *chaos) failOver() (mend func()) {
	c.replicas.Synchronous()
	c.primary().Kill()
	return func() {
		c.replicas.Promote()
		c.later = append(c.later, func() {
			c.replicas.Rejoin()
			c.replicas.Synchronous()
		})
	}
}

// psql runs statements past all proxies, again until the server lets it.
func (c *chaos) psql(sql string) {
	c.t.Helper()
	c.execute(c.url+asAdmin, sql)
}

// asAdmin is added to a URL for somebody who may write when others may not, and waits for no standby.
const asAdmin = "&default_transaction_read_only=off&synchronous_commit=local"

func (c *chaos) execute(url, sql string) {
	c.t.Helper()
	pgtest.Eventually(c.t, waitTimeout, func() error {
		conn, err := pgx.Connect(c.t.Context(), url)
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
func (c *chaos) isDown() bool { return isClosed(c.primary().Done()) }

// altered changes how the database takes sessions, and ends those that it has.
func (c *chaos) altered(how, back string) (mend func()) {
	config, err := pgx.ParseConfig(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	alter := func(how string) {
		c.execute(c.primary().URL()+asAdmin, fmt.Sprintf(`alter database %[1]s %[2]s`, config.Database, how))
		c.execute(c.primary().URL(), fmt.Sprintf(
			`select pg_terminate_backend(pid) from pg_stat_activity where datname = '%s'`, config.Database))
	}
	alter(how)
	return func() { alter(back) }
}

// transaction leaves one open. There is none if the server is down, or if another one that is
// left open is in its way.
func (c *chaos) transaction(begin, end string) (mend func()) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, c.url+asAdmin)
	if err != nil {
		return func() {}
	}
	_, _ = conn.PgConn().Exec(ctx, "set lock_timeout = '5s'; "+begin).ReadAll()
	return func() {
		_, _ = conn.PgConn().Exec(ctx, end).ReadAll()
		_ = conn.Close(ctx)
	}
}

// told changes what is expected of a sidecar.
func (c *chaos) told(at int, change func(*server)) {
	log := c.log()
	log.add(func() { change(log.servers[at]) })
}

// kill ends a sidecar as a crash would.
func (c *chaos) kill(at int) *process {
	c.told(at, func(s *server) { s.restarted = true })
	c.sidecar[at].kill()
	return c.sidecar[at]
}

// damageFiles kills a sidecar and changes a byte of a file of its. If it does not start with that,
// it says which file it is, and starts without.
func (c *chaos) damageFiles() (mend func()) {
	at := c.random.IntN(len(c.sidecar))
	p := c.kill(at)
	c.told(at, func(s *server) { s.damaged = true })
	files, err := filepath.Glob(filepath.Join(p.config.DataDir, "*"))
	if err != nil || len(files) == 0 {
		c.t.Fatalf("files of %s: %v, %v", p.name, files, err)
	}
	slices.Sort(files)
	path := files[c.random.IntN(len(files))]
	content, err := os.ReadFile(path)
	if err != nil {
		c.t.Fatal(err)
	}
	if len(content) > 0 {
		content[c.random.IntN(len(content))] ^= byte(1 + c.random.IntN(math.MaxUint8))
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		c.t.Fatal(err)
	}
	return func() { p.startWithout(path) }
}

// startWithout starts the sidecar; if it refuses a file, as it says, without that.
func (p *process) startWithout(path string) {
	p.t.Helper()
	p.start()
	pgtest.Eventually(p.t, waitTimeout, func() error {
		if !isClosed(p.ended) {
			_, err := p.try(http.MethodGet, "/healthz", "")
			return err
		}
		text, err := os.ReadFile(p.log.Name())
		if err != nil || !strings.Contains(string(text), path) {
			p.t.Fatalf("%s does not start, and does not name %s as the reason", p.name, path)
		}
		if err := os.Remove(path); err != nil {
			p.t.Fatal(err)
		}
		p.start()
		return fmt.Errorf("%s starts without %s", p.name, path)
	})
}

// schemaRemade is the name of a fault of which nothing is left.
const schemaRemade = "schema down and up"

// migrate goes on with migrations where users' transactions were in the way.
func (c *chaos) migrate(on func() error) {
	c.t.Helper()
	pgtest.Eventually(c.t, waitTimeout, func() error {
		err := on()
		if err != nil && !isDeadlock(err) {
			c.t.Fatal(err)
		}
		return err
	})
}

// remakeSchema takes the schema away and makes it anew while there are users. By that all rows are
// lost, and nothing that was acknowledged is expected any more but to be gone everywhere.
func (c *chaos) remakeSchema() {
	c.t.Helper()
	c.faults[schemaRemade]++
	c.t.Log(schemaRemade)
	ended := make(chan struct{})
	var users sync.WaitGroup
	c.users(&users, ended)
	migrator, err := store.NewMigrator(c.url)
	if err != nil {
		c.t.Fatal(err)
	}
	c.migrate(func() error { _, err := migrator.DownTo(c.t.Context(), 0); return err })
	c.wait(50)
	c.migrate(func() error { _, err := migrator.Up(c.t.Context()); return err })
	_ = migrator.Close()
	c.refreshed(1)
	close(ended)
	users.Wait()
	c.psql(coins)
	c.settled()
	c.logs = []*acknowledged{c.log().next(c.nodes)}
}
