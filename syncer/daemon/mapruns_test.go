package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// runs reports the map that a game runs, and returns the run in progress; nil if
// the report waits.
func (n *node) runs(named, session string, players int) *wire.CurrentMapRun {
	n.t.Helper()
	a := n.must(http.MethodPost, "/v1/map-run",
		fmt.Sprintf(`{"map": %q, "session": %q, "players": %d}`, named, session, players))
	return decoded[wire.CurrentRun](n.t, a).Run
}

// finishes ends the run in progress with a win.
func (n *node) finishes(named, session string) *wire.MapRun {
	n.t.Helper()
	a := n.must(http.MethodPost, "/v1/map-run/finish",
		fmt.Sprintf(`{"map": %q, "session": %q, "winner": "sharded", "success": true}`, named, session))
	return decoded[wire.FinishedRun](n.t, a).Run
}

func decoded[T any](t testing.TB, a answer) (body T) {
	t.Helper()
	if err := json.Unmarshal(a.body, &body); err != nil {
		t.Fatalf("%s: %v", a.body, err)
	}
	return body
}

// ago makes the last report an hour older, and so all that the run was played.
const ago = `update map_run_current
	set started_at = started_at - interval '1 h', reported_at = reported_at - interval '1 h'`

const hour = int64(time.Hour / time.Millisecond)

// about fails the test unless a time played is so many whole hours and a little.
func about(t testing.TB, what string, playedMs, hours int64) {
	t.Helper()
	if playedMs < hours*hour || playedMs > hours*hour+hour/2 {
		t.Errorf("%s: played %v, want %d h", what, time.Duration(playedMs)*time.Millisecond, hours)
	}
}

// The run in progress outlives game, sidecar and database; only the time that the
// game was down does not count.
func TestMapRunSurvivesRestarts(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, "")
	url := pgtest.EmptyOn(t, server)
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	a := start(t, url, "a").ready()
	begun := a.runs("Frozen.msav", "1", 9)
	about(t, "at the beginning", begun.PlayedMs, 0)

	run(t, connect(t, url), ago)
	about(t, "an hour later", a.runs("Frozen.msav", "1", 2).PlayedMs, 1)

	run(t, connect(t, url), ago) // the game is down for it
	about(t, "after a restart of the game", a.runs("Frozen.msav", "2", 0).PlayedMs, 1)

	if err := a.stop(); err != nil {
		t.Fatal(err)
	}
	run(t, connect(t, url), ago) // only the sidecar is
	a = start(t, url, "a").ready()
	about(t, "after a restart of the sidecar", a.runs("Frozen.msav", "2", 4).PlayedMs, 2)

	run(t, connect(t, url), ago)
	server.Kill()
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	a.ready()
	pgtest.Eventually(t, waitTimeout, func() error {
		if current := a.runs("Frozen.msav", "2", 4); current == nil {
			return fmt.Errorf("reports still wait")
		}
		return nil
	})
	read := decoded[wire.CurrentRun](t, a.get("/v1/map-run")).Run
	about(t, "after a restart of the database", read.PlayedMs, 3)
	if read.MaxPlayers != 9 || read.Players != 4 {
		t.Errorf("players of %+v", read)
	}
	finished := a.finishes("Frozen.msav", "2")
	about(t, "at the end", finished.PlayedMs, 3)
	if finished.MaxPlayers != 9 || finished.Server != "a" || finished.Gamemode != "gamemode-a" ||
		finished.Outcome != "won" {
		t.Errorf("finished %+v", finished)
	}
	stats := decoded[wire.MapStatsPage](t, a.get("/v1/map-stats?map=Frozen.msav")).Stats
	if len(stats) != 1 || stats[0].Won != 1 || *stats[0].BestMs != finished.PlayedMs {
		t.Errorf("statistics %+v", stats)
	}
}

// What a game reports while the database is away is stored as if it had not been,
// not lost by a restart of the sidecar either.
func TestMapRunsDuringOutage(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	o.runs("one", "1", 3)
	run(t, o.psql, ago)
	o.begin()
	if waits := o.finishes("one", "1"); waits != nil {
		t.Errorf("without a database it finished %+v", waits)
	}
	for range 20 {
		o.runs("two", "1", 2)
	}
	if waits := o.metric("playersync_waiting_writes"); waits != 2 {
		t.Errorf("%v writes wait, want the end and the report once", waits)
	}
	o.runs("two", "1", 5)
	o.finishes("two", "1")
	unavailable(t, "current", o.get("/v1/map-run"))
	unavailable(t, "list", o.get("/v1/map-runs"))
	unavailable(t, "statistics", o.get("/v1/map-stats"))
	unavailable(t, "abandon", o.send(http.MethodPost, "/v1/map-run/abandon", ""))
	o.restart(t)
	o.runs("two", "1", 1)
	o.end()
	o.ready()
	eventuallyRow(t, o.psql, `
		select coalesce(
			string_agg(concat_ws(' ', map, max_players, extract(hours from played), outcome), ', ' order by id), '')
		from map_run_history`,
		"one 3 1 won, two 5 0 won")
	eventuallyRow(t, o.psql,
		`select coalesce(string_agg(concat_ws(' ', server, map, max_players), ', '), '') from map_run_current`,
		"a two 1")
	pgtest.Eventually(t, waitTimeout, func() error {
		if n := o.metric("playersync_waiting_writes"); n != 0 {
			return fmt.Errorf("%v writes wait", n)
		}
		return nil
	})
}

// The answer to the commit of an end is lost: it is sent again and recognised.
func TestMapRunWhoseEndIsCommittedUnanswered(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	run(t, o.psql, gate+`
		create constraint trigger gate after insert on map_run deferrable initially deferred
			for each row execute function wait_for_gate()`)
	o.runs("one", "1", 3)
	run(t, o.psql, `select pg_advisory_lock(42)`)
	ended := make(chan answer, 1)
	go func() {
		a, _ := o.try(http.MethodPost, "/v1/map-run/finish",
			`{"map": "one", "session": "1", "winner": "crux", "success": false}`)
		ended <- a
	}()
	waitsAtGate(t, o.psql)
	o.proxy.Stall()
	run(t, o.psql, `select pg_advisory_unlock(42)`)
	eventuallyRow(t, o.psql, `select count(*) from map_run`, 1)
	o.proxy.Cut()
	o.proxy.Resume()
	if a := <-ended; a.status != http.StatusAccepted {
		t.Fatalf("finish: %d %s", a.status, a.body)
	}
	pgtest.Eventually(t, waitTimeout, func() error {
		if current := o.runs("one", "1", 1); current == nil {
			return fmt.Errorf("the report waits behind the end")
		}
		return nil
	})
	if n := one[int](t, o.psql, `select count(*) from map_run`); n != 1 {
		t.Errorf("%d runs are stored", n)
	}
	if a := o.send(http.MethodPost, "/v1/map-run/finish",
		`{"map": "two", "session": "1", "winner": "crux", "success": false}`); a.status != http.StatusConflict {
		t.Errorf("the end of another map: %d %s", a.status, a.body)
	}
}

// Each server has a run of its own.
func TestMapRunsOfServersAreApart(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	key := `"key": "0f8a0a3e-5c0d-4b60-9c1e-6a5d2f7b9e31"`
	for i := range 4 {
		a.runs("one", "1", i)
		b.runs("two", "1", i)
	}
	body := `{"map": "one", "session": "1", "winner": "crux", "success": false, ` + key + `}`
	first := decoded[wire.FinishedRun](t, a.must(http.MethodPost, "/v1/map-run/finish", body)).Run
	a.runs("one", "1", 0)
	again := decoded[wire.FinishedRun](t, a.must(http.MethodPost, "/v1/map-run/finish", body)).Run
	if again.ID != first.ID || again.EndedAt != first.EndedAt {
		t.Errorf("the same end gives %+v, then %+v", first, again)
	}
	if current := decoded[wire.CurrentRun](t, b.get("/v1/map-run")).Run; current == nil || current.Map != "two" {
		t.Errorf("b runs %+v", current)
	}
	b.must(http.MethodPost, "/v1/map-run/abandon", "")
	if current := decoded[wire.CurrentRun](t, b.get("/v1/map-run")).Run; current != nil {
		t.Errorf("after giving up b runs %+v", current)
	}
	if runs := decoded[wire.MapRunsPage](t, b.get("/v1/map-runs?server=a&map=one")).Runs; len(runs) != 1 ||
		runs[0].ID != first.ID {
		t.Errorf("b lists %+v", runs)
	}
	run(t, psql, `delete from map_run_current`) // by hand the run is given up too
	if current := a.runs("one", "1", 0); current.PlayedMs != 0 || current.MaxPlayers != 0 {
		t.Errorf("a goes on with %+v", current)
	}
}
