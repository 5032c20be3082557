package daemon_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// outage is one sidecar whose only way to the database is a proxy, and its disk.
type outage struct {
	*node
	url   string // past the proxy
	psql  *pgx.Conn
	proxy *pgtest.Proxy
	dir   string
}

func newOutage(t *testing.T) *outage {
	t.Helper()
	url, psql := database(t)
	o := &outage{url: url, psql: psql, proxy: pgtest.NewProxy(t, url), dir: t.TempDir()}
	o.node = o.start(t)
	o.ready()
	return o
}

func (o *outage) start(t *testing.T) *node {
	t.Helper()
	return start(t, o.proxy.URL(), "a", beating.adapt, func(c *daemon.Config) { c.DataDir = o.dir })
}

// restart stops the sidecar and starts it again with the same disk.
func (o *outage) restart(t *testing.T) {
	t.Helper()
	if err := o.stop(); err != nil {
		t.Fatal(err)
	}
	o.node = o.start(t)
}

func (o *outage) begin() {
	o.proxy.Refuse(true)
	o.proxy.Cut()
	pgtest.Eventually(o.t, waitTimeout, func() error { return o.advises("database.url") })
}

func (o *outage) end() { o.proxy.Refuse(false) }

// arrive joins and returns the counter that the server counts on from.
func (o *outage) arrive(id string) int {
	o.t.Helper()
	a := o.join(id, id)
	if a.field("player") == nil {
		o.t.Fatalf("%s joins as a stranger: %s", id, a.body)
	}
	blocks, _ := a.field("player", "stats", "blocks").(float64)
	return int(blocks)
}

func (o *outage) leave(id string, blocks int) answer {
	o.t.Helper()
	return o.must(http.MethodPost, player(id)+"/leave",
		fmt.Sprintf(`{"stats": {"blocks": %d}, "highlight": "[left]"}`, blocks))
}

// unavailable checks the answer of what cannot be done without the database.
func unavailable(t *testing.T, what string, a answer) {
	t.Helper()
	if a.status != http.StatusServiceUnavailable || a.header.Get("Content-Type") != "application/problem+json" {
		t.Errorf("%s: %d %s", what, a.status, a.body)
	}
}

func TestOutage(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	run(t, o.psql, `insert into player (uuid, name) values ('stranger', 'Stranger')`)
	o.join(steve, "Steve")
	o.must(http.MethodPatch, player(steve), `{"rank": "mod"}`)
	o.must(http.MethodPost, "/v1/bans", `{"uuid": "banned", "reason": "griefing"}`)
	o.banned(`{"uuid": "banned"}`, true)
	o.begin()

	t.Run("reads go on and show their age", func(*testing.T) {
		before := int64(-1)
		for range 3 {
			pgtest.Eventually(t, waitTimeout, func() error {
				a := o.get(player(steve))
				age, err := strconv.ParseInt(a.header.Get("Syncer-Staleness"), 10, 64)
				switch {
				case err != nil || a.header.Get("Syncer-Source") != "memory" || a.field("rank") != "mod":
					return fmt.Errorf("%d %v %s", a.status, a.header, a.body)
				case age <= before:
					return fmt.Errorf("staleness is %d ms, was %d", age, before)
				}
				before = age
				return nil
			})
		}
	})
	t.Run("unknown players are unknown", func(t *testing.T) {
		unavailable(t, "read", o.get(player("stranger")))
	})
	t.Run("important changes are refused and not pretended", func(t *testing.T) {
		unavailable(t, "patch", o.send(http.MethodPatch, player(steve), `{"rank": "admin", "highlight": "[no]"}`))
		unavailable(t, "patch with If-Match",
			o.send(http.MethodPatch, player(steve), `{"highlight": "[no]"}`, "If-Match", `"1"`))
		unavailable(t, "ban", o.send(http.MethodPost, "/v1/bans", `{"uuid": "other"}`))
		unavailable(t, "lift", o.send(http.MethodPost, "/v1/bans/lift", `{"uuid": "banned"}`))
		if a := o.get(player(steve)); a.field("rank") != "mod" || a.field("highlight") != nil {
			t.Errorf("pretended: %s", a.body)
		}
		o.banned(`{"uuid": "other"}`, false)
		o.banned(`{"uuid": "banned"}`, true)
	})
	t.Run("joins know the bans", func(t *testing.T) {
		if a := o.join("banned", "Banned"); a.field("ban") == nil {
			t.Errorf("the banned player may join: %s", a.body)
		}
		if a := o.join("stranger", "Stranger"); a.field("ban") != nil || a.field("player") != nil {
			t.Errorf("the join of one not in memory: %s", a.body)
		}
		if a := o.join(steve, "Steve"); a.field("player", "rank") != "mod" {
			t.Errorf("the join of one in memory: %s", a.body)
		}
	})
	if a := o.leave(steve, 7); a.status != http.StatusNoContent {
		t.Errorf("leave: %d %s", a.status, a.body)
	}
	o.end()
	o.ready()
	eventuallyRow(t, o.psql,
		`select concat_ws(' ', rank, highlight, gamemodes #>> '{gamemode-a,stats,blocks}') from player where uuid = '`+
			steve+`'`, "mod [left] 7")
	eventuallyRow(t, o.psql, `select count(*) from player where uuid = 'stranger' and gamemodes ? 'gamemode-a'`, 1)
	equal(t, o.psql, cast{players: []string{steve, "stranger"}, ids: []string{"banned", "other"}}, o.node)
}

// TestLeavesDuringOutageAreStoredOnce counts: each session adds to the counter, some
// in one life of the sidecar, some in the next.
func TestLeavesDuringOutageAreStoredOnce(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	ids := []string{"one", "two", "three"}
	want := 0
	session := func(add int) {
		want += add
		for _, id := range ids {
			o.leave(id, o.arrive(id)+add)
		}
	}
	session(1)
	o.begin()
	session(10)
	session(10)
	if batches := o.metric("playersync_outbox_batches"); batches == 0 {
		t.Error("nothing waits on disk")
	}
	o.restart(t)
	if batches := o.metric("playersync_outbox_batches"); batches == 0 {
		t.Error("nothing waits on disk after a restart")
	}
	o.end()
	o.ready()
	o.saved()
	for _, id := range ids {
		o.wantBlocks(id, want)
	}
	session(100) // and it counts on from there
	for _, id := range ids {
		o.wantBlocks(id, want)
	}
}

// The bans on disk are those of the moment before the outage.
func TestRestartDuringOutageKnowsTheBans(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	run(t, o.psql,
		`insert into ban (uuid) select 'b' || n from generate_series(1, 500) as n;
		insert into ban (ip) values ('192.0.2.0/24')`)
	o.banned(`{"uuid": "b500"}`, true)
	o.must(http.MethodPost, "/v1/bans/lift", `{"uuid": "b1"}`)
	o.must(http.MethodPost, "/v1/bans", `{"uuid": "at the last moment", "duration": "1h"}`)
	o.begin()
	o.restart(t)
	for body, want := range map[string]bool{
		`{"uuid": "b500"}`: true, `{"uuid": "b1"}`: false, `{"ip": "192.0.2.77"}`: true,
		`{"uuid": "at the last moment"}`: true, `{"uuid": "nobody"}`: false,
	} {
		if got := o.must(http.MethodPost, "/v1/bans/check", body).field("banned"); got != want {
			t.Errorf("%s: banned is %v, want %v", body, got, want)
		}
	}
	if a := o.join("b500", "B"); a.field("ban") == nil {
		t.Errorf("a banned player may join: %s", a.body)
	}
	run(t, o.psql, `delete from ban where uuid like 'b1%'`)
	o.end()
	o.ready()
	equal(t, o.psql, cast{ids: []string{"b1", "b100", "b500", "at the last moment"}, ips: []string{"192.0.2.77"}},
		o.node)
}

// The answer to a commit is lost: the batch is sent again and recognised.
func TestCommitWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	run(t, o.psql, gate+`
		create constraint trigger gate after insert on save_batch deferrable initially deferred
			for each row execute function wait_for_gate()`)
	for i := 1; i <= 3; i++ {
		blocks := o.arrive(steve)
		o.saved()
		batches := one[int](t, o.psql, `select count(*) from save_batch`)
		run(t, o.psql, `select pg_advisory_lock(42)`)
		left := make(chan answer, 1)
		go func() {
			a, _ := o.try(http.MethodPost, player(steve)+"/leave", fmt.Sprintf(`{"stats": {"blocks": %d}}`, blocks+1))
			left <- a
		}()
		waitsAtGate(t, o.psql)
		o.proxy.Stall() // the commit is under way, its answer does not pass
		run(t, o.psql, `select pg_advisory_unlock(42)`)
		eventuallyRow(t, o.psql, `select count(*) from save_batch`, batches+1)
		o.proxy.Cut()
		o.proxy.Resume()
		if a := <-left; a.status != http.StatusNoContent {
			t.Fatalf("leave: %d %s", a.status, a.body)
		}
		o.saved()
		o.wantBlocks(steve, i)
	}
}

// saved waits until nothing is left to be stored.
func (o *outage) saved() {
	o.t.Helper()
	pgtest.Eventually(o.t, waitTimeout, func() error {
		if o.Unsaved() != 0 || o.metric("playersync_outbox_batches") != 0 {
			return errors.New("saves are still on their way")
		}
		return nil
	})
}

func (o *outage) wantBlocks(id string, want int) {
	o.t.Helper()
	sql := `select coalesce((gamemodes #>> '{gamemode-a,stats,blocks}')::int, 0) from player where uuid = $1`
	if got := one[int](o.t, o.psql, sql, id); got != want {
		o.t.Fatalf("%d blocks are stored, want %d", got, want)
	}
}

// Connections are cut at any moment of any save.
func TestConnectionsCutDuringSaves(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.leave(steve, o.arrive(steve)+1)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for !isClosed(stop) {
			for range rand.IntN(40) { // each takes about as long as a step of a save
				_, _ = o.psql.Exec(t.Context(), `select 1`)
			}
			o.proxy.Cut()
		}
	}()
	const sessions = 60
	for range sessions {
		if a := o.leave(steve, o.arrive(steve)+1); a.status != http.StatusNoContent {
			t.Errorf("leave: %d %s", a.status, a.body)
		}
	}
	close(stop)
	<-stopped
	o.saved()
	o.wantBlocks(steve, sessions+1)
}

// A sidecar that has once followed the database knows its bans after a restart, also if
// nothing has changed meanwhile.
func TestBansAreOnDiskFromTheFirstReading(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	run(t, psql, `insert into ban (uuid) values ('banned')`)
	for range 5 {
		o := &outage{url: url, psql: psql, proxy: pgtest.NewProxy(t, url), dir: t.TempDir()}
		o.node = o.start(t)
		o.ready()
		o.begin()
		o.restart(t)
		o.banned(`{"uuid": "banned"}`, true)
		if err := o.stop(); err != nil {
			t.Error(err)
		}
	}
}

// Tables that are missing, as while a backup is restored, are an outage like any other: what is
// in memory is answered, what can be kept is kept, and the rest is refused for now.
func TestMissingTablesAreAnOutage(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.join(steve, "Steve")
	o.must(http.MethodPost, "/v1/bans", `{"uuid": "banned", "reason": "griefing"}`)
	o.banned(`{"uuid": "banned"}`, true)
	run(t, o.psql, `alter schema public rename to elsewhere`)

	o.banned(`{"uuid": "banned"}`, true)
	if a := o.join("banned", "Banned"); a.field("ban") == nil {
		t.Errorf("the banned player may join: %s", a.body)
	}
	unavailable(t, "patch", o.send(http.MethodPatch, player(steve), `{"rank": "admin"}`))
	unavailable(t, "ban", o.send(http.MethodPost, "/v1/bans", `{"uuid": "other"}`))
	unavailable(t, "read", o.get(player("stranger")))
	o.leave(steve, 7)
	o.leave("stranger", 3)
	o.must(http.MethodPost, "/v1/player-counts", `{"players": 5}`)

	run(t, o.psql, `alter schema elsewhere rename to public`)
	o.ready()
	o.saved()
	o.wantBlocks(steve, 7)
	o.wantBlocks("stranger", 3)
	eventuallyRow(t, o.psql, `select count(*) from player_count where players = 5`, 1)
}
