package main

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/postgres/pgtest"
)

func TestMigrateUpAndDownOnEveryVersion(t *testing.T) {
	t.Parallel()
	for _, binaries := range pgtest.Versions(t) {
		t.Run(binaries.Version, func(t *testing.T) {
			t.Parallel()
			migrateUpAndDown(t, pgtest.EmptyOn(t, pgtest.Server(t, strconv.Itoa(binaries.Major))))
		})
	}
}

func migrateUpAndDown(t *testing.T, url string) {
	t.Helper()
	environ := []string{"SYNCER_DATABASE_URL=" + url}
	pending := decode[[]migrationState](t, environ, "migrate", "status")
	if len(pending) < 7 || !pending[0].AppliedAt.IsZero() {
		t.Fatalf("before: %+v", pending)
	}
	newest := pending[len(pending)-1].Version
	if steps := decode[[]step](t, environ, "migrate", "up-to", "2"); len(steps) != 2 || steps[1].Version != 2 ||
		steps[1].Direction != "up" {
		t.Errorf("up to 2 did %+v", steps)
	}
	expectVersion(t, environ, 2, newest)
	if steps := decode[[]step](t, environ, "migrate", "up"); len(steps) != len(pending)-2 {
		t.Errorf("up did %+v", steps)
	}
	if steps := decode[[]step](t, environ, "migrate", "up"); len(steps) != 0 {
		t.Errorf("up, again, did %+v", steps)
	}
	if steps := decode[[]step](t, environ, "migrate", "redo"); len(steps) != 2 || steps[0].Direction != "down" ||
		steps[1].Direction != "up" {
		t.Errorf("redo did %+v", steps)
	}
	expectVersion(t, environ, newest, newest)
	succeed(t, environ, "migrate", "down")
	expectVersion(t, environ, newest-1, newest)
	succeed(t, environ, "migrate", "down-to", "0")
	expectVersion(t, environ, 0, newest)
	if left := leftovers(t, url); len(left) > 0 {
		t.Errorf("down to 0 leaves %q", left)
	}
	if out := succeed(t, environ, "migrate", "down"); !strings.Contains(out, "nothing to do") {
		t.Errorf("down at 0 prints %q", out)
	}
	succeed(t, environ, "migrate", "up")
	for _, state := range decode[[]migrationState](t, environ, "migrate", "status") {
		if state.AppliedAt.IsZero() {
			t.Errorf("not applied: %+v", state)
		}
	}
}

// leftovers names what is in the schema besides goose's own table.
func leftovers(t *testing.T, url string) []string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	rows, err := conn.Query(t.Context(), `
		select relname::text from pg_class
		where relnamespace = 'public'::regnamespace and relname not like 'goose_db_version%'
		union all select proname::text from pg_proc where pronamespace = 'public'::regnamespace
		union all select extname::text from pg_extension where extname <> 'plpgsql'`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return names
}

func expectVersion(t *testing.T, environ []string, current, newest int64) {
	t.Helper()
	want := schemaVersions{Current: current, Newest: newest}
	if got := decode[schemaVersions](t, environ, "migrate", "version"); got != want {
		t.Errorf("the schema is at %+v, want %+v", got, want)
	}
}

func TestMigrateManyAtOnce(t *testing.T) {
	t.Parallel()
	environ := []string{"SYNCER_DATABASE_URL=" + pgtest.Empty(t)}
	var running sync.WaitGroup
	results := make([]result, 8)
	for i := range results {
		running.Go(func() { results[i] = runSyncer(t, environ, "migrate", "up") })
	}
	running.Wait()
	worked := 0
	for _, r := range results {
		if r.code != exitDone {
			t.Errorf("exit code %d: %s", r.code, r.errs)
		}
		if strings.Contains(r.out, "00001_") {
			worked++
		}
	}
	if worked != 1 {
		t.Errorf("%d applied the first migration, want 1", worked)
	}
}
