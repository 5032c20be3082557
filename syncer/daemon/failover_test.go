package daemon_test

import (
	"flag"
	"fmt"
	"net/http"
	"testing"
	"time"

	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// failovers is how often TestFailover lets a standby take over.
var failovers = flag.Int("failovers", 2, "how often a standby takes over in TestFailover")

// network is two sidecars whose database is on a primary and a standby.
type network struct {
	*pgtest.Replicas
	t     testing.TB
	nodes []*node
}

func newNetwork(t *testing.T) *network {
	t.Helper()
	w := &network{Replicas: pgtest.NewReplicas(t), t: t}
	if err := store.Migrate(t.Context(), w.PrimaryURL()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a", "b"} {
		w.nodes = append(w.nodes, start(t, w.URL(), name, beating.adapt, shortTimeouts).ready())
	}
	return w
}

// equal waits until every node's memory equals the primary's rows.
func (w *network) equal(c cast) {
	w.t.Helper()
	equal(w.t, connect(w.t, w.PrimaryURL()), c, w.nodes...)
}

// TestFailover kills the primary of a pair with a synchronous standby, again and again, while
// game servers write. Whatever a sidecar said was stored is stored, once, on the server that
// took over.
func TestFailover(t *testing.T) {
	t.Parallel()
	w := newNetwork(t)
	w.Synchronous()
	psql := connect(t, w.PrimaryURL())
	run(t, psql, `insert into currency values ('coins')`)
	log := newAcknowledged(w.nodes)
	for round := range *failovers {
		stop := log.write(w.nodes)
		log.progress(t, 10)
		w.Primary.Kill()
		w.Promote()
		promoted := time.Now()
		log.progress(t, 10)
		t.Logf("failover %d: %v from the promotion to ten writes more", round+1, time.Since(promoted))
		stop()
		for _, n := range w.nodes {
			n.ready()
		}
		w.equal(log.cast())
		log.check(t, connect(t, w.PrimaryURL()), w.nodes)
		w.Rejoin()
		w.Synchronous() // the next one has everything too
	}
}

// TestStandbyThatLostTransactions promotes a standby that lacks what the primary had stored and
// told: memory goes back with it.
func TestStandbyThatLostTransactions(t *testing.T) {
	t.Parallel()
	w := newNetwork(t)
	everyone := cast{players: []string{steve}, ids: []string{"kept", "lost"}}
	w.nodes[0].join(steve, "Steve")
	w.nodes[0].must(http.MethodPatch, player(steve), `{"rank": "kept"}`)
	w.nodes[0].must(http.MethodPost, "/v1/bans", `{"uuid": "kept"}`)
	w.equal(everyone)
	w.CatchUp()
	w.Standby.Shutdown(t.Context())
	w.nodes[0].must(http.MethodPatch, player(steve), `{"rank": "lost"}`)
	w.nodes[0].must(http.MethodPost, "/v1/bans", `{"uuid": "lost"}`)
	for _, n := range w.nodes {
		n.sees(steve, "lost", "rank")
		n.banned(`{"uuid": "lost"}`, true)
	}
	w.Primary.Kill()
	if err := w.Standby.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	w.Promote()
	for _, n := range w.nodes {
		n.sees(steve, "kept", "rank")
		n.banned(`{"uuid": "lost"}`, false)
		n.banned(`{"uuid": "kept"}`, true)
	}
	w.equal(everyone)
	w.nodes[1].must(http.MethodPatch, player(steve), `{"rank": "new"}`)
	w.equal(everyone)
}

// TestSplitBrain leaves a primary that was replaced running under its address, and lets
// people write there. No sidecar that has seen the new one goes back.
func TestSplitBrain(t *testing.T) {
	t.Parallel()
	w := newNetwork(t)
	everyone := cast{players: []string{steve}, ids: []string{"on the old one"}}
	w.nodes[0].join(steve, "Steve")
	w.equal(everyone)
	w.CatchUp()
	w.Primary.Shutdown(t.Context())
	w.Promote()
	for _, n := range w.nodes {
		n.ready()
	}
	if err := w.Standby.Restart(t.Context()); err != nil { // it is a primary still
		t.Fatal(err)
	}
	run(t, connect(t, w.Standby.DatabaseURL(w.Database)),
		`insert into ban (uuid) values ('on the old one'); update player set rank = 'of the old one'`)
	for _, how := range []string{"connections are ended", "the server is restarted"} {
		t.Log(how)
		if how == "connections are ended" {
			run(t, connect(t, w.PrimaryURL()), killAll)
		} else {
			w.Primary.Shutdown(t.Context())
			for _, n := range w.nodes {
				pgtest.Eventually(t, waitTimeout, func() error { return n.advises("replaced by a standby") })
				unavailable(t, "a write", n.send(http.MethodPatch, player(steve), `{"rank": "nowhere"}`))
			}
			if err := w.Primary.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		for _, n := range w.nodes {
			n.ready()
			pgtest.Eventually(t, waitTimeout, func() error {
				if a := n.send(http.MethodPatch, player(steve), `{"rank": "`+how+`"}`); !isStored(a, nil) {
					return fmt.Errorf("%d %s", a.status, a.body)
				}
				return nil
			})
		}
		w.equal(everyone)
	}
}
