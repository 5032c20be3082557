package daemon_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"playersync/syncer/fanout/natstest"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

func TestMain(m *testing.M) {
	if config, ok := os.LookupEnv(processEnv); ok {
		os.Exit(runProcess(config))
	}
	os.Exit(pgtest.Main(natstest.Main{Tests: m}))
}

// waitTimeout bounds what a test waits for. It says nothing about how fast
// anything is.
var waitTimeout = pgtest.WaitTimeout

func init() {
	flag.DurationVar(&waitTimeout, "wait", waitTimeout, "how long a test waits for what must happen")
}

// database returns the URL of a fresh, migrated database and a connection to it,
// as a person with psql has.
func database(t testing.TB) (string, *pgx.Conn) {
	t.Helper()
	url := pgtest.Database(t, "schema", store.Migrate)
	return url, connect(t, url)
}

func connect(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// run executes statements. Many rows at once may meet a sidecar's save that holds some of them
// and waits for others: whom PostgreSQL ends then begins anew, as it asks for.
func run(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	_, err := conn.Exec(t.Context(), sql)
	for isDeadlock(err) {
		_, _ = conn.Exec(t.Context(), `rollback`)
		_, err = conn.Exec(t.Context(), sql)
	}
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func isDeadlock(err error) bool {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	return ok && refused.Code == "40P01"
}

// one returns the only value that a query gives.
func one[T any](t testing.TB, conn *pgx.Conn, sql string, arguments ...any) T {
	t.Helper()
	var value T
	if err := conn.QueryRow(t.Context(), sql, arguments...).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// eventuallyRow waits until a query gives the value.
func eventuallyRow[T comparable](t testing.TB, conn *pgx.Conn, sql string, want T) {
	t.Helper()
	pgtest.Eventually(t, waitTimeout, func() error {
		if got := one[T](t, conn, sql); got != want {
			return fmt.Errorf("%s: %v, want %v", sql, got, want)
		}
		return nil
	})
}

// gate makes the function of a trigger that waits for whoever holds the advisory lock 42 of the
// database.
const gate = `
	create function wait_for_gate() returns trigger language plpgsql as $$
	begin perform pg_advisory_xact_lock_shared(42); return null; end $$;
`

// waitsAtGate waits until a session does. Other databases of the server have gates of their own.
func waitsAtGate(t testing.TB, conn *pgx.Conn) {
	t.Helper()
	eventuallyRow(t, conn, `select count(*) from pg_locks where locktype = 'advisory' and objid = 42 and not granted
		and database = (select oid from pg_database where datname = current_database())`, 1)
}

// freePort returns a port of this machine that nobody listens on.
func freePort(t testing.TB) int {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	return listener.Addr().(*net.TCPAddr).Port
}
