package daemon_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// comes joins from an address.
func (n *node) comes(id, name, ip string) {
	n.t.Helper()
	n.must(http.MethodPost, player(id)+"/join", fmt.Sprintf(`{"name": %q, "ip": %q}`, name, ip))
}

// counts waits until the node tells of so many joins and kicks.
func (n *node) counts(id string, joins, kicks int) answer {
	n.t.Helper()
	var a answer
	pgtest.Eventually(n.t, waitTimeout, func() error {
		a = n.get(player(id) + "/info")
		if fmt.Sprint(a.field("joins"), a.field("kicks")) != fmt.Sprint(joins, kicks) {
			return fmt.Errorf("%d %s, want %d joins and %d kicks", a.status, a.body, joins, kicks)
		}
		return nil
	})
	return a
}

func TestVisitsOfAllServersAddUp(t *testing.T) {
	t.Parallel()
	url, _ := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	var all sync.WaitGroup
	for i := range 20 {
		n := []*node{a, b}[i%2]
		all.Go(func() {
			_, _ = n.try(http.MethodPost, player(steve)+"/join",
				fmt.Sprintf(`{"name": "Steve", "ip": "192.0.2.%d"}`, 1+i%2))
			_, _ = n.try(http.MethodPost, player(steve)+"/kicks", "")
		})
	}
	all.Wait()
	a.comes("alice", "Alice", "192.0.2.2")
	a.must(http.MethodPost, "/v1/bans", `{"uuid": "banned"}`)
	a.comes("banned", "Banned", "192.0.2.1")
	for _, n := range []*node{a, b} {
		info := n.counts(steve, 20, 20)
		for i, server := range info.field("servers").([]any) {
			if s := server.(map[string]any); fmt.Sprint(s["joins"], s["kicks"],
				len(s["addresses"].([]any))) != "10 10 1" {
				t.Errorf("server %d: %v", i, s)
			}
		}
		pgtest.Eventually(t, waitTimeout, func() error {
			accounts := n.get(player(steve) + "/accounts").field("accounts").([]any)
			if len(accounts) != 1 || accounts[0].(map[string]any)["uuid"] != "alice" {
				return fmt.Errorf("shares with %v", accounts)
			}
			return nil
		})
	}
	if found := a.get("/v1/player-info?ip=192.0.2.0/24").field("players").([]any); len(found) != 2 {
		t.Errorf("found %v, want the two who were let in", found)
	}
	if status := a.send(http.MethodPost, player("stranger")+"/kicks", "").status; status != http.StatusNotFound {
		t.Errorf("a stranger's kick: %d", status)
	}
}

// What a sidecar counted, it also tells at once, whatever the flush interval.
func TestInfoHoldsTheJoinThatWasJustAnswered(t *testing.T) {
	t.Parallel()
	url, _ := database(t)
	n := start(t, url, "a", func(c *daemon.Config) { c.Sidecar.FlushInterval = waitTimeout }).ready()
	for i := range 3 {
		n.comes(steve, "Steve", "192.0.2.1")
		if a := n.get(player(steve) + "/info"); a.field("joins") != float64(i+1) {
			t.Fatalf("after %d joins: %d %s", i+1, a.status, a.body)
		}
	}
}

// Joins, kicks and counts of an outage wait on disk, over a restart too, and are
// stored once.
func TestVisitsOfAnOutageAreStoredOnce(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.comes(steve, "Steve", "192.0.2.1")
	o.counts(steve, 1, 0)
	o.begin()
	o.comes(steve, "Steve", "192.0.2.1")
	o.comes(steve, "Stephen", "192.0.2.2")
	o.must(http.MethodPost, player(steve)+"/kicks", "")
	o.must(http.MethodPost, "/v1/player-counts", `{"players": 9, "at": "2020-01-01T00:01:00Z"}`)
	o.must(http.MethodPost, "/v1/player-counts", `{"players": 5, "at": "2020-01-01T00:02:00Z"}`)
	unavailable(t, "info", o.get(player(steve)+"/info"))
	unavailable(t, "export", o.get("/v1/player-counts"))
	o.restart(t)
	o.comes(steve, "Steve", "192.0.2.1")
	o.must(http.MethodPost, "/v1/player-counts", `{"players": 3, "at": "2020-01-01T00:03:00Z"}`)
	o.end()
	o.ready()
	info := o.counts(steve, 4, 1)
	if names := info.field("names").([]any); len(names) != 2 {
		t.Errorf("names %v", names)
	}
	pgtest.Eventually(t, waitTimeout, func() error {
		csv := o.get("/v1/player-counts?from=2020-01-01T00:00:00Z&to=2020-01-02T00:00:00Z&format=csv")
		if want := "slot,minutes,players,server\r\n2020-01-01T00:00:00.000Z,4,9,a\r\n"; string(csv.body) != want {
			return fmt.Errorf("%d %q", csv.status, csv.body)
		}
		return nil
	})
}

// Whether a connection breaks before or after a commit: each visit counts once.
func TestVisitsSurviveCutConnections(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	const rounds = 12
	for i := range rounds {
		o.comes(steve, "Steve", "192.0.2.1")
		if i%3 == 0 {
			o.proxy.Cut()
		}
	}
	o.ready()
	info := o.counts(steve, rounds, 0)
	if names := info.field("names").([]any); len(names) != 1 || names[0].(map[string]any)["times"] != float64(rounds) {
		t.Errorf("names %v", names)
	}
}
