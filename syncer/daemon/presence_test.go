package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// leasing adapts how long a server lives that gives no sign.
func leasing(lease time.Duration) func(*daemon.Config) {
	return func(c *daemon.Config) { c.Presence.Lease = lease }
}

// soon is a lease that runs out within a test; at times it may do so on a busy machine
// although the server lives.
var soon = leasing(time.Second)

// whoIsOnline returns "server: name" of all who are online, by server and name.
func (n *node) whoIsOnline() []string {
	n.t.Helper()
	list, _ := n.get("/v1/online").field("players").([]any)
	var online []string
	for _, item := range list {
		player, _ := item.(map[string]any)
		online = append(online, fmt.Sprintf("%v: %v", player["server"], player["name"]))
	}
	slices.Sort(online)
	return online
}

// online waits until the node says that exactly these are online.
func (n *node) online(want ...string) {
	n.t.Helper()
	pgtest.Eventually(n.t, waitTimeout, func() error {
		if got := n.whoIsOnline(); !slices.Equal(got, want) {
			return fmt.Errorf("node %s says that %q are online, want %q", n.name, got, want)
		}
		return nil
	})
}

func (n *node) leave(id string) { n.t.Helper(); n.must(http.MethodPost, player(id)+"/leave", "") }

func TestPresenceReachesEveryServer(t *testing.T) {
	t.Parallel()
	address, psql := database(t)
	a, b := start(t, address, "a").ready(), start(t, address, "b").ready()
	a.join(steve, "Steve")
	a.join(alex, "Alex")
	b.online("a: Alex", "a: Steve")
	b.join(steve, "Steve")
	for _, n := range []*node{a, b} {
		n.online("a: Alex", "a: Steve", "b: Steve")
		counts := n.get("/v1/online/counts")
		want := `{"players":2,"servers":[{"server":"a","gamemode":"gamemode-a","players":2},` +
			`{"server":"b","gamemode":"gamemode-b","players":1}]}`
		if string(counts.body) != want {
			t.Errorf("node %s counts %s, want %s", n.name, counts.body, want)
		}
		if on, _ := n.get(player(steve) + "/presence").field("online").([]any); len(on) != 2 {
			t.Errorf("node %s says that Steve is on %v", n.name, on)
		}
	}
	a.leave(steve)
	b.online("a: Alex", "b: Steve")
	seen, _ := b.get(player(steve) + "/presence").field("lastSeen").([]any)
	if len(seen) != 1 || seen[0].(map[string]any)["server"] != "a" {
		t.Errorf("last seen %v, want on a", seen)
	}
	if n := one[int](t, psql,
		`select count(*)::int from online where name = 'Steve' and server = 'b' and gamemode = 'gamemode-b'`); n != 1 {
		t.Errorf("psql sees %d", n)
	}
	if err := a.stop(); err != nil { // in order: at once
		t.Fatal(err)
	}
	b.online("b: Steve")
	noneMissed(t, b)
}

func TestPresenceIsPushed(t *testing.T) {
	t.Parallel()
	address, _ := database(t)
	a, b := start(t, address, "a").ready(), start(t, address, "b").ready()
	from := b.Events().LastID()
	a.join(steve, "Steve")
	b.online("a: Steve")   // else a busy sidecar may first look after he has left
	a.join(steve, "Steve") // the game crashed meanwhile
	a.leave(steve)
	var got []string
	pgtest.Eventually(t, waitTimeout, func() error {
		answer := b.get("/v1/events?types=presence&wait=10s&after=" + url.QueryEscape(from))
		from = answer.header.Get("Syncer-Last-Event-Id")
		for _, event := range strings.SplitAfter(string(answer.body), "}}") {
			if _, data, ok := strings.Cut(event, `"data":`); ok {
				got = append(got, data)
			}
		}
		if len(got) == 0 || !strings.Contains(got[len(got)-1], `"online":false`) {
			return fmt.Errorf("told %q", got)
		}
		return nil
	})
	if first := got[0]; !strings.Contains(first,
		`"uuid":"`+steve+`","name":"Steve","server":"a","gamemode":"gamemode-a","since":"`) ||
		!strings.Contains(first, `"online":true`) {
		t.Errorf("told first %s", first)
	}
}

// A server whose sidecar gives no sign any more is cleared by the others. When it
// is back, its players are too.
func TestPlayersOfADeadServerLeave(t *testing.T) {
	t.Parallel()
	address, psql := database(t)
	proxy := pgtest.NewProxy(t, address)
	a, b := start(t, proxy.URL(), "a", soon).ready(), start(t, address, "b", soon).ready()
	a.join(steve, "Steve")
	b.join(steve, "Steve")
	b.online("a: Steve", "b: Steve")
	proxy.Refuse(true)
	proxy.Cut()
	b.online("b: Steve")
	eventuallyRow(t, psql, `select count(*)::int from server_overview where alive`, 1)
	a.send(http.MethodPost, player(alex)+"/join", `{"name": "Alex", "ip": "192.0.2.1"}`)
	a.leave(steve)
	proxy.Refuse(false)
	b.online("a: Alex", "b: Steve")
	a.online("a: Alex", "b: Steve")
}

// What the game's crash or people do to the rows is put right from memory.
func TestPresenceIsPutRight(t *testing.T) {
	t.Parallel()
	address, psql := database(t)
	a, b := start(t, address, "a", soon).ready(), start(t, address, "b", soon).ready()
	a.join(steve, "Steve")
	a.join(alex, "Alex")
	b.online("a: Alex", "a: Steve")
	for _, sql := range []string{
		`delete from session where name = 'Steve'`,
		`update session set uuid = 'nobody', name = 'Nobody' where name = 'Alex'`,
		`truncate session`,
		`update session set name = 'Notch', since = now() where name = 'Alex'`,
		`delete from server_lease where server = 'a'`,
		`truncate server_lease cascade`,
		`delete from server where name = 'a'`,
	} {
		run(t, psql, sql+`; insert into player (uuid) values ('last') on conflict (uuid) do nothing`)
		eventuallyRow(t, psql, `select coalesce(string_agg(name, ' ' order by name), '') from online`, "Alex Steve")
		b.online("a: Alex", "a: Steve")
	}
	noneMissed(t, a, b)
}

func TestNewerSidecarOfAServerTakesOver(t *testing.T) {
	t.Parallel()
	address, psql := database(t)
	renewing := leasing(15 * time.Second) // each notices by its next renewal; none runs out
	b := start(t, address, "b").ready()
	old := start(t, address, "a", renewing).ready()
	old.join(steve, "Steve")
	b.online("a: Steve")
	newer := start(t, address, "a", renewing).ready()
	b.online()
	newer.join(alex, "Alex")
	old.join("third", "Third") // keeps it to itself
	b.online("a: Alex")
	for _, n := range []*node{old, newer} { // both know that they are two
		pgtest.Eventually(t, waitTimeout, func() error {
			metrics := string(n.get("/metrics").body)
			if !strings.Contains(metrics, "\nplayersync_contested_servers 1\n") {
				return errors.New("one of two with the same name does not know it")
			}
			return nil
		})
	}
	old.must(http.MethodPost, "/v1/servers/start", "")
	old.join("third", "Third")
	b.online("a: Third")
	if err := old.stop(); err != nil {
		t.Fatal(err)
	}
	b.online("a: Alex") // it has known all the time
	eventuallyRow(t, psql, `select count(*)::int from last_seen where uuid = 'third'`, 1)
}

func TestStartOfAServerEmptiesIt(t *testing.T) {
	t.Parallel()
	address, _ := database(t)
	a, b := start(t, address, "a").ready(), start(t, address, "b").ready()
	other := []string{"Syncer-Server", "other", "Syncer-Gamemode", "pvp", "Syncer-Address", "127.0.0.1:7000"}
	transient := player(steve) + "/transients/pet"
	for _, headers := range [][]string{nil, other} {
		a.send(http.MethodPost, player(steve)+"/join", `{"name": "Steve", "ip": "192.0.2.1"}`, headers...)
		if put := a.send(http.MethodPut, transient, `{"value": 1}`, headers...); put.status != http.StatusNoContent {
			t.Fatalf("put: %d %s", put.status, put.body)
		}
	}
	b.online("a: Steve", "other: Steve")
	for range 2 {
		if started := a.send(http.MethodPost, "/v1/servers/start",
			"", other...); started.status != http.StatusNoContent {
			t.Fatalf("start: %d %s", started.status, started.body)
		}
	}
	b.online("a: Steve")
	if mine, gone := a.get(transient), a.send(http.MethodGet, transient, "", other...); mine.status != http.StatusOK ||
		gone.status != http.StatusNotFound {
		t.Errorf("transients: %d and %d", mine.status, gone.status)
	}
	servers, _ := b.get("/v1/servers").field("servers").([]any)
	if len(servers) != 3 {
		t.Errorf("servers: %v", servers)
	}
}
