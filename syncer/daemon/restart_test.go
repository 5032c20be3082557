package daemon_test

import (
	"testing"
	"time"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// TestDatabaseRestartsUnderLoad shuts PostgreSQL down in order and kills it, again
// and again, while people and servers write.
func TestDatabaseRestartsUnderLoad(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, "")
	url := pgtest.EmptyOn(t, server)
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	r := &rig{workload: newWorkload(t, url)}
	for _, m := range []mode{beating, polling, fannedOut} {
		r.nodes = append(r.nodes, start(t, url, m.name, m.adapt).ready())
	}
	populate(r.cast, r.nodes...)
	r.during(60, func(round int) {
		r.reconnect(func() {
			if round%2 == 0 {
				server.Shutdown(t.Context())
			} else {
				server.Kill()
			}
			r.lost()
			if err := server.Restart(t.Context()); err != nil {
				t.Fatal(err)
			}
		})
	})
	r.psql = connect(t, url)
	r.equal()
	<-r.start(20)
	r.equal()
}

// A sidecar that is stopped stores what it has in memory; one that runs stores it
// within the flush interval.
func TestPendingEditsAreStored(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		interval time.Duration
		stop     bool
	}{
		"shutdown":       {never, true},
		"flush interval": {50 * time.Millisecond, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, psql := database(t)
			a := start(t, url, "a", func(config *daemon.Config) { config.Sidecar.FlushInterval = c.interval }).ready()
			a.join(steve, "Steve")
			a.must("PATCH", player(steve), `{"highlight": "[red]", "stats": {"blocks": 5}}`)
			if c.stop {
				if stored := one[int](t, psql, `select count(*) from player where highlight is not null`); stored != 0 {
					t.Errorf("an unimportant change was stored at once")
				}
				if err := a.stop(); err != nil {
					t.Fatal(err)
				}
			}
			want := "Steve [red] 5"
			eventuallyRow(t, psql,
				`select concat_ws(' ', name, highlight, gamemodes #>> '{gamemode-a,stats,blocks}') from player`, want)
		})
	}
}
