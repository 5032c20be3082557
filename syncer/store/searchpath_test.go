package store_test

import (
	"context"
	"fmt"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// A login, or a database, may name another schema to look in first. No connection of ours does.
func TestFalseTablesAreNotTakenForOurs(t *testing.T) {
	t.Parallel()
	admin, url := database(t)
	simple(t, admin, `
		create schema false_one;
		grant usage on schema false_one to public;
		create table false_one.player (like public.player including all);
		create table false_one.goose_db_version (like public.goose_db_version including all);
		insert into false_one.player (uuid, rank) values ('Mallory', 'admin');
		grant all on all tables in schema false_one to public;
		insert into player (uuid) values ('Steve')`)
	address := login(t, url, "in role playersync_app")
	run(t, admin, fmt.Sprintf("alter role %s set search_path = false_one, public",
		value[string](t, psql(t, address), "select session_user::text")))
	if ranks := column[string](t, psql(t, address), "select rank from player"); ranks[0] != "admin" {
		t.Fatalf("psql sees %v", ranks)
	}
	s, err := store.Open(context.Background(), address, store.Options{Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for name, read := range map[string]func(context.Context, []syncer.PlayerID) ([]changefeed.VersionedPlayer, error){
		"store": s.ReadPlayers, "feed": follow(t, s).ReadPlayers,
	} {
		found, err := read(t.Context(), []syncer.PlayerID{"Mallory"})
		if err != nil || len(found) != 1 || found[0].Player != nil {
			t.Errorf("%s reads %+v, %v", name, found, err)
		}
	}
	migrator, err := store.NewMigrator(address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = migrator.Close() })
	expectPending(t, migrator, false)
}
