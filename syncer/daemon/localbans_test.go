package daemon_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/daemon"
	"playersync/syncer/httpapi"
	"playersync/syncer/postgres/pgtest"
)

// game stands for a game server that, like Mindustry's, keeps bans of its own and
// turns players away by them before it asks anybody. Only events change them.
type game struct {
	t    testing.TB
	node *node

	mu    sync.Mutex
	bans  map[syncer.Target]syncer.Time // until when
	last  string                        // position in the events
	reads int                           // of the whole list
}

func newGame(t testing.TB, n *node) *game {
	return &game{t: t, node: n, bans: map[syncer.Target]syncer.Time{}}
}

// follow opens the stream of events, behind the last one if there was any, and
// returns what cuts it off.
func (g *game) follow() (cut func()) {
	g.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.node.URL()+"/v1/events?types=ban", nil)
	if err != nil {
		g.t.Fatal(err)
	}
	first := g.last == ""
	if !first {
		request.Header.Set("Last-Event-ID", g.last)
	}
	streaming := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := streaming.Do(request)
	if err != nil {
		g.t.Fatal(err)
	}
	if first { // the position is older than the list, so that nothing falls in between
		g.last = response.Header.Get("Syncer-Last-Event-ID")
		g.read()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = response.Body.Close() }()
		g.take(bufio.NewScanner(response.Body))
	}()
	cut = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	g.t.Cleanup(cut)
	return cut
}

// take applies events until the stream ends.
func (g *game) take(lines *bufio.Scanner) {
	var id, kind, data string
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "event":
			kind = value
		case "data":
			data = value
		case "":
			g.apply(id, kind, data)
			kind = ""
		}
	}
}

func (g *game) apply(id, kind, data string) {
	switch kind {
	case "ban":
		var event httpapi.BanEvent
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			g.t.Errorf("event %q: %v", data, err)
			return
		}
		g.set(targetOf(event.UUID, event.IP), event.Banned, event.ExpiresAt)
	case "resync":
		g.read()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = id
}

func (g *game) set(target syncer.Target, banned bool, until syncer.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if banned {
		g.bans[target] = until
	} else {
		delete(g.bans, target)
	}
}

// read replaces the local list by the sidecar's.
func (g *game) read() {
	bans, after := map[syncer.Target]syncer.Time{}, ""
	for {
		answer, err := g.node.try(http.MethodGet, "/v1/bans?active=true&limit=2&after="+url.QueryEscape(after), "")
		var page httpapi.BansPage
		if err == nil {
			err = json.Unmarshal(answer.body, &page)
		}
		if err != nil || answer.status != http.StatusOK {
			g.t.Errorf("read bans: %d %s %v", answer.status, answer.body, err)
			return
		}
		for _, ban := range page.Bans {
			bans[targetOf(ban.UUID, ban.IP)] = ban.ExpiresAt
		}
		if page.Next == nil {
			break
		}
		after = *page.Next
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.bans = bans
	g.reads++
}

func targetOf(id *syncer.PlayerID, ip *string) syncer.Target {
	if id != nil {
		return syncer.TargetID(*id)
	}
	target, _ := syncer.ParseTarget("", *ip)
	return target
}

// holds reports whether the local list keeps a player out.
func (g *game) holds(id, ip string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for target, until := range g.bans {
		hit := target.ID == syncer.PlayerID(id)
		if target.ID == "" {
			hit = target.Prefix.Contains(netip.MustParseAddr(ip))
		}
		if hit && (until.IsZero() || until.After(time.Now())) { // nobody tells when a ban runs out
			return true
		}
	}
	return false
}

// connect lets a player try to join once: "" if let in, else who turned him away.
func (g *game) connect(id, ip string) string {
	g.t.Helper()
	if g.holds(id, ip) {
		return "the local list"
	}
	joined := g.node.must(http.MethodPost, player(id)+"/join", fmt.Sprintf(`{"name": "Steve", "ip": %q}`, ip))
	if joined.field("ban") != nil {
		return "the sidecar"
	}
	return ""
}

// learns waits until the local list says the same as want.
func (g *game) learns(id, ip string, want bool) {
	g.t.Helper()
	pgtest.Eventually(g.t, patience, func() error {
		if g.holds(id, ip) != want {
			return fmt.Errorf("the local list of %s holds %s %s: %v", g.node.name, id, ip, !want)
		}
		return nil
	})
}

// joinsAtOnce fails unless every game lets the player in at the first try.
func joinsAtOnce(t *testing.T, id, ip string, games ...*game) {
	t.Helper()
	for _, g := range games {
		if by := g.connect(id, ip); by != "" {
			t.Errorf("%s is turned away from %s by %s", id, g.node.name, by)
		}
	}
}

func games(t *testing.T, address string, m mode) (a, b *game) {
	t.Helper()
	a, b = newGame(t, start(t, address, "a", m.adapt).ready()), newGame(t, start(t, address, "b", m.adapt).ready())
	a.follow()
	b.follow()
	return a, b
}

// Whichever way people unban, the player gets in at the first try, although each
// game turns him away by a list of its own.
func TestUnbannedPlayerJoinsAtTheFirstTry(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{listening, polling} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			address, psql := database(t)
			a, b := games(t, address, m)
			sql := func(statement string) func() { return func() { run(t, psql, statement) } }
			ask := func(path, body string) func() {
				return func() { b.node.must(http.MethodPost, path, body) }
			}
			for _, test := range []struct {
				ban, how string
				unban    func()
			}{
				{`"uuid": "Steve"`, "delete", sql(`delete from ban`)},
				{`"uuid": "Steve"`, "lifted by hand", sql(`update ban set lifted_at = now()`)},
				{`"uuid": "Steve"`, "another banned instead", sql(`update ban set uuid = 'Alice'`)},
				{`"uuid": "Steve"`, "ended", sql(`update ban set expires_at = created_at + interval '1 us'`)},
				{`"uuid": "Steve"`, "player deleted too", sql(`delete from player; delete from ban`)},
				{`"ip": "192.0.2.1"`, "delete", sql(`delete from ban`)},
				{`"ip": "192.0.2.0/24"`, "lifted by hand", sql(`update ban set lifted_at = now() where lifted_at is null`)},
				{`"uuid": "Steve"`, "lifted on the other server", ask("/v1/bans/lift", `{"uuid": "Steve"}`)},
				{`"ip": "192.0.2.0/24"`, "lifted on the other server", ask("/v1/bans/lift", `{"ip": "192.0.2.0/24"}`)},
				{`"uuid": "Steve"`, "the plugin's unban", ask("/api/unban", `{"uuid": "Steve"}`)},
				{`"uuid": "Steve"`, "ban reverted", sql(`select audit_revert(max(id)) from audit`)},
				{`"ip": "192.0.2.0/24", "duration": "1d"`, "truncate", sql(`truncate ban`)},
			} {
				began := time.Now()
				a.node.must(http.MethodPost, "/v1/bans", `{`+test.ban+`}`)
				for _, g := range []*game{a, b} {
					g.learns("Steve", "192.0.2.1", true)
					if by := g.connect("Steve", "192.0.2.1"); by != "the local list" {
						t.Errorf("{%s}: turned away by %q", test.ban, by)
					}
				}
				t.Logf("{%s} was on both local lists after %v", test.ban, time.Since(began))
				began = time.Now()
				test.unban()
				for _, g := range []*game{a, b} {
					g.learns("Steve", "192.0.2.1", false)
				}
				t.Logf("{%s}, %s: off both after %v", test.ban, test.how, time.Since(began))
				joinsAtOnce(t, "Steve", "192.0.2.1", a, b)
			}
		})
	}
}

// An unban while the sidecar is cut off from the database reaches the game as soon as
// the database is back, whether or not the game's own stream broke meanwhile.
func TestUnbanWhileCutOffFromTheDatabase(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{listening, polling} {
		for name, stream := range map[string]struct{ cut, resumedBefore bool }{
			"stream stays":        {},
			"stream breaks":       {cut: true},
			"stream breaks early": {cut: true, resumedBefore: true},
		} {
			t.Run(m.name+", "+name, func(t *testing.T) {
				t.Parallel()
				address, psql := database(t)
				proxy := pgtest.NewProxy(t, address)
				g := newGame(t, start(t, proxy.URL(), "a", m.adapt, impatient, func(c *daemon.Config) { c.Store.Timeout = time.Second }).ready())
				cut := g.follow()
				run(t, psql, `insert into ban (uuid) values ('Steve'), ('Alice'); insert into ban (ip) values ('192.0.2.0/24')`)
				g.learns("Alice", "203.0.113.1", true)
				g.learns("Bob", "192.0.2.1", true)
				proxy.Refuse(true)
				proxy.Cut()
				pgtest.Eventually(t, patience, func() error {
					if g.node.get("/readyz").status == http.StatusOK {
						return errors.New("the node still says that it is ready")
					}
					return nil
				})
				unavailable(t, "unban", g.node.send(http.MethodPost, "/v1/bans/lift", `{"uuid": "Steve"}`))
				if stream.cut {
					cut()
				}
				run(t, psql, `delete from ban where uuid = 'Steve'; update ban set lifted_at = now() where ip is not null`)
				if stream.resumedBefore {
					g.follow()
				}
				if by := g.connect("Steve", "192.0.2.1"); by != "the local list" {
					t.Errorf("turned away by %q, although the game cannot know of the unban", by)
				}
				proxy.Refuse(false)
				g.node.ready()
				if stream.cut && !stream.resumedBefore {
					g.follow()
				}
				g.learns("Steve", "192.0.2.1", false)
				joinsAtOnce(t, "Steve", "192.0.2.1", g)
				if !g.holds("Alice", "203.0.113.1") {
					t.Error("the other ban is gone")
				}
			})
		}
	}
}

// An unban while a game hears nothing reaches it with its next connection: the
// events that it missed are sent again.
func TestUnbanDuringACutConnection(t *testing.T) {
	t.Parallel()
	address, psql := database(t)
	g := newGame(t, start(t, address, "a").ready())
	cut := g.follow()
	run(t, psql, `insert into ban (uuid) values ('Steve'), ('Alice')`)
	g.learns("Steve", "192.0.2.1", true)
	g.learns("Alice", "192.0.2.1", true)
	cut()
	run(t, psql, `delete from ban where uuid = 'Steve'`)
	g.node.banned(`{"uuid": "Steve"}`, false)
	if !g.holds("Steve", "192.0.2.1") {
		t.Fatal("the game knows of the unban although it is cut off")
	}
	g.follow()
	g.learns("Steve", "192.0.2.1", false)
	joinsAtOnce(t, "Steve", "192.0.2.1", g)
	if !g.holds("Alice", "192.0.2.1") || g.reads != 1 {
		t.Errorf("the other ban is gone, or the list was read again: %d reads", g.reads)
	}
}

// A restarted sidecar does not know what a game has heard: it says resync, and the
// game reads the list again.
func TestUnbanDuringARestart(t *testing.T) {
	t.Parallel()
	address, psql := database(t)
	g := newGame(t, start(t, address, "a").ready())
	cut := g.follow()
	run(t, psql, `insert into ban (uuid) values ('Steve'), ('Alice')`)
	run(t, psql, `insert into ban (ip) select '203.0.113.0'::inet + i from generate_series(1, 5) as i`)
	g.learns("Steve", "192.0.2.1", true)
	cut()
	if err := g.node.stop(); err != nil {
		t.Fatal(err)
	}
	run(t, psql, `update ban set lifted_at = now() where uuid = 'Steve'`)
	g.node = start(t, address, "a").ready()
	g.follow()
	g.learns("Steve", "192.0.2.1", false)
	joinsAtOnce(t, "Steve", "192.0.2.1", g)
	if !g.holds("Alice", "192.0.2.1") || !g.holds("Bob", "203.0.113.5") {
		t.Error("the list read again lacks bans")
	}
}

// Nobody tells when a ban runs out: the event says beforehand when that will be,
// and again when it is changed.
func TestTemporaryBanEndsOnTheLocalList(t *testing.T) {
	t.Parallel()
	address, psql := database(t)
	a, b := games(t, address, listening)
	run(t, psql, `insert into ban (uuid) values ('Steve')`)
	b.learns("Steve", "192.0.2.1", true)
	ban := a.node.must(http.MethodGet, "/v1/bans", "").body
	var page httpapi.BansPage
	if err := json.Unmarshal(ban, &page); err != nil {
		t.Fatal(err)
	}
	a.node.must(http.MethodPatch, fmt.Sprintf("/v1/bans/%d", page.Bans[0].ID), `{"duration": "1s"}`)
	pgtest.Eventually(t, patience, func() error {
		a.mu.Lock()
		defer a.mu.Unlock()
		b.mu.Lock()
		defer b.mu.Unlock()
		if target := syncer.TargetID("Steve"); a.bans[target].IsZero() || b.bans[target].IsZero() {
			return fmt.Errorf("it does not end: %v, %v", a.bans, b.bans)
		}
		return nil
	})
	if by := a.connect("Steve", "192.0.2.1"); by != "the local list" {
		t.Errorf("before it ends: turned away by %q", by)
	}
	run(t, psql, `select pg_sleep(extract(epoch from expires_at - clock_timestamp())::float8 + 0.002) from ban`)
	joinsAtOnce(t, "Steve", "192.0.2.1", a, b)
}
