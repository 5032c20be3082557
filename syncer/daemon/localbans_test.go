package daemon_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/daemon"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/postgres/pgtest"
)

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
	for _, m := range []mode{listening, polling, fannedOut} {
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
				{
					`"ip": "192.0.2.0/24"`, "lifted by hand",
					sql(`update ban set lifted_at = now() where lifted_at is null`),
				},
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
	for _, m := range []mode{listening, polling, fannedOut} {
		for name, stream := range map[string]struct{ cut, resumedBefore bool }{
			"stream stays":        {},
			"stream breaks":       {cut: true},
			"stream breaks early": {cut: true, resumedBefore: true},
		} {
			t.Run(m.name+", "+name, func(t *testing.T) {
				t.Parallel()
				address, psql := database(t)
				proxy := pgtest.NewProxy(t, address)
				g := newGame(t, start(t, proxy.URL(), "a", m.adapt).ready())
				cut := g.follow()
				run(t, psql,
					`insert into ban (uuid) values ('Steve'), ('Alice'); insert into ban (ip) values ('192.0.2.0/24')`)
				g.learns("Alice", "203.0.113.1", true)
				g.learns("Bob", "192.0.2.1", true)
				proxy.Refuse(true)
				proxy.Cut()
				pgtest.Eventually(t, waitTimeout, func() error {
					if g.node.get("/readyz").status == http.StatusOK {
						return errors.New("the node still says that it is ready")
					}
					return nil
				})
				unavailable(t, "unban", g.node.send(http.MethodPost, "/v1/bans/lift", `{"uuid": "Steve"}`))
				if stream.cut {
					cut()
				}
				run(t, psql,
					`delete from ban where uuid = 'Steve'; update ban set lifted_at = now() where ip is not null`)
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

// An unban while a game is not connected reaches it with its next connection: the
// events that it missed are sent again.
func TestUnbanDuringACutConnection(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{listening, polling, fannedOut} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			address, psql := database(t)
			g := newGame(t, start(t, address, "a", m.adapt).ready())
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
		})
	}
}

// A restarted sidecar does not know which events a game has received: it says resync, and the
// game reads the list again, as soon as the database is there.
func TestUnbanDuringARestart(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{listening, polling, fannedOut} {
		for name, away := range map[string]bool{"database there": false, "database away": true} {
			t.Run(m.name+", "+name, func(t *testing.T) {
				t.Parallel()
				address, psql := database(t)
				proxy, disk := pgtest.NewProxy(t, address), t.TempDir()
				again := func() *node {
					return start(t, proxy.URL(), "a", m.adapt, func(c *daemon.Config) { c.DataDir = disk })
				}
				g := newGame(t, again().ready())
				cut := g.follow()
				run(t, psql, `insert into ban (uuid) values ('Steve'), ('Alice')`)
				run(t, psql, `insert into ban (ip) select '203.0.113.0'::inet + i from generate_series(1, 5) as i`)
				g.learns("Steve", "192.0.2.1", true)
				cut()
				if err := g.node.stop(); err != nil {
					t.Fatal(err)
				}
				run(t, psql, `update ban set lifted_at = now() where uuid = 'Steve'`)
				proxy.Refuse(away)
				g.node = again()
				g.follow()
				if away {
					if by := g.connect("Steve", "192.0.2.1"); by != "the local list" {
						t.Errorf("turned away by %q, although the game cannot know of the unban", by)
					}
					proxy.Refuse(false)
				}
				g.node.ready()
				g.learns("Steve", "192.0.2.1", false)
				joinsAtOnce(t, "Steve", "192.0.2.1", g)
				if !g.holds("Alice", "192.0.2.1") || !g.holds("Bob", "203.0.113.5") {
					t.Error("the list read again lacks bans")
				}
			})
		}
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
	var page wire.BansPage
	if err := json.Unmarshal(ban, &page); err != nil {
		t.Fatal(err)
	}
	path := fmt.Sprintf("/v1/bans/%d", page.Bans[0].ID)
	a.node.must(http.MethodPatch, path, `{"duration": "1h"}`)
	pgtest.Eventually(t, waitTimeout, func() error {
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
	a.node.must(http.MethodPatch, path, `{"duration": "1s"}`)
	for _, g := range []*game{a, b} {
		g.learns("Steve", "192.0.2.1", false)
	}
	run(t, psql, `select pg_sleep(extract(epoch from expires_at - clock_timestamp())::float8 + 0.002) from ban`)
	joinsAtOnce(t, "Steve", "192.0.2.1", a, b)
}
