package daemon_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
)

// lone is a request that fails, whatever it shares a statement with.
type lone struct {
	id, body string
	headers  []string
	status   int
}

// Important changes that come at once share statements. Each keeps its own outcome, author and
// server; those of one player keep their order; nobody waits for a row that somebody holds, but
// who wants that row.
func TestChangesAtOnceKeepTheirOutcomes(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	nodes := []*node{start(t, url, "a").ready(), start(t, url, "b").ready()}
	run(t, psql, `
		insert into player (uuid) select 'p' || n from generate_series(0, 15) as n;
		insert into player (uuid) values ('hot'), ('stale'), ('held');
		insert into player (uuid, attributes) values ('full', jsonb_build_object('a', repeat('x', 1048000)))`)
	failing := []lone{
		{id: "nobody", body: `{"rank": "x"}`, status: http.StatusNotFound},
		{
			id: "stale", body: `{"rank": "x"}`, status: http.StatusPreconditionFailed,
			headers: []string{"If-Match", `"1000000000"`},
		},
		{
			id: "full", body: `{"attributes": {"b": "` + strings.Repeat("x", 1000) + `"}}`,
			status: http.StatusUnprocessableEntity,
		},
	}
	rival := connect(t, url)
	run(t, rival, `begin`)
	run(t, rival, `update player set name = 'x' where uuid = 'held'`)

	const rounds = 10
	wanted := make([][]string, 16)
	var working sync.WaitGroup
	for client := range 16 {
		n := nodes[client%2]
		own, by := fmt.Sprint("p", client), fmt.Sprint("client ", client)
		working.Go(func() {
			for round := range rounds {
				rank := fmt.Sprintf("%d of %d", round, client)
				server := []string{"a", "b"}[client%2]
				wanted[client] = append(wanted[client], fmt.Sprintf("%q by %s on %s", rank, by, server))
				for _, id := range []string{own, "hot"} {
					body := `{"rank": "` + rank + `"}`
					wantStatus(t, n, id, body, http.StatusOK, "Syncer-By", by)
				}
			}
		})
	}
	for _, f := range failing {
		for _, n := range nodes {
			working.Go(func() {
				for range rounds {
					wantStatus(t, n, f.id, f.body, f.status, append(f.headers, "Syncer-By", "nobody")...)
				}
			})
		}
	}
	var waiting sync.WaitGroup
	for _, n := range nodes {
		waiting.Go(func() { wantStatus(t, n, "held", `{"rank": "y"}`, http.StatusOK) })
	}
	working.Wait()
	if rank := one[string](t, psql, `select rank from player where uuid = 'held'`); rank != "player" {
		t.Errorf("the player who is held is %s", rank)
	}
	run(t, rival, `rollback`)
	waiting.Wait()

	const said = `select array_agg(new::text || ' by ' || changed_by || ' on ' || server order by id) from audit
		where uuid = $1 and field = 'rank'`
	for client, want := range wanted {
		if got := one[[]string](t, psql, said, fmt.Sprint("p", client)); !slices.Equal(got, want) {
			t.Errorf("client %d: %q, want %q", client, got, want)
		}
	}
	hot := one[[]string](t, psql, said, "hot")
	for client, want := range wanted {
		mine := slices.DeleteFunc(slices.Clone(hot), func(line string) bool { return !slices.Contains(want, line) })
		if !slices.Equal(mine, want) {
			t.Errorf("client %d on the player of all: %q, want %q", client, mine, want)
		}
	}
	if n := one[int](t, psql, `select count(*) from audit where changed_by = 'nobody'`); n != 0 {
		t.Errorf("%d of the changes that failed are stored", n)
	}
}

// wantStatus changes a player and compares the status of the answer.
func wantStatus(t *testing.T, n *node, id, body string, status int, headers ...string) {
	t.Helper()
	got, err := n.try(http.MethodPatch, player(id), body, headers...)
	if err != nil || got.status != status {
		t.Errorf("%s of %s: %d %.200s, %v; want %d", body[:min(len(body), 40)], id, got.status, got.body, err, status)
	}
}

// Payments that come at once share statements. Each keeps its own outcome and happens once,
// while connections are killed.
func TestPaymentsAtOnceKeepTheirOutcomes(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	nodes := []*node{start(t, url, "a").ready(), start(t, url, "b").ready()}
	run(t, psql, `
		insert into currency values ('coins');
		insert into player (uuid) select 'p' || n from generate_series(0, 15) as n`)
	const clients, rounds = 16, 8
	killer := connect(t, url)
	pay := func(n *node, path, body string, status int) {
		for {
			got, err := n.try(http.MethodPost, path, body)
			if err == nil && got.status == http.StatusServiceUnavailable && status != got.status {
				continue // the key makes it safe
			}
			if err != nil || got.status != status {
				t.Errorf("%s %s: %d %s, %v; want %d", path, body, got.status, got.body, err, status)
			}
			return
		}
	}
	var working sync.WaitGroup
	for client := range clients {
		n := nodes[client%2]
		mine, next := fmt.Sprint("p", client), fmt.Sprint("p", (client+1)%clients)
		own := player(mine) + "/balances/coins"
		working.Go(func() {
			for round := range rounds {
				key := fmt.Sprint(client, "-", round)
				pay(n, own, `{"change": 10, "key": "`+key+` earned"}`, http.StatusOK)
				transfer := fmt.Sprintf(`{"from": %q, "to": %q, "currency": "coins", "amount": 3, "key": "%s given"}`,
					mine, next, key)
				var twice sync.WaitGroup
				for _, through := range nodes {
					twice.Go(func() { pay(through, "/v1/transfers", transfer, http.StatusOK) })
				}
				pay(n, own, `{"change": -1000000, "key": "`+key+` wished"}`, http.StatusPaymentRequired)
				pay(n, own, `{"change": 11, "key": "`+key+` earned"}`, http.StatusConflict)
				pay(n, player(mine)+"/balances/gems", `{"change": 1, "key": "`+key+` gems"}`,
					http.StatusUnprocessableEntity)
				twice.Wait()
				if client == 0 {
					const kill = `select pg_terminate_backend(pid) from pg_stat_activity
						where application_name like 'playersync%' and datname = current_database() and random() < 0.3`
					if _, err := killer.Exec(t.Context(), kill); err != nil {
						t.Error(err)
					}
				}
			}
		})
	}
	working.Wait()
	if n := one[int](t, psql, `select count(*) from balance where amount = $1`, 10*rounds); n != clients {
		t.Errorf("%d players have what they earned and were given", n)
	}
	if n := one[int](t, psql, `select count(*) from ledger`); n != 3*clients*rounds {
		t.Errorf("%d entries in the ledger", n)
	}
	if n := one[int](t, psql, `select count(*) from balance_mismatch`); n != 0 {
		t.Errorf("%d balances are not the sum of their ledger", n)
	}
}
