package store_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// Who makes the audit forget is in the audit: who, when, how far, how many.
func TestPruningOfTheAuditIsAudited(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	admin := psql(t, url)
	run(t, admin, "update audit_floor set keep = '1 day'")
	app := psql(t, login(t, url, "in role playersync_app"))
	me := value[string](t, app, "select session_user::text")
	grow := func() {
		run(t, admin, `
			insert into audit (at, entity, uuid, field)
			select now() - n * interval '1 day', 'player', 'a', 'rank' from generate_series(0, 800) as n`)
	}
	prunes := func() []syncer.AuditEntry {
		t.Helper()
		entries, err := s.ListAudit(context.Background(), syncer.AuditFilter{Field: syncer.AuditPruned}, 1<<62, 100)
		if err != nil {
			t.Fatal(err)
		}
		return entries
	}
	run(t, app, "select audit_prune('1 year', 1000)")
	if entries := prunes(); len(entries) > 0 {
		t.Errorf("nothing was forgotten, and the audit says %+v", entries)
	}
	grow()
	for range 2 { // in parts: they are one entry
		run(t, app, "select audit_prune('700 days', 50)")
	}
	entries := prunes()
	if len(entries) != 1 || entries[0].Role != me || entries[0].Entity != syncer.EntityAudit ||
		entries[0].Target != (syncer.Target{}) || entries[0].Old != nil {
		t.Fatalf("%+v", entries)
	}
	var said struct {
		Before  syncer.Time `json:"before"`
		Keep    string      `json:"keep"`
		Changes int         `json:"changes"`
	}
	if err := json.Unmarshal(entries[0].New, &said); err != nil {
		t.Fatal(err)
	}
	before, _ := said.Before.Instant()
	if said.Changes != 100 || said.Keep != "700 days" || time.Since(before).Round(24*time.Hour) != 700*24*time.Hour {
		t.Errorf("the audit says %s", entries[0].New)
	}
	if _, _, _, err := s.RevertAudit(context.Background(), entries[0].Number, "", ""); syncer.CodeOf(err) !=
		syncer.CodeConflict {
		t.Errorf("taking it back: %v", err)
	}

	// Whoever forgets more, or is somebody else, has an entry of his own, and none is forgotten within a year.
	run(t, app, "select audit_prune('1 day', 10000)")
	run(t, admin, "select audit_prune('1 day', 10000)")
	expectEqual(t, len(prunes()), 2)
	grow()
	run(t, admin, "select audit_prune('1 day', 10000)")
	expectEqual(t, len(prunes()), 3)
	run(t, admin, "update audit set at = at - interval '364 days' where entity = 'audit'")
	grow()
	run(t, app, "select audit_prune('1 day', 10000)")
	expectEqual(t, len(prunes()), 4)
	run(t, admin, "update audit set at = at - interval '2 days' where entity = 'audit'")
	grow()
	run(t, app, "select audit_prune('1 day', 10000)")
	expectEqual(t, len(prunes()), 2)
	expectRefused(t, app, "update audit set role = 'x'", "delete from audit", "insert into audit default values")
}

// Sidecars forget what is as old as the owner lets them: a year, unless he says otherwise.
func TestLoginsForgetWhatTheOwnerLetsThem(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	app := psql(t, login(t, url, "in role playersync_app"))
	run(t, app, "select audit_prune('365 days', 10)")
	for _, least := range []string{"365 days", "30 days"} {
		run(t, conn, "update audit_floor set keep = $1::interval", least)
		refusal := refused(t, app, "select audit_prune($1::interval - '1 min'::interval, 10)", least)
		if refusal == nil || refusal.Code != "42501" || !strings.Contains(refusal.Hint, "update audit_floor set keep") {
			t.Errorf("younger than %s: %v", least, refusal)
		}
		run(t, app, "select audit_prune($1::interval, 10)", least)
	}
	expectRefused(t, app, "update audit_floor set keep = '1 day'", "delete from audit_floor", "truncate audit_floor")
	run(t, conn, "select audit_prune('1 day', 10)")
	run(t, conn, "delete from audit_floor")
	expectRefused(t, app, "select audit_prune('100 years', 10)")
}

// Whoever does not trust the logins of sidecars at all lets nobody forget but the owner.
func TestOwnerAloneMayForgetTheAudit(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	admin := psql(t, url)
	run(t, admin, `insert into audit (at, entity, uuid, field)
		values (now() - interval '2 years', 'player', 'a', 'rank')`)
	run(t, admin, "revoke execute on function audit_prune(interval, integer) from playersync_app")
	address := login(t, url, "in role playersync_app")
	expectRefused(t, psql(t, address), "select audit_prune('1 year', 100000)")
	app, err := store.Open(t.Context(), address, store.Options{Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(app.Close)
	if _, err := app.PruneAudit(t.Context(), 24*time.Hour); syncer.CodeOf(err) != syncer.CodeUnavailable {
		t.Errorf("by a sidecar: %v", err)
	}
	if _, err := s.PruneAudit(t.Context(), 365*24*time.Hour); err != nil {
		t.Errorf("by the owner: %v", err)
	}
	entries, err := s.ListAudit(context.Background(), syncer.AuditFilter{}, 1<<62, 100)
	if err != nil || len(entries) != 1 || entries[0].Field != syncer.AuditPruned {
		t.Errorf("%+v, %v", entries, err)
	}
}

// What forgets takes no interval that reaches into the present, nor none at all.
func TestShortIntervalsAreRefused(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	for _, call := range []string{
		"audit_prune(null, 10)", "audit_prune('-1 day', 10)", "audit_prune('0', 10)", "audit_prune('23:59', 10)",
		"audit_prune('-12 months 361 days', 10)", "feed_prune('-1200 months 36001 days')",
		"feed_prune(null)", "feed_prune('-1 day')", "feed_prune('0')", "feed_prune('59 s')",
		"ledger_fold(null)", "ledger_fold('-1 day')", "ledger_fold('0')", "ledger_fold('23:59')",
		"thin_player_counts(null, '1 hour')", "thin_player_counts('-1 day', '1 hour')",
		"thin_player_counts('1 day', null)",
	} {
		if refusal := refused(t, conn, "select "+call); refusal == nil || refusal.Code != "22023" {
			t.Errorf("%s: %v, want it refused", call, refusal)
		}
	}
}

// Who may read only makes nothing be forgotten; the ledger is the owner's to fold.
func TestReadersForgetNothing(t *testing.T) {
	t.Parallel()
	_, url := database(t)
	prunes := []string{
		"select audit_prune('1 year', 10)", "select feed_prune('1 hour')", "select save_batch_prune()",
		"select thin_player_counts('1 year', '1 hour')", "select ledger_fold('1 year')",
	}
	expectRefused(t, psql(t, login(t, url, "in role playersync_readonly, playersync_addresses")), prunes...)
	app := psql(t, login(t, url, "in role playersync_app"))
	expectRefused(t, app, prunes[len(prunes)-1])
	for _, prune := range prunes[:len(prunes)-1] {
		run(t, app, prune)
	}
}
