package daemon_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// TestIdleSidecarSendsItsHeartbeatOnly counts what the server executes while players
// are on two sidecars and nothing happens.
func TestIdleSidecarSendsItsHeartbeatOnly(t *testing.T) {
	t.Parallel()
	const heartbeat = 100 * time.Millisecond
	server := pgtest.Server(t, "", func(c *postgres.Config) {
		c.Settings = map[string]string{
			"shared_preload_libraries": "pg_stat_statements", "pg_stat_statements.track": "top",
			"pg_stat_statements.track_utility": "on",
		}
	})
	url := pgtest.EmptyOn(t, server)
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	psql := connect(t, url)
	run(t, psql, `create extension pg_stat_statements`)
	run(t, psql, `insert into ban (uuid) select 'b' || n from generate_series(1, 100) as n`)
	var nodes []*node
	for _, name := range []string{"a", "b"} {
		nodes = append(nodes,
			start(t, url, name, leasing(never), func(c *daemon.Config) { c.Feed.Heartbeat = heartbeat }).ready())
	}
	populate(everyone(), nodes...)
	equal(t, psql, everyone(), nodes...)
	beats(t, 3, nodes...) // the first of them reads what the joins changed

	before := pollsOf(nodes)
	run(t, psql, `select pg_stat_statements_reset()`)
	begin := one[time.Time](t, psql, `select clock_timestamp()`)
	first := pollsOf(nodes)
	beats(t, 10, nodes...)
	last := pollsOf(nodes)
	calls := statementsExecuted(t, psql)
	passed := one[time.Time](t, psql, `select clock_timestamp()`).Sub(begin)
	after := pollsOf(nodes)

	sent := 0
	if len(calls) != 1 {
		t.Errorf("%d different statements, want the poll only", len(calls))
	}
	for statement, n := range calls {
		if !strings.Contains(statement, "pg_listening_channels()") {
			t.Errorf("executed %d times while idle: %s", n, statement)
		}
		sent += n
	}
	// A poll is executed before it is counted, so one of each node may be under way.
	if least, most := int(last-first)-len(nodes), int(after-before)+len(nodes); sent < least || sent > most {
		t.Errorf("%d statements in %d to %d heartbeats", sent, least, most)
	}
	if most := len(nodes) * (int(passed/(heartbeat*9/10)) + 2); sent > most {
		t.Errorf("%d statements in %v, want at most %d", sent, passed, most)
	}
}

// beats waits until each node has polled some more times.
func beats(t *testing.T, times float64, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		before := n.metric(polls)
		pgtest.Eventually(t, waitTimeout, func() error {
			if done := n.metric(polls) - before; done < times {
				return fmt.Errorf("node %s has polled %v times", n.name, done)
			}
			return nil
		})
	}
}

func pollsOf(nodes []*node) (sum float64) {
	for _, n := range nodes {
		sum += n.metric(polls)
	}
	return sum
}

// statementsExecuted returns how often each statement ran that this test did not send.
func statementsExecuted(t *testing.T, psql *pgx.Conn) map[string]int {
	t.Helper()
	rows, err := psql.Query(t.Context(), `
		select s.query, s.calls from pg_stat_statements as s join pg_database as d on d.oid = s.dbid
		where d.datname = current_database()
		  and s.query not like '%pg_stat_statements%' and s.query not like 'select clock_timestamp%'`)
	if err != nil {
		t.Fatal(err)
	}
	executed := map[string]int{}
	var query string
	var calls int
	if _, err := pgx.ForEachRow(rows, []any{&query, &calls},
		func() error { executed[query] += calls; return nil }); err != nil {
		t.Fatal(err)
	}
	return executed
}
