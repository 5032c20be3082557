package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/daemon"
	"playersync/syncer/fanout"
	"playersync/syncer/fanout/natstest"
	"playersync/syncer/postgres/pgtest"
)

// fannedNetwork is some nodes that follow one database by way of a NATS of their own.
type fannedNetwork struct {
	t     *testing.T
	url   string
	psql  *pgx.Conn
	nats  *natstest.Server
	nodes []*node
	ranks int
}

func newFannedNetwork(t *testing.T, nodes int) *fannedNetwork {
	t.Helper()
	url, psql := database(t)
	f := &fannedNetwork{t: t, url: url, psql: psql, nats: natstest.Start(t, nil)}
	own := func(c *daemon.Config) { c.Fanout.URL = f.nats.URL() }
	for i := range nodes {
		f.nodes = append(f.nodes, start(t, url, fmt.Sprintf("n%d", i), fannedOut.adapt, own).ready())
	}
	for _, n := range f.nodes {
		n.join(steve, "Steve")
		n.notices("")
	}
	return f
}

// notices waits until /readyz says that the node follows, and gives a notice; "": none.
func (n *node) notices(want string) {
	n.t.Helper()
	pgtest.Eventually(n.t, waitTimeout, func() error {
		a := n.get("/readyz")
		notices := a.field("notices").([]any)
		if a.status != http.StatusOK || (len(notices) == 0) != (want == "") ||
			!strings.Contains(fmt.Sprint(notices), want) {
			return fmt.Errorf("node %s: %d %s, want a notice of %q", n.name, a.status, a.body, want)
		}
		return nil
	})
}

// arrives changes the player by hand and then through each node, and waits until all have it.
func (f *fannedNetwork) arrives() {
	f.t.Helper()
	everywhere := func(rank string) {
		f.t.Helper()
		for _, n := range f.nodes {
			n.sees(steve, rank, "rank")
		}
	}
	f.ranks++
	rank := fmt.Sprintf("by hand %d", f.ranks)
	run(f.t, f.psql, fmt.Sprintf(`update player set rank = '%s'`, rank))
	everywhere(rank)
	for _, n := range f.nodes {
		rank := fmt.Sprintf("by %s %d", n.name, f.ranks)
		n.must(http.MethodPatch, player(steve), fmt.Sprintf(`{"rank": %q}`, rank))
		everywhere(rank)
	}
}

// forwarders waits until so many nodes forward, and returns them.
func (f *fannedNetwork) forwarders(want int) (forwarders []*node) {
	f.t.Helper()
	pgtest.Eventually(f.t, waitTimeout, func() error {
		forwarders = nil
		for _, n := range f.nodes {
			if n.metric("playersync_fanout_forwarding") == 1 {
				forwarders = append(forwarders, n)
			}
		}
		if len(forwarders) != want {
			return fmt.Errorf("%d nodes forward, want %d", len(forwarders), want)
		}
		return nil
	})
	return forwarders
}

// Two of all nodes listen, whatever there are.
func TestTwoListenForAll(t *testing.T) {
	t.Parallel()
	f := newFannedNetwork(t, 4)
	f.arrives()
	f.forwarders(2)
	if n := one[int](t, f.psql, `select count(*) from pg_locks where locktype = 'advisory' and database =
		(select oid from pg_database where datname = current_database())`); n != 2 {
		t.Errorf("%d places of forwarders are held", n)
	}
	noneMissed(t, f.nodes...)
}

// While NATS is away polls find everything, and everybody says so.
func TestNATSIsKilledAndComesBack(t *testing.T) {
	t.Parallel()
	f := newFannedNetwork(t, 3)
	for range 2 {
		f.nats.Stop()
		for _, n := range f.nodes {
			n.notices("NATS is away")
		}
		f.forwarders(0)
		f.arrives()
		f.nats.Resume()
		for _, n := range f.nodes {
			n.notices("")
		}
		f.forwarders(2)
		f.arrives()
	}
	noneMissed(t, f.nodes...)
}

// Forwarders are stopped one after the other. What comes meanwhile arrives by the other one, or
// by a poll.
func TestForwardersStop(t *testing.T) {
	t.Parallel()
	f := newFannedNetwork(t, 4)
	for len(f.nodes) > 1 {
		gone := f.forwarders(2)[0]
		if err := gone.stop(); err != nil {
			t.Fatal(err)
		}
		f.nodes = without(f.nodes, gone)
		f.arrives()
	}
	f.forwarders(1)
}

func without(nodes []*node, gone *node) (left []*node) {
	for _, n := range nodes {
		if n != gone {
			left = append(left, n)
		}
	}
	return left
}

// Connections of forwarders are ended by an administrator.
func TestForwardersLoseTheDatabase(t *testing.T) {
	t.Parallel()
	f := newFannedNetwork(t, 3)
	const endForwarders = `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and
		database = (select oid from pg_database where datname = current_database())`
	for range 3 {
		f.forwarders(2)
		run(t, f.psql, endForwarders)
		f.arrives()
	}
}

// Any login may take the advisory locks of forwarders. Fan-out stops, and nobody misses
// anything for it; nor is it silent.
func TestStrangerTakesThePlacesOfForwarders(t *testing.T) {
	t.Parallel()
	f := newFannedNetwork(t, 2)
	reader := loginAs(t, f.url, f.psql, "playersync_readonly")
	const endForwarders = `select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and
		database = (select oid from pg_database where datname = current_database()) and pid <> $1`
	taken := 0
	pgtest.Eventually(t, waitTimeout, func() error { // it must be quicker than they are
		own := one[int](t, reader, `select pg_backend_pid()`)
		if _, err := f.psql.Exec(t.Context(), endForwarders, own); err != nil {
			return err
		}
		const take = `select count(*) from generate_series(0, 1) as place where pg_try_advisory_lock(1886151033, place)`
		if taken += one[int](t, reader, take); taken < 2 {
			return errors.New("a forwarder was quicker")
		}
		return nil
	})
	for _, n := range f.nodes {
		n.notices("no sidecar is heard that forwards")
	}
	f.arrives()
	_ = reader.Close(t.Context())
	for _, n := range f.nodes {
		n.notices("")
	}
	f.arrives()
	f.forwarders(2)
}

// Networks on one NATS do not hear each other, though their rows have the same names.
func TestTwoNetworksOnOneNATS(t *testing.T) {
	t.Parallel()
	var networks []*fannedNetwork
	for range 2 {
		url, psql := database(t)
		f := &fannedNetwork{t: t, psql: psql}
		for _, name := range []string{"a", "b"} {
			f.nodes = append(f.nodes, start(t, url, name, fannedOut.adapt).ready())
		}
		for _, n := range f.nodes {
			n.join(steve, "Steve")
			n.notices("")
		}
		networks = append(networks, f)
	}
	for _, f := range networks {
		f.arrives()
	}
	run(t, networks[0].psql, `update player set rank = 'of one'`)
	networks[0].nodes[1].sees(steve, "of one", "rank")
	networks[1].nodes[1].sees(steve, "by b 1", "rank")
	for _, f := range networks {
		noneMissed(t, f.nodes...)
	}
}

// A login that NATS refuses is no reason not to start.
func TestNATSRefusesTheLogin(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	nats := strings.Replace(natstest.Start(t, natstest.WithLogin("u", "right")).URL(), "://", "://u:wrong@", 1)
	n := start(t, url, "a", fannedOut.adapt, func(c *daemon.Config) {
		c.Fanout = fanout.Config{URL: nats, Timeout: time.Minute}
	}).ready()
	n.notices("it refuses the login: check nats.url")
	n.join(steve, "Steve")
	run(t, psql, `update player set rank = 'mod'`)
	n.sees(steve, "mod", "rank")
}
