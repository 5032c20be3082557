package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// database returns a fresh, migrated database and a session in it as a person
// with psql has.
func database(t testing.TB) (*pgx.Conn, string) {
	t.Helper()
	url := pgtest.Database(t, "schema", store.Migrate)
	return psql(t, url), url
}

// onEachVersion runs a test on a migrated database of each PostgreSQL on this
// machine, on a server of its own.
func onEachVersion(t *testing.T, test func(t *testing.T, address string)) {
	t.Helper()
	for _, binaries := range pgtest.Versions(t) {
		t.Run(binaries.Version, func(t *testing.T) {
			t.Parallel()
			address := pgtest.EmptyOn(t, pgtest.Server(t, strconv.Itoa(binaries.Major)))
			if err := store.Migrate(context.Background(), address); err != nil {
				t.Fatal(err)
			}
			test(t, address)
		})
	}
}

// databaseAlone is database on a server of its own, for what would hold up the
// others: a long transaction holds every database's snapshots back.
func databaseAlone(t *testing.T) (*pgx.Conn, string) {
	t.Helper()
	address := pgtest.EmptyOn(t, pgtest.Server(t, ""))
	if err := store.Migrate(context.Background(), address); err != nil {
		t.Fatal(err)
	}
	return psql(t, address), address
}

// psql connects as psql does: plain statements, none prepared.
func psql(t testing.TB, url string) *pgx.Conn {
	t.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func run(t testing.TB, conn *pgx.Conn, sql string, args ...any) {
	t.Helper()
	if _, err := conn.Exec(context.Background(), sql, args...); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// value returns the only value that a query finds.
func value[T any](t testing.TB, conn *pgx.Conn, sql string, args ...any) (v T) {
	t.Helper()
	if err := conn.QueryRow(context.Background(), sql, args...).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

// column returns the values of a query's only column.
func column[T any](t testing.TB, conn *pgx.Conn, sql string, args ...any) []T {
	t.Helper()
	rows, err := conn.Query(context.Background(), sql, args...)
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	values, err := pgx.CollectRows(rows, pgx.RowTo[T])
	if err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return values
}

// refused returns what the server said against a statement, or nil.
func refused(t testing.TB, conn *pgx.Conn, sql string, args ...any) *pgconn.PgError {
	t.Helper()
	_, err := conn.Exec(context.Background(), sql, args...)
	refusal := asRefusal(err)
	if err != nil && refusal == nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return refusal
}

func asRefusal(err error) *pgconn.PgError {
	refusal, _ := errors.AsType[*pgconn.PgError](err)
	return refusal
}

// login makes a role that may log in, with further options as in CREATE ROLE,
// and returns the URL with which it connects to the same database.
func login(t testing.TB, address, options string) string {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	admin := psql(t, address)
	// Roles belong to the server that tests share: the sequence makes the name unique.
	name := fmt.Sprintf("login_%s_%d", strings.TrimPrefix(parsed.Path, "/"),
		value[int64](t, admin, "select pg_current_xact_id()::text::bigint"))
	run(t, admin, fmt.Sprintf("create role %s login password 'x' %s", name, options))
	parsed.User = url.UserPassword(name, "x")
	return parsed.String()
}

// simple runs several statements, separated by semicolons, in one transaction.
func simple(t testing.TB, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.PgConn().Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// fill names a ban's target in a statement that leaves it open.
func fill(sql, target string) string {
	literal := map[string]string{"uuid": "'a'", "ip": "'2001:db8::/32'"}[target]
	return strings.NewReplacer("TARGET", target, "VALUE", literal).Replace(sql)
}

func expectEqual[T any](t testing.TB, got, want T, options ...cmp.Option) {
	t.Helper()
	if diff := cmp.Diff(want, got, options...); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
