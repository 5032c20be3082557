package pgtest_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

func exec(t *testing.T, conn *pgx.Conn, sql string) {
	t.Helper()
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestDatabasesAreCopiesOfOneTemplate(t *testing.T) {
	t.Parallel()
	var calls atomic.Int32
	migrate := func(ctx context.Context, url string) error {
		calls.Add(1)
		conn, err := pgx.Connect(ctx, url)
		if err != nil {
			return err
		}
		_, err = conn.Exec(ctx, "CREATE TABLE player (uuid text)")
		return errors.Join(err, conn.Close(ctx))
	}
	for i := range 3 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			conn := connect(t, pgtest.Database(t, "copies", migrate))
			exec(t, conn, "INSERT INTO player VALUES ('a')")
			var rows int
			if err := conn.QueryRow(t.Context(), "SELECT count(*) FROM player").Scan(&rows); err != nil {
				t.Fatal(err)
			}
			if rows != 1 {
				t.Errorf("%d rows, want only this test's own", rows)
			}
			if got := calls.Load(); got != 1 {
				t.Errorf("migrated %d times, want once", got)
			}
		})
	}
}

func TestDatabaseIsDroppedAfterItsTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("uses it", func(t *testing.T) {
		url = pgtest.Empty(t)
		exec(t, connect(t, url), "CREATE TABLE kept (id int)")
	})
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		_ = conn.Close(t.Context())
		t.Fatal("the database is still there")
	}
}

func TestServerOfEachVersionRestartsAfterKill(t *testing.T) {
	t.Parallel()
	for _, binaries := range pgtest.Versions(t) {
		t.Run(binaries.Version, func(t *testing.T) {
			t.Parallel()
			server := pgtest.Server(t, fmt.Sprint(binaries.Major))
			url := pgtest.EmptyOn(t, server)
			exec(t, connect(t, url), "CREATE TABLE kept (id int)")
			server.Kill()
			if conn, err := pgx.Connect(t.Context(), url); err == nil {
				_ = conn.Close(t.Context())
				t.Fatal("the killed server answers")
			}
			if err := server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
			exec(t, connect(t, url), "INSERT INTO kept VALUES (1)")
		})
	}
}

func TestEventuallyWaitsForTheCondition(t *testing.T) {
	t.Parallel()
	calls := 0
	pgtest.Eventually(t, time.Minute, func() error {
		if calls++; calls < 3 {
			return errors.New("not yet")
		}
		return nil
	})
	if calls != 3 {
		t.Errorf("condition called %d times, want 3", calls)
	}
}
