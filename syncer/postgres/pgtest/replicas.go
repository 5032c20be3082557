package pgtest

import (
	"context"
	"testing"

	"playersync/syncer/postgres"
)

// Replicas are two servers for one test, of which one follows the other, with a database that
// both have. They stop at the test's end.
type Replicas struct {
	Primary, Standby *postgres.Server
	Database         string

	t testing.TB
}

// NewReplicas starts two servers. The standby is asynchronous; see [Replicas.Synchronous].
func NewReplicas(t testing.TB) *Replicas {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startTimeout)
	defer cancel()
	config := defaultConfig()
	config.Settings["full_page_writes"] = "on" // for pg_rewind, as all that is set by ALTER SYSTEM
	primary, err := launch(ctx, config)
	if err != nil {
		t.Fatalf("start primary: %v", err)
	}
	t.Cleanup(func() { stop(t, primary) })
	r := &Replicas{Primary: primary, Database: databaseName(), t: t}
	r.run(primary, "alter system set wal_log_hints = on")
	r.run(primary, "alter system set wal_keep_size = '512MB'")
	r.run(primary, "create database "+r.Database)
	if err := primary.Restart(ctx); err != nil {
		t.Fatalf("restart primary: %v", err)
	}
	if r.Standby, err = postgres.StartStandby(ctx, primary, config); err != nil {
		t.Fatalf("start standby: %v", err)
	}
	second := r.Standby
	t.Cleanup(func() { stop(t, second) })
	return r
}

// URL is the superuser's URL of the database, with both servers as hosts.
func (r *Replicas) URL() string { return r.Primary.DatabaseURL(r.Database, r.Standby) }

// PrimaryURL is that with the primary only.
func (r *Replicas) PrimaryURL() string { return r.Primary.DatabaseURL(r.Database) }

// Synchronous makes commits on the primary wait for the standby.
func (r *Replicas) Synchronous() {
	r.t.Helper()
	r.run(r.Primary, "alter system set synchronous_standby_names = '*'")
	r.run(r.Primary, "select pg_reload_conf()")
	Eventually(r.t, WaitTimeout, func() error {
		return execute(r.Primary, "select 1 / count(*) from pg_stat_replication where sync_state = 'sync'")
	})
}

// CatchUp waits until the standby has all that the primary has.
func (r *Replicas) CatchUp() {
	r.t.Helper()
	Eventually(r.t, WaitTimeout, func() error {
		return execute(r.Primary,
			"select 1 / count(*) from pg_stat_replication where replay_lsn = pg_current_wal_lsn()")
	})
}

// Promote makes the standby the primary, and the primary the one that is to follow it: what
// Replicas calls the standby does so only after [Replicas.Rejoin].
func (r *Replicas) Promote() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), startTimeout)
	defer cancel()
	if err := r.Standby.Promote(ctx); err != nil {
		r.t.Fatalf("promote standby: %v", err)
	}
	r.Primary, r.Standby = r.Standby, r.Primary
}

// Rejoin lets the standby, a former primary that was ended, follow the primary.
func (r *Replicas) Rejoin() {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), startTimeout)
	defer cancel()
	if err := r.Standby.Follow(ctx, r.Primary); err != nil {
		r.t.Fatalf("let the former primary follow: %v", err)
	}
}

func (r *Replicas) run(server *postgres.Server, statement string) {
	r.t.Helper()
	if err := execute(server, statement); err != nil {
		r.t.Fatalf("%s: %v", statement, err)
	}
}
