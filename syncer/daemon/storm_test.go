package daemon_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// Everybody comes at once when a game server is back, and the sidecar has only just started:
// each is answered with the record, newcomers too, though one connection has to do and the
// database takes longer than a statement may.
func TestEverybodyJoinsAtOnceAfterAStart(t *testing.T) {
	t.Parallel()
	const many = 800
	url, psql := database(t)
	run(t, psql, fmt.Sprintf(`
		insert into player (uuid, rank)
		select 'player ' || n, 'rank ' || n from generate_series(0, %d, 2) as n`, many-1))
	n := start(t, url, "a", func(c *daemon.Config) {
		c.Store.MaxConnections, c.Store.Timeout = 1, time.Second
	}).ready()
	holder := connect(t, url)
	run(t, holder, `begin; lock table player`)
	ranks := make([]any, many)
	var joins sync.WaitGroup
	for i := range many {
		joins.Go(func() {
			id := fmt.Sprint("player ", i)
			a, err := n.try(http.MethodPost, player(id)+"/join", fmt.Sprintf(`{"name": %q, "ip": "192.0.2.1"}`, id))
			if err != nil {
				t.Error(err)
				return
			}
			ranks[i] = a.field("player", "rank")
		})
	}
	first := waitingSince(t, psql, "")
	waitingSince(t, psql, first) // a second statement: the first one was given up
	run(t, holder, `commit`)
	joins.Wait()
	for i, rank := range ranks {
		want := fmt.Sprint("rank ", i)
		if i%2 == 1 {
			want = "player"
		}
		if rank != want {
			t.Errorf("player %d joins with rank %v, want %s", i, rank, want)
		}
	}
}

// waitingSince waits for a statement that waits for a lock, other than the one before, and
// returns when it began.
func waitingSince(t *testing.T, psql *pgx.Conn, before string) (began string) {
	t.Helper()
	pgtest.Eventually(t, waitTimeout, func() error {
		began = one[string](t, psql, `
			select coalesce(max(query_start)::text, '') from pg_stat_activity
			where datname = current_database() and wait_event_type = 'Lock'`)
		if began == "" || began == before {
			return fmt.Errorf("nothing waits but %q", before)
		}
		return nil
	})
	return began
}
