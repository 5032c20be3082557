package store_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
	"playersync/syncer/store"
)

// Every write of an important field or a ban says who makes it and through which game
// server: whom the change itself names, else whom the request does, else nobody.
func TestEveryWriteSaysWhoMakesIt(t *testing.T) {
	t.Parallel()
	// one: what is said must not stick
	s, url := open(t, store.Options{Timeout: time.Minute, MaxConnections: 1, Server: "lobby"})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('a')`)
	last := func() int64 { return value[int64](t, conn, `select max(id) from audit`) }
	unique := 0
	for _, write := range []struct {
		name, what string
		naming     bool // can name a person itself
		do         func(ctx context.Context, by, unlike string) error
	}{
		{"edit player", "player rank", false, func(ctx context.Context, _, unlike string) error {
			_, _, err := s.EditPlayer(ctx, "a", merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some(unlike)}}, nil)
			return err
		}},
		{"edit with history", "player flags", false, func(ctx context.Context, _, unlike string) error {
			edit := merge.Edit{
				Flags:   merge.SetEdit{Add: []string{unlike}},
				History: []syncer.HistoryEntry{{Action: unlike, Time: syncer.Millis(1)}},
			}
			_, _, err := s.EditPlayer(ctx, "a", edit, nil)
			return err
		}},
		{"ban", "created", true, func(ctx context.Context, by, unlike string) error {
			_, _, _, err := s.AddBan(ctx, syncer.NewBan{Target: syncer.TargetID(syncer.PlayerID(unlike)), By: by})
			return err
		}},
		{"change ban", "reason", true, func(ctx context.Context, by, unlike string) error {
			number := value[int64](t, conn, `select max(id) from ban`)
			_, _, err := s.ChangeBan(ctx, number, syncer.BanChange{Reason: syncer.Some(unlike), By: by})
			return err
		}},
		{"unban", "lifted", true, func(ctx context.Context, by, _ string) error {
			id := syncer.PlayerID(value[string](t, conn, `select min(uuid) from ban where lifted_at is null`))
			_, _, _, err := s.LiftBan(ctx, syncer.TargetID(id), by, "")
			return err
		}},
		{"import bans", "created", false, func(ctx context.Context, _, unlike string) error {
			_, err := s.ImportBans(ctx, []syncer.BanRecord{
				{Target: syncer.TargetID(syncer.PlayerID("i" + unlike)), By: "Notch"},
			})
			return err
		}},
		{"import a new player", "player created", false, func(ctx context.Context, _, unlike string) error {
			_, err := s.ImportPlayers(ctx, []merge.ImportedPlayer{{ID: syncer.PlayerID(unlike), Save: oldSteve().Save}},
				store.PlayerImportOptions{})
			return err
		}},
		{"import a known player", "player rank", false, func(ctx context.Context, _, unlike string) error {
			save := merge.Save{Scalars: merge.Scalars{Rank: syncer.Some("i" + unlike)}}
			_, err := s.ImportPlayers(ctx, []merge.ImportedPlayer{{ID: "a", Save: save}}, store.PlayerImportOptions{
				Replace: true,
			})
			return err
		}},
		{"revert", "player rank", true, func(ctx context.Context, by, _ string) error {
			_, _, _, err := s.RevertAudit(ctx, last(), by, "")
			return err
		}},
	} {
		through := syncer.WithServer(syncer.WithActor(context.Background(), "Alice"), "pvp")
		for _, test := range []struct {
			ctx      context.Context
			by, want string
		}{{through, "Steve", "Steve pvp"}, {through, "", "Alice pvp"}, {context.Background(), "", "nobody lobby"}} {
			if test.by != "" && !write.naming {
				continue
			}
			unique++
			if err := write.do(test.ctx, test.by, fmt.Sprintf("u%03d", unique)); err != nil {
				t.Fatalf("%s: %v", write.name, err)
			}
			got := value[string](t, conn, `
				select regexp_replace(what, '^ban \d+ ', '') || ': ' || coalesce(a.changed_by, 'nobody') || ' '
					|| coalesce(a.server, 'nowhere')
				from audit_log join audit as a using (id) order by id desc limit 1`)
			if want := write.what + ": " + test.want; got != want {
				t.Errorf("%s by %q: %s, want %s", write.name, test.by, got, want)
			}
		}
	}
	expectEqual(t, column[string](t, conn, `select banned_by from ban where uuid like 'u%' order by id`), []string{
		"Steve", "Alice", "",
	})
	expectEqual(t, column[string](t, conn, `select lifted_by from ban where lifted_at is not null order by id`),
		[]string{"Steve", "Alice", ""})
	expectEqual(t, column[string](t, conn, `select distinct banned_by from ban where uuid like 'i%'`), []string{
		"Notch",
	})
}

// Whoever adds a query that writes players or bans has to think of the audit.
func TestEveryQuerySaysWhoWrites(t *testing.T) {
	t.Parallel()
	otherwise := map[string]string{
		"CreatePlayers":        "all at their defaults, which is not audited",
		"SavePlayers":          "no important fields",
		"AddImportedPlayers":   "behind Attribute",
		"MergeImportedPlayers": "behind Attribute",
	}
	files, err := filepath.Glob("../../queries/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("no queries: %v", err)
	}
	writes := regexp.MustCompile(`(?m)(insert into|update|delete from|merge into) (player|ban)\b`)
	found := 0
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, query := range strings.Split(string(text), "-- name: ")[1:] {
			title, _, _ := strings.Cut(query, " ")
			if !writes.MatchString(query) {
				continue
			}
			found++
			if !strings.Contains(query, "'syncer.server'") && otherwise[title] == "" {
				t.Errorf("%s does not say for the audit who writes", title)
			}
		}
	}
	if found < 8 {
		t.Errorf("found only %d queries that write", found)
	}
}

// A note is not audited: it says itself who wrote it.
func TestNotesSayWhoWroteThem(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	run(t, psql(t, url), `insert into ban (uuid) values ('a')`)
	ctx := syncer.WithActor(context.Background(), "Alice")
	for by, want := range map[string]string{"": "Alice", "Steve": "Steve"} {
		if note, err := s.AddBanNote(ctx, 1, syncer.BanNote{Text: "x", By: by}); err != nil || note.By != want {
			t.Errorf("by %q: %+v, %v", by, note, err)
		}
	}
}

// What is neither an important field nor a ban leaves nothing in the audit.
func TestSavesAreNotAudited(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	ctx := syncer.WithActor(context.Background(), "Alice")
	batch := newBatch(map[syncer.PlayerID]merge.Edit{
		"a": {
			Scalars: merge.Scalars{Name: syncer.Some("x")},
			History: []syncer.HistoryEntry{{Action: "warned", Time: syncer.Millis(1)}},
		},
		"new": {
			Addresses: map[string]merge.AddressEdit{"a:1": {USID: new("secret")}},
			Visits:    []syncer.Visit{visit("pvp", "x", "192.0.2.1", 1)},
		},
	})
	for range 2 { // the second time it is a repetition
		if _, _, err := s.SaveBatch(ctx, batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.CreatePlayers(ctx, []syncer.PlayerID{"b"}); err != nil {
		t.Fatal(err)
	}
	if _, err := s.RemoveHistory(ctx, "a", syncer.HistoryEntry{Action: "warned", Time: syncer.Millis(1)}); err != nil {
		t.Fatal(err)
	}
	run(t, conn, `update player set rank = 'mod' where uuid = 'a'`)
	rejection := mindustry.USIDRejection{Code: "1", ID: "a", Address: "a:1", USID: "secret"}
	if err := s.AddUSIDRejection(ctx, rejection); err != nil {
		t.Fatal(err)
	}
	if _, err := s.ApproveUSID(ctx, "1", ""); err != nil {
		t.Fatal(err)
	}
	expectEqual(t, column[string](t, conn, `select what || ' by ' || who from audit_log`), []string{
		"player rank by postgres",
	})
}
