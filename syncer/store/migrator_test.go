package store_test

import (
	"context"
	"errors"
	"io/fs"
	"net/url"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"

	"playersync/migrations"
	"playersync/syncer/postgres"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// Each version gets a server to itself, since migrations make and drop roles,
// which belong to the whole server. The subtests follow one another.
func TestMigrations(t *testing.T) {
	t.Parallel()
	for _, binaries := range pgtest.Versions(t) {
		t.Run(binaries.Version, func(t *testing.T) {
			t.Parallel()
			server := pgtest.Server(t, strconv.Itoa(binaries.Major))
			for _, test := range []struct {
				name string
				run  func(*testing.T, *postgres.Server)
			}{
				{"up, down and up by our migrator", upDownUpByMigrator},
				{"up, down and up by goose on plain files", upDownUpByGoose},
				{"each one down and up again", redoEach},
				{"by an owner who is no superuser", byOrdinaryOwner},
				{"with roles that an administrator made", withRolesGiven},
				{"eight at once", eightAtOnce},
				{"not held up by who may only read", notHeldUpByReaders},
				{"one waits for the other", oneWaitsForTheOther},
				{"two databases at once, whose roles stay while one uses them", rolesStay},
			} {
				t.Run(test.name, func(t *testing.T) { test.run(t, server) })
			}
		})
	}
}

const roles = "select rolname::text from pg_roles where rolname like 'playersync%' order by 1"

// objects lists everything in a database that the server did not bring along:
// objects, privileges on the database and its schema, and our roles. goose's own
// table is left out.
const objects = `
with ours as (
    select 'pg_class'::regclass as class, oid from pg_class
    union all select 'pg_proc'::regclass, oid from pg_proc
    union all select 'pg_type'::regclass, oid from pg_type
    union all select 'pg_trigger'::regclass, oid from pg_trigger
    union all select 'pg_constraint'::regclass, oid from pg_constraint
    union all select 'pg_attrdef'::regclass, oid from pg_attrdef
    union all select 'pg_namespace'::regclass, oid from pg_namespace
    union all select 'pg_operator'::regclass, oid from pg_operator
    union all select 'pg_extension'::regclass, oid from pg_extension
    union all select 'pg_default_acl'::regclass, oid from pg_default_acl
)
select description::text
from ours, pg_describe_object(class, oid, 0) as description
where oid >= 16384 and description not like '%goose\_db\_version%'
  and description not similar to '%(pg\_toast|RI\_ConstraintTrigger)%'
union all
select 'database: ' || coalesce(a.grantee::regrole::text, '') || ' ' || a.privilege_type
from pg_database as d, aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) as a
where d.datname = current_database()
union all
select 'schema: ' || coalesce(a.grantee::regrole::text, '') || ' ' || a.privilege_type
from pg_namespace as n, aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) as a
where n.nspname = 'public'
union all
select 'role: ' || rolname from pg_roles where rolname like 'playersync%'
order by 1`

func upDownUpByMigrator(t *testing.T, server *postgres.Server) {
	address := pgtest.EmptyOn(t, server)
	m, err := store.NewMigrator(address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = m.Close() }()
	expectPending(t, m, true)
	up(t, m.Provider)
	expectPending(t, m, false)
	leave(t, m.Provider)
	expectPending(t, m, true)
	up(t, m.Provider)
	leave(t, m.Provider)
}

func expectPending(t *testing.T, m *store.Migrator, want bool) {
	t.Helper()
	if pending, err := m.Pending(t.Context()); err != nil || pending != want {
		t.Errorf("pending is %t, %v, want %t", pending, err, want)
	}
}

// The goose tool reads the files from a directory and holds no lock.
func upDownUpByGoose(t *testing.T, server *postgres.Server) {
	address := pgtest.EmptyOn(t, server)
	upDownUp(t, address, gooseProvider(t, address, os.DirFS("../../migrations")))
}

func gooseProvider(t *testing.T, address string, files fs.FS) *goose.Provider {
	t.Helper()
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, stdlib.OpenDB(*config), files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = provider.Close() })
	return provider
}

func upDownUp(t *testing.T, address string, provider *goose.Provider) {
	t.Helper()
	ctx := context.Background()
	conn := psql(t, address)
	before := column[string](t, conn, objects)
	up(t, provider)
	first := column[string](t, conn, objects)
	run(t, conn, `insert into player (uuid, name) values ('a', 'Steve')`) // rows do not prevent it
	run(t, conn, `insert into player_history (uuid, action) values ('a', 'warned')`)
	run(t, conn, `insert into ban (uuid) values ('a')`)
	if _, err := provider.DownTo(ctx, 0); err != nil {
		t.Fatalf("down: %v", err)
	}
	if diff := cmp.Diff(before, column[string](t, conn, objects)); diff != "" {
		t.Errorf("down does not lead back (-before +after):\n%s", diff)
	}
	up(t, provider)
	if diff := cmp.Diff(first, column[string](t, conn, objects)); diff != "" {
		t.Errorf("the second time up differs (-first +second):\n%s", diff)
	}
	if n := value[int](t, conn, "select count(*) from player"); n != 0 {
		t.Errorf("%d rows came back", n)
	}
	leave(t, provider)
}

func up(t *testing.T, provider *goose.Provider) {
	t.Helper()
	results, err := provider.Up(context.Background())
	if err != nil {
		t.Fatalf("up: %v", err)
	}
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil || len(results) != len(files) {
		t.Fatalf("%d of %d migrations applied, %v", len(results), len(files), err)
	}
}

// leave takes the schema away at the test's end, so that the roles can go too.
func leave(t *testing.T, provider *goose.Provider) {
	t.Helper()
	if _, err := provider.DownTo(context.Background(), 0); err != nil {
		t.Fatalf("down: %v", err)
	}
}

// Whatever one migration puts up its own down takes away again.
func redoEach(t *testing.T, server *postgres.Server) {
	address := pgtest.EmptyOn(t, server)
	provider := gooseProvider(t, address, migrations.FS)
	conn := psql(t, address)
	for _, source := range provider.ListSources() {
		before := column[string](t, conn, objects)
		if _, err := provider.ApplyVersion(t.Context(), source.Version, true); err != nil {
			t.Fatal(err)
		}
		after := column[string](t, conn, objects)
		if _, err := provider.ApplyVersion(t.Context(), source.Version, false); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(before, column[string](t, conn, objects)); diff != "" {
			t.Errorf("%s down does not lead back (-before +after):\n%s", path.Base(source.Path), diff)
		}
		if _, err := provider.ApplyVersion(t.Context(), source.Version, true); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(after, column[string](t, conn, objects)); diff != "" {
			t.Errorf("%s differs the second time (-first +second):\n%s", path.Base(source.Path), diff)
		}
	}
	leave(t, provider)
}

// asOwner makes an empty database that belongs to a login of its own.
func asOwner(t *testing.T, server *postgres.Server, options string) (admin, owner string) {
	t.Helper()
	admin = pgtest.EmptyOn(t, server)
	owner = login(t, admin, options)
	parsed, err := url.Parse(owner)
	if err != nil {
		t.Fatal(err)
	}
	run(t, psql(t, admin), "alter database "+path.Base(parsed.Path)+" owner to "+parsed.User.Username())
	return admin, owner
}

func byOrdinaryOwner(t *testing.T, server *postgres.Server) {
	admin, owner := asOwner(t, server, "createdb createrole")
	upDownUp(t, owner, gooseProvider(t, owner, migrations.FS))
	if left := column[string](t, psql(t, admin), roles); len(left) > 0 {
		t.Errorf("roles %v are left", left)
	}
}

// Where logins may not make roles, an administrator does beforehand.
func withRolesGiven(t *testing.T, server *postgres.Server) {
	admin, owner := asOwner(t, server, "")
	conn := psql(t, admin)
	run(t, conn, "create role playersync_owner")
	run(t, conn, "create role playersync_app")
	run(t, conn, "create role playersync_readonly")
	run(t, conn, "create role playersync_addresses")
	parsed, err := url.Parse(owner)
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, "grant playersync_owner to "+parsed.User.Username())
	provider := gooseProvider(t, owner, migrations.FS)
	up(t, provider)
	leave(t, provider)
	if left := column[string](t, conn, roles); len(left) != 4 {
		t.Errorf("of the administrator's roles only %v are left", left)
	}
	run(t, conn, "drop role playersync_owner, playersync_app, playersync_readonly, playersync_addresses")
}

func eightAtOnce(t *testing.T, server *postgres.Server) {
	address := pgtest.EmptyOn(t, server)
	atOnce(t, address, address, address, address, address, address, address, address)
	provider := gooseProvider(t, address, migrations.FS)
	if pending, err := provider.HasPending(t.Context()); err != nil || pending {
		t.Errorf("pending is %t, %v", pending, err)
	}
	repeated := "select count(*) - count(distinct version_id) from goose_db_version"
	if n := value[int](t, psql(t, address), repeated); n != 0 {
		t.Errorf("%d migrations ran twice", n)
	}
	leave(t, provider)
}

// Every login may take advisory locks, and goose's has a number that everybody knows.
func notHeldUpByReaders(t *testing.T, server *postgres.Server) {
	address := pgtest.EmptyOn(t, server)
	provider := gooseProvider(t, address, migrations.FS)
	if _, err := provider.UpTo(t.Context(), 1); err != nil {
		t.Fatal(err)
	}
	for _, role := range []string{"playersync_readonly", "playersync_app"} {
		reader := psql(t, login(t, address, "in role "+role))
		run(t, reader, "select pg_advisory_lock($1)", lock.DefaultLockID)
		expectRefused(t, reader, "create table public.playersync_migrates ()")
		atOnce(t, address)
		run(t, reader, "select pg_advisory_unlock_all()")
		if _, err := provider.DownTo(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		_ = reader.Close(t.Context())
	}
	leave(t, provider)
}

func oneWaitsForTheOther(t *testing.T, server *postgres.Server) {
	address := pgtest.EmptyOn(t, server)
	conn := psql(t, address)
	run(t, conn, "begin")
	run(t, conn, "create table public.playersync_migrates ()")
	done := make(chan error, 1)
	go func() { done <- store.Migrate(context.Background(), address) }()
	waiting := "select count(*) from pg_locks where not granted and locktype = 'transactionid'"
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		if n := value[int](t, conn, waiting); n == 0 {
			return errors.New("it does not wait")
		}
		return nil
	})
	if n := value[int](t, conn, "select count(*) from pg_tables where tablename = 'change'"); n != 0 {
		t.Error("it migrates while another process does")
	}
	run(t, conn, "rollback")
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if n := value[int](t, conn, "select count(*) from pg_tables where tablename = 'playersync_migrates'"); n != 0 {
		t.Error("the lock is left")
	}
	leave(t, gooseProvider(t, address, migrations.FS))
}

func atOnce(t *testing.T, addresses ...string) {
	t.Helper()
	errs := make([]error, len(addresses))
	var running sync.WaitGroup
	for i, address := range addresses {
		running.Go(func() { errs[i] = store.Migrate(context.Background(), address) })
	}
	running.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

func rolesStay(t *testing.T, server *postgres.Server) {
	one, two := pgtest.EmptyOn(t, server), pgtest.EmptyOn(t, server)
	atOnce(t, one, two)
	conn := psql(t, two)
	leave(t, gooseProvider(t, one, migrations.FS))
	if left := column[string](t, conn, roles); len(left) != 4 {
		t.Errorf("roles left: %v", left)
	}
	run(t, conn, "insert into player (uuid) values ('a')")
	leave(t, gooseProvider(t, two, migrations.FS))
	if left := column[string](t, conn, roles); len(left) > 0 {
		t.Errorf("roles %v are left", left)
	}
}

// A migration that waits for a lock holds up everything that comes after it, so
// each one gives up early, both ways.
func TestMigrationsDoNotWaitForLocks(t *testing.T) {
	t.Parallel()
	files, err := fs.Glob(migrations.FS, "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		content, err := fs.ReadFile(migrations.FS, file)
		if err != nil {
			t.Fatal(err)
		}
		up, down, ok := strings.Cut(string(content), "-- +goose Down\n")
		_, up, _ = strings.Cut(up, "-- +goose Up\n")
		if !ok {
			t.Errorf("%s has no way down", file)
		}
		for direction, statements := range map[string]string{"up": up, "down": down} {
			if !strings.HasPrefix(statements, "set local lock_timeout = ") {
				t.Errorf("%s does not begin its way %s with a lock_timeout", file, direction)
			}
		}
	}
}
