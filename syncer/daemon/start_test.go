package daemon_test

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/daemon"
)

// Whatever the database says, a sidecar starts with the bans that it last knew, and follows
// once it can.
func TestStartsWhateverTheDatabaseSays(t *testing.T) {
	t.Parallel()
	sql := func(statement string) func(*testing.T, *pgx.Conn, string) {
		return func(t *testing.T, psql *pgx.Conn, name string) {
			t.Helper()
			run(t, psql, statement)
		}
	}
	onServer := func(statement string) func(*testing.T, *pgx.Conn, string) {
		return func(t *testing.T, psql *pgx.Conn, url string) {
			t.Helper()
			admin := connect(t, named(t, url, "postgres"))
			run(t, admin, `alter database `+databaseOf(t, url)+` `+statement)
		}
	}
	for what, fault := range map[string]struct {
		make, mend func(t *testing.T, psql *pgx.Conn, url string)
	}{
		"it stalls":         {sql(`begin; lock table server`), sql(`rollback`)},
		"it stalls at once": {sql(`begin; lock table goose_db_version`), sql(`rollback`)},
		"it is empty": {
			sql(`alter schema public rename to elsewhere; create schema public`),
			sql(`drop schema public; alter schema elsewhere rename to public`),
		},
		"it has no schema": {
			sql(`alter schema public rename to elsewhere`), sql(`alter schema elsewhere rename to public`),
		},
		"it lets nobody in": {onServer(`allow_connections false`), onServer(`allow_connections true`)},
		"it is only readable": {
			onServer(`set default_transaction_read_only = on`), onServer(`reset default_transaction_read_only`),
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			url, psql := database(t)
			dir := t.TempDir()
			atDir := func(c *daemon.Config) {
				c.DataDir, c.Migrate, c.Store.Timeout = dir, false, 2*time.Second
			}
			run(t, psql, `insert into ban (uuid) values ('banned')`)
			if err := start(t, url, "a", beating.adapt, atDir).ready().stop(); err != nil {
				t.Fatal(err)
			}
			fault.make(t, psql, url)
			n := start(t, url, "a", beating.adapt, atDir)
			n.banned(`{"uuid": "banned"}`, true)
			if a := n.join("banned", "Banned"); a.field("ban") == nil {
				t.Errorf("the banned player may join: %s", a.body)
			}
			fault.mend(t, psql, url)
			n.ready()
			run(t, psql, `delete from ban`)
			n.banned(`{"uuid": "banned"}`, false)
		})
	}
}
