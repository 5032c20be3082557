package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// Connections are half-open, as after the database's host or a router between vanished: nobody
// says that they have ended. Each is given up for a new one.
func TestHalfOpenConnectionsAreGivenUp(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{beating, polling, fannedOut} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			url, psql := database(t)
			proxy := pgtest.NewProxy(t, url)
			n := start(t, proxy.URL(), "a", m.adapt, shortTimeouts, func(c *daemon.Config) {
				c.Store.Timeout = 2 * time.Second
			}).ready()
			n.join(steve, "Steve")
			for round := range faultRounds {
				proxy.Strand()
				run(t, psql, fmt.Sprintf(`update player set rank = 'by hand %d'`, round))
				n.sees(steve, fmt.Sprintf("by hand %d", round), "rank")
				rank := fmt.Sprintf("by the server %d", round)
				pgtest.Eventually(t, waitTimeout, func() error {
					a := n.send(http.MethodPatch, player(steve), fmt.Sprintf(`{"rank": %q}`, rank))
					switch a.status {
					case http.StatusOK:
						return nil
					case http.StatusServiceUnavailable:
						return errors.New("the connections of writes are still half-open")
					}
					t.Fatalf("%d %s", a.status, a.body)
					return nil
				})
				equal(t, psql, cast{players: []string{steve}}, n)
			}
			noneMissed(t, n)
		})
	}
}

// A sidecar whose host vanishes within a transaction keeps players locked. The others do not
// wait for the server to notice that nobody is there, which takes hours by TCP's own means.
func TestLocksOfAVanishedSidecarPass(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	b := start(t, o.url, "b").ready()
	o.join(steve, "Steve")
	o.saved()
	run(t, o.psql, gate+`
		create trigger gate after update on player for each statement execute function wait_for_gate();
		select pg_advisory_lock(42)`)
	changed := make(chan answer, 1)
	go func() {
		const promotion = `{"rank": "vip", "history": [{"action": "promoted", "by": "Alex"}]}` // in two statements
		a, _ := o.try(http.MethodPatch, player(steve), promotion)
		changed <- a
	}()
	waitsAtGate(t, o.psql)
	o.proxy.Refuse(true)
	o.proxy.Strand()
	run(t, o.psql, `select pg_advisory_unlock(42)`)
	eventuallyRow(t, o.psql, `select count(*) from pg_stat_activity
		where datname = current_database() and state = 'idle in transaction' and backend_xid is not null`, 1)
	b.must(http.MethodPatch, player(steve), `{"rank": "mod"}`)

	o.proxy.Refuse(false)
	o.proxy.Cut()
	if a := <-changed; a.status != http.StatusServiceUnavailable {
		t.Errorf("the change that could not be committed: %d %s", a.status, a.body)
	}
	eventuallyRow(t, o.psql, `select rank || (select count(*) from player_history) from player`, "mod0")
}
