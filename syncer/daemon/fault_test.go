package daemon_test

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/daemon"
	"playersync/syncer/fanout"
	"playersync/syncer/fanout/natstest"
	"playersync/syncer/postgres/pgtest"
)

// mode is a way to follow the database.
type mode struct {
	name  string
	adapt func(*daemon.Config)
}

var (
	listening = mode{"listen", func(*daemon.Config) {}} // with the heartbeat that never comes
	beating   = mode{"heartbeat", func(c *daemon.Config) { c.Feed.Heartbeat = 200 * time.Millisecond }}
	polling   = mode{"poll", func(c *daemon.Config) {
		c.Feed.PollOnly, c.Feed.PollInterval, c.Feed.Heartbeat = true, 50*time.Millisecond, 200*time.Millisecond
	}}
	fannedOut = mode{"nats", func(c *daemon.Config) {
		c.Feed.PollInterval, c.Feed.Heartbeat = 50*time.Millisecond, 200*time.Millisecond
		c.Fanout = fanout.Config{URL: natstest.Shared()}
	}}
)

// rig is two nodes with the cast on them, whose feeds go through a proxy.
type rig struct {
	workload
	psql  *pgx.Conn
	proxy *pgtest.Proxy
}

func newRig(t *testing.T, m mode) *rig {
	t.Helper()
	url, psql := database(t)
	proxy := pgtest.NewProxy(t, url)
	feedsThroughProxy := func(c *daemon.Config) { c.Store.ListenURL = proxy.URL() + "&application_name=feed" }
	r := &rig{workload: newWorkload(t, url), psql: psql, proxy: proxy}
	for _, name := range []string{"a", "b"} {
		r.nodes = append(r.nodes, start(t, url, name, m.adapt, feedsThroughProxy, shortTimeouts).ready())
	}
	populate(r.cast, r.nodes...)
	return r
}

// shortTimeouts makes a node notice that a connection hangs. It is for tests in which one
// does: on a busy machine the time-outs also end what is merely slow.
func shortTimeouts(c *daemon.Config) {
	c.Feed.StatementTimeout = 2 * time.Second
	c.Feed.ConnectTimeout = 2 * time.Second
	c.Feed.ReloadTimeout = 10 * time.Second
}

func (r *rig) equal() {
	r.t.Helper()
	equal(r.t, r.psql, r.cast, r.nodes...)
}

// reconnect does something and waits until every feed has connected anew.
func (r *rig) reconnect(do func()) {
	r.t.Helper()
	before := make([]float64, len(r.nodes))
	for i, n := range r.nodes {
		before[i] = n.metric(reconnects)
	}
	do()
	for i, n := range r.nodes {
		pgtest.Eventually(r.t, waitTimeout, func() error {
			if n.metric(reconnects) <= before[i] {
				return fmt.Errorf("node %s has not connected again", n.name)
			}
			return nil
		})
	}
}

// beforeReloads counts how often the feeds have read everything for a reason; the function
// returned waits until each has done so again.
func (r *rig) beforeReloads(reason string) (reloaded func()) {
	before := make([]float64, len(r.nodes))
	for i, n := range r.nodes {
		before[i] = n.reloads(reason)
	}
	return func() {
		r.t.Helper()
		for i, n := range r.nodes {
			n.hasReloaded(reason, before[i])
		}
	}
}

// lost waits until no feed follows the database.
func (r *rig) lost() {
	r.t.Helper()
	for _, n := range r.nodes {
		pgtest.Eventually(r.t, waitTimeout, func() error {
			if n.get("/readyz").status == http.StatusOK {
				return errors.New("the node still says that it is ready")
			}
			return nil
		})
	}
}

const (
	killListeners = `select pg_terminate_backend(pid) from pg_stat_activity
		where application_name = 'feed' and datname = current_database()`
	killAll = `select pg_terminate_backend(pid) from pg_stat_activity
		where pid <> pg_backend_pid() and datname = current_database()`
)

// faultsUnderLoad come while people and servers write. After each one memory equals the rows
// again, and no poll has found what should have been notified.
var faultsUnderLoad = []struct {
	name  string
	fault func(*rig)
	modes []string // only in these; nil for all
}{
	{"none", func(r *rig) { <-r.start(20) }, nil},
	{"transactions held open", (*rig).transactionsHeldOpen, nil},
	{"listener killed", func(r *rig) {
		r.amid(10, func() { r.reconnect(func() { run(r.t, r.psql, killListeners) }) })
	}, nil},
	{"listener cut", func(r *rig) { r.amid(10, func() { r.reconnect(r.proxy.Cut) }) }, nil},
	{"refused for a while", func(r *rig) { r.amid(10, r.refused) }, nil},
	{"stalled and resumed", func(r *rig) { r.amid(10, r.stalled) }, nil},
	{"stalled and given up", (*rig).stalledAndGivenUp, []string{"heartbeat", "poll", "nats"}},
	{"triggers disabled", (*rig).triggersDisabled, []string{"heartbeat", "poll", "nats"}},
	{"triggers disabled briefly", (*rig).triggersDisabledBriefly, []string{"heartbeat", "poll", "nats"}},
	{"changes pruned meanwhile", (*rig).changesPruned, []string{"listen", "poll", "nats"}},
	{"change truncated meanwhile", func(r *rig) {
		r.changesDeleted("truncate change")
	}, []string{"listen", "poll", "nats"}},
	{"change deleted from meanwhile", func(r *rig) {
		r.changesDeleted("delete from change")
	}, []string{"listen", "poll", "nats"}},
}

// Whatever breaks between a sidecar and its database, or is held open or deleted there, comes
// in each mode, one after the other. The sidecars of a mode live through all of it.
func TestFaultsUnderLoad(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{listening, beating, polling, fannedOut} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, m)
			for _, under := range faultsUnderLoad {
				if under.modes != nil && !slices.Contains(under.modes, m.name) {
					continue
				}
				t.Log(under.name)
				under.fault(r)
				r.equal()
				noneMissed(t, r.nodes...)
			}
			if m.name != listening.name {
				r.writersKilled()
			}
		})
	}
}

// writersKilled ends all sessions, some of them perhaps between commit and notification: the
// next heartbeat finds what they left.
func (r *rig) writersKilled() {
	r.during(20, func(int) { r.reconnect(func() { run(r.t, r.psql, killAll) }) })
	r.equal()
}

// refused cuts the feeds off and lets them in again once they have noticed.
func (r *rig) refused() {
	r.reconnect(func() {
		r.proxy.Refuse(true)
		r.proxy.Cut()
		r.lost()
		r.proxy.Refuse(false)
	})
}

// stalled lets nothing through while a person writes.
func (r *rig) stalled() {
	r.proxy.Stall()
	if err := r.person(20); err != nil {
		r.t.Error(err)
	}
	r.proxy.Resume()
}

// stalledAndGivenUp lets a connection hang until the heartbeat notices it.
func (r *rig) stalledAndGivenUp() {
	done := r.start(20)
	r.proxy.Stall()
	r.lost()
	<-done
	for _, n := range r.nodes {
		a := n.get(player(r.cast.players[2]))
		if a.status != http.StatusOK && a.status != http.StatusNotFound {
			r.t.Errorf("memory does not answer while the feed hangs: %d %s", a.status, a.body)
		}
	}
	r.reconnect(func() {
		r.proxy.Cut()
		r.proxy.Resume()
	})
}

// transactionsHeldOpen hold the horizon back, commit after later ones, and take some of it
// back.
func (r *rig) transactionsHeldOpen() {
	quiet := r.workload // leaves the rows alone that are locked
	quiet.cast, quiet.quiet = everyone(), true
	r.cast.players = append(r.cast.players, "late", "undone")
	r.cast.ids = append(r.cast.ids, "late", "undone")
	run(r.t, r.psql, `insert into player (uuid) values ('late'), ('undone')`)
	for _, n := range r.nodes {
		n.join("late", "Late")
		n.join("undone", "Undone")
	}
	r.equal()
	late, undone := connect(r.t, r.url), connect(r.t, r.url)
	run(r.t, undone,
		`begin;
		update player set rank = 'undone' where uuid = 'undone';
		insert into ban (uuid) values ('undone')`)
	run(r.t, late,
		`begin;
		savepoint s;
		update player set rank = 'undone' where uuid = 'late';
		insert into ban (uuid) values ('undone late');
		rollback to s;
		update player set rank = 'late' where uuid = 'late';
		insert into ban (uuid) values ('late')`)
	<-quiet.start(15)
	r.equal()
	run(r.t, late, `commit`)
	r.equal()
	for _, n := range r.nodes {
		n.sees("late", "late", "rank")
		n.banned(`{"uuid": "late"}`, true)
	}
	run(r.t, undone, `rollback`)
	<-quiet.start(5)
}
