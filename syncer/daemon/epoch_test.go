package daemon_test

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

// TestDatabaseIsReplaced puts another database in the old one's place: a copy, or
// one restored from a dump, in which other rows have changed since than in the old.
func TestDatabaseIsReplaced(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name    string
		mode    mode
		replace func(t *testing.T, admin *pgx.Conn, old, name string)
	}{
		{"copy", polling, func(t *testing.T, admin *pgx.Conn, old, name string) {
			run(t, admin, "create database "+name+" template "+databaseOf(t, old))
		}},
		{"dump", listening, func(t *testing.T, admin *pgx.Conn, old, name string) {
			run(t, admin, "create database "+name)
			restore(t, admin, old, named(t, old, name))
		}},
	} {
		t.Run(test.name+"/"+test.mode.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, test.mode)
			<-r.start(20)
			r.equal()
			epoch := r.nodes[0].reloads("epoch")

			r.proxy.Refuse(true)
			r.proxy.Cut()
			_ = r.psql.Close(t.Context())
			admin := connect(t, named(t, r.url, "postgres"))
			old := databaseOf(t, r.url)
			run(t, admin, "alter database "+old+" allow_connections false")
			run(t, admin, "select pg_terminate_backend(pid) from pg_stat_activity where datname = '"+old+"'")
			run(t, admin, "alter database "+old+" allow_connections true")
			t.Cleanup(func() { dropDatabase(t, r.url, old+"_old") })
			test.replace(t, admin, r.url, old+"_new")
			swap(t, admin, old)

			r.psql = connect(t, r.url)
			run(t, r.psql, `delete from ban; insert into ban (uuid) values ('player/0+==');
				delete from player where uuid = 'player/1+=='; update player set rank = 'of the new one'`)
			r.proxy.Refuse(false)
			r.equal()
			r.nodes[0].hasReloaded("epoch", epoch)
			<-r.start(20) // and it continues
			r.equal()
			noneMissed(t, r.nodes...)
		})
	}
}

// swap gives a database's name to its replacement while nobody gets in.
func swap(t testing.TB, admin *pgx.Conn, name string) {
	t.Helper()
	for _, sql := range []string{
		"alter database " + name + " allow_connections false",
		"select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + name + "'",
		"alter database " + name + " rename to " + name + "_old",
		"alter database " + name + "_new rename to " + name,
	} {
		run(t, admin, sql)
	}
}

// restore copies a database by pg_dump and psql.
func restore(t *testing.T, admin *pgx.Conn, from, to string) {
	t.Helper()
	bin := one[string](t, admin, `select setting from pg_config() where name = 'BINDIR'`)
	program := func(name string, arguments ...string) *exec.Cmd {
		path := filepath.Join(bin, name)
		if _, err := os.Stat(path); err != nil { // a fetched server has only what it needs itself
			t.Logf("%s is missing: copied by SQL instead", path)
			return nil
		}
		return exec.Command(path, arguments...)
	}
	dump, load := program("pg_dump", "--dbname", from), program("psql", "--no-psqlrc", "--quiet", "--set",
		"ON_ERROR_STOP=1", "--dbname", to)
	if dump == nil || load == nil {
		name := databaseOf(t, to)
		run(t, admin, "drop database "+name)
		run(t, admin, "create database "+name+" template "+databaseOf(t, from))
		return
	}
	var err error
	if load.Stdin, err = dump.StdoutPipe(); err != nil {
		t.Fatal(err)
	}
	var dumped, loaded strings.Builder
	dump.Stderr, load.Stderr = &dumped, &loaded
	if err := dump.Start(); err != nil {
		t.Fatal(err)
	}
	if err := load.Run(); err != nil {
		t.Errorf("psql: %v: %s", err, loaded.String())
	}
	if err := dump.Wait(); err != nil {
		t.Fatalf("pg_dump: %v: %s", err, dumped.String())
	}
}

func databaseOf(t testing.TB, address string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(parsed.Path, "/")
}

// named is a database's URL with another database's name.
func named(t testing.TB, address, name string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	parsed.Path = "/" + name
	return parsed.String()
}

func dropDatabase(t testing.TB, address, name string) {
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, named(t, address, "postgres"))
	if err == nil {
		_, err = conn.Exec(ctx, "drop database if exists "+name+" with (force)")
		_ = conn.Close(ctx)
	}
	if err != nil {
		t.Errorf("drop %s: %v", name, err)
	}
}

// changesPruned deletes recorded changes while the feeds are cut off: what they missed cannot
// be told any more, so they read everything, once.
func (r *rig) changesPruned() {
	const reason = "floor"
	before := r.nodes[0].reloads(reason)
	reloaded := r.beforeReloads(reason)
	r.proxy.Refuse(true)
	r.proxy.Cut()
	<-r.start(15)
	pgtest.Eventually(r.t, waitTimeout, func() error { return r.pruned() })
	r.proxy.Refuse(false)
	r.equal()
	reloaded()
	r.reconnect(func() { run(r.t, r.psql, killListeners) })
	run(r.t, r.psql, `update player set rank = 'as usual'`)
	r.equal()
	if got := r.nodes[0].reloads(reason) - before; got != 1 {
		r.t.Errorf("node %s read everything %v times", r.nodes[0].name, got)
	}
}

// changesDeleted lets an administrator empty the table of changes, or tidy it up by hand, while
// the feeds are cut off: they read everything, for nothing tells them what they missed.
func (r *rig) changesDeleted(by string) {
	reloaded := r.beforeReloads("epoch")
	r.proxy.Refuse(true)
	r.proxy.Cut()
	<-r.start(15)
	run(r.t, r.psql, by)
	r.proxy.Refuse(false)
	r.equal()
	reloaded()
	<-r.start(10)
}

// pruned deletes all recorded changes, which open transactions anywhere on the server delay.
// It makes each one old once: until those transactions end, every version of it stays.
func (r *rig) pruned() error {
	run(r.t, r.psql, `update change set at = at - interval '1 hour' where at > now() - interval '1 hour'`)
	run(r.t, r.psql, `select feed_prune('1 minute')`)
	if left := one[int](r.t, r.psql, `select count(*) from change`); left != 0 {
		return fmt.Errorf("%d changes are left", left)
	}
	return nil
}
