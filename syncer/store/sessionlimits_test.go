package store

import (
	"context"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

// A sidecar whose machine hangs in the middle of a transaction keeps the others waiting for a
// while only.
func TestLocksOfSessionsThatHangAreFreed(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	proxy := pgtest.NewProxy(t, url)
	connect := func(url string) *pgx.Conn {
		config, err := parseConfig(url)
		if err != nil {
			t.Fatal(err)
		}
		Options{Timeout: pgtest.WaitTimeout}.adjust(config)
		conn, err := pgx.ConnectConfig(t.Context(), config)
		if err != nil {
			t.Fatal(err)
		}
		return conn
	}
	execute := func(conn *pgx.Conn, sql string) {
		if _, err := conn.PgConn().Exec(t.Context(), sql).ReadAll(); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
	hangs, waits := connect(proxy.URL()), connect(url)
	execute(waits, `create table counter as select 0 as count`)
	execute(hangs, `begin; update counter set count = 1`)
	proxy.Stall()
	execute(waits, `update counter set count = count + 10`)
	proxy.Cut()
	proxy.Resume()
	var count int
	if err := waits.QueryRow(t.Context(), `select count from counter`).Scan(&count); err != nil || count != 10 {
		t.Errorf("count is %d, want 10; %v", count, err)
	}
	_ = hangs.Close(context.Background())
	if err := waits.Close(t.Context()); err != nil {
		t.Error(err)
	}
}
