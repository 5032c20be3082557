package store_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"

	"playersync/syncer"
	"playersync/syncer/store"
)

func TestNotesOfABan(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	ctx := context.Background()
	ban, _, _, err := s.AddBan(ctx, syncer.NewBan{Target: syncer.TargetID("a")})
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, `delete from change`)
	first, err := s.AddBanNote(ctx, ban.Number, syncer.BanNote{By: "Alice", Text: "uses a second account"})
	if err != nil || first.Number == 0 || first.At.IsZero() {
		t.Fatalf("note %+v, %v", first, err)
	}
	run(t, conn, `insert into ban_note (ban, text) select id, 'by hand' from ban`)
	noted, err := s.Ban(ctx, ban.Number)
	if err != nil || len(noted.Notes) != 2 || noted.Notes[0] != first || noted.Notes[1].Text != "by hand" ||
		noted.Notes[1].By == "" {
		t.Errorf("ban %+v, %v", noted, err)
	}
	if recordedChanges := column[string](t, conn, recorded); len(recordedChanges) != 0 {
		t.Errorf("the servers are told of notes: %v", recordedChanges)
	}
	if _, err := s.AddBanNote(ctx, ban.Number+1, syncer.BanNote{Text: "x"}); syncer.CodeOf(err) != syncer.CodeNotFound {
		t.Errorf("note on no ban: %v", err)
	}
	if _, err := s.Ban(ctx, ban.Number+1); syncer.CodeOf(err) != syncer.CodeNotFound {
		t.Errorf("no ban: %v", err)
	}
}

func TestNotesGoWithTheirBan(t *testing.T) {
	t.Parallel()
	_, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `insert into ban (uuid) values ('a'), ('b'), ('c')`)
	run(t, conn, `insert into ban_note (ban, text) select id, uuid from ban`)
	run(t, conn, `delete from ban where uuid = 'a'`)
	expectEqual(t, column[string](t, conn, `select text from ban_note order by 1`), []string{"b", "c"})
	run(t, conn, `truncate ban`)
	expectEqual(t, column[string](t, conn, `select text from ban_note`), []string{})
}

func TestChangeBan(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	ctx := context.Background()
	ban, _, _, err := s.AddBan(ctx, syncer.NewBan{Target: syncer.TargetID("a"), Reason: "before", By: "Alice"})
	if err != nil {
		t.Fatal(err)
	}
	expires := syncer.TimeOf(time.Now().Add(time.Hour))
	for _, step := range []struct {
		change  syncer.BanChange
		reason  string
		expires syncer.Time
	}{
		{syncer.BanChange{Reason: syncer.Some("after")}, "after", syncer.Time{}},
		{syncer.BanChange{ExpiresAt: syncer.Some(expires)}, "after", expires},
		{syncer.BanChange{Reason: syncer.Some(""), ExpiresAt: syncer.Some(syncer.Time{})}, "", syncer.Time{}},
	} {
		changed, changes, err := s.ChangeBan(ctx, ban.Number, step.change)
		if err != nil || len(changes) != 1 {
			t.Fatalf("%+v: changes %+v, %v", step, changes, err)
		}
		want := ban
		want.Revision = changed.Revision
		want.Reason, want.ExpiresAt = step.reason, step.expires
		expectEqual(t, changed, want, cmpopts.EquateComparable(syncer.Time{}, syncer.Target{}))
	}
	change := syncer.BanChange{Reason: syncer.Some("x")}
	if _, _, err := s.ChangeBan(ctx, ban.Number+1, change); syncer.CodeOf(err) != syncer.CodeNotFound {
		t.Errorf("change of no ban: %v", err)
	}
	read, err := s.Ban(ctx, ban.Number)
	if err != nil || read.Revision <= ban.Revision {
		t.Fatalf("revision %d after %d: %v", read.Revision, ban.Revision, err)
	}
	change.Expected = &ban.Revision
	if _, _, err := s.ChangeBan(ctx, ban.Number, change); syncer.CodeOf(err) != syncer.CodeStale {
		t.Errorf("change of a ban as it was before: %v", err)
	}
	change.Expected = &read.Revision
	if _, _, err := s.ChangeBan(ctx, ban.Number, change); err != nil {
		t.Error(err)
	}
	change.Expected = nil
	run(t, psql(t, url), `update ban set lifted_at = now()`)
	if _, _, err := s.ChangeBan(ctx, ban.Number, change); syncer.CodeOf(err) != syncer.CodeConflict {
		t.Errorf("change of a lifted ban: %v", err)
	}
}
