package main

import (
	"strings"
	"sync"
	"testing"

	"playersync/syncer/postgres/pgtest"
)

func TestMigrateUpAndDown(t *testing.T) {
	t.Parallel()
	environ := []string{"SYNCER_DATABASE_URL=" + pgtest.Empty(t)}
	pending := decode[[]migrationState](t, environ, "migrate", "status")
	if len(pending) < 7 || !pending[0].AppliedAt.IsZero() {
		t.Fatalf("before: %+v", pending)
	}
	newest := pending[len(pending)-1].Version
	if steps := decode[[]step](t, environ, "migrate", "up-to", "2"); len(steps) != 2 || steps[1].Version != 2 || steps[1].Direction != "up" {
		t.Errorf("up to 2 did %+v", steps)
	}
	expectVersion(t, environ, 2, newest)
	if steps := decode[[]step](t, environ, "migrate", "up"); len(steps) != len(pending)-2 {
		t.Errorf("up did %+v", steps)
	}
	if steps := decode[[]step](t, environ, "migrate", "up"); len(steps) != 0 {
		t.Errorf("up, again, did %+v", steps)
	}
	if steps := decode[[]step](t, environ, "migrate", "redo"); len(steps) != 2 || steps[0].Direction != "down" || steps[1].Direction != "up" {
		t.Errorf("redo did %+v", steps)
	}
	expectVersion(t, environ, newest, newest)
	succeed(t, environ, "migrate", "down")
	expectVersion(t, environ, newest-1, newest)
	succeed(t, environ, "migrate", "down-to", "0")
	expectVersion(t, environ, 0, newest)
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

func expectVersion(t *testing.T, environ []string, current, newest int64) {
	t.Helper()
	want := schemaVersions{Current: current, Newest: newest}
	if got := decode[schemaVersions](t, environ, "migrate", "version"); got != want {
		t.Errorf("the schema is at %+v, want %+v", got, want)
	}
}

func TestManyMigrateAtOnce(t *testing.T) {
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
