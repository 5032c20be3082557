package store_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

const insufficientPrivilege = "42501"

func TestAppRoleSufficesForASidecar(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		app := login(t, address, "in role playersync_app")
		s, err := store.Open(context.Background(), app, store.Options{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		migrator, err := store.NewMigrator(app)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = migrator.Close() })
		expectPending(t, migrator, false)
		workAsSidecar(t, s)
		followAsSidecar(t, follow(t, s))
		check, err := s.CheckPrivileges(context.Background())
		if err != nil || len(check.Missing) > 0 || check.MayAlter {
			t.Errorf("check says %+v, %v", check, err)
		}
	})
}

// workAsSidecar uses every operation of the store once.
func workAsSidecar(t *testing.T, s *store.Store) {
	t.Helper()
	ctx := context.Background()
	home := syncer.GameServer{Name: "a", Gamemode: "pvp", Address: "127.0.0.1:6567"}
	entry := syncer.HistoryEntry{Action: "warned", By: "console", Time: syncer.Millis(1)}
	edit := merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("mod")}, History: []syncer.HistoryEntry{entry}}
	address := netip.MustParseAddr("198.51.100.7")
	for name, work := range map[string]func() error{
		"register server": func() error { return s.RegisterServer(ctx, home, "1") },
		"servers":         func() error { _, err := s.Servers(ctx); return err },
		"players": func() error {
			if err := s.CreatePlayers(ctx, []syncer.PlayerID{"a"}); err != nil {
				return err
			}
			if _, _, err := s.EditPlayer(ctx, "a", edit, nil); err != nil {
				return err
			}
			if _, err := s.RemoveHistory(ctx, "a", entry); err != nil {
				return err
			}
			_, err := s.ReadPlayers(ctx, []syncer.PlayerID{"a"})
			return err
		},
		"save": func() error {
			_, _, err := s.SaveBatch(ctx, merge.Batch{
				ID: [16]byte{1}, Edits: map[syncer.PlayerID]merge.Edit{"b": edit},
			})
			return err
		},
		"search": func() error { _, _, err := s.SearchPlayers(ctx, "x", 10, ""); return err },
		"bans": func() error {
			if _, _, _, err := s.AddBan(ctx, syncer.NewBan{Target: syncer.TargetAddress(address)}); err != nil {
				return err
			}
			if _, err := s.BansOf(ctx, "a", address); err != nil {
				return err
			}
			if _, err := s.ListBans(ctx, syncer.BanFilter{}, 1<<62, 10); err != nil {
				return err
			}
			_, _, _, err := s.LiftBan(ctx, syncer.TargetAddress(address), "me", "")
			return err
		},
		"staff chat": func() error {
			if _, _, err := s.SendStaffMessage(ctx, syncer.StaffMessage{Server: "pvp", Text: "x"}); err != nil {
				return err
			}
			if _, err := s.StaffMessagesAfter(ctx, 0, 10); err != nil {
				return err
			}
			if err := s.SaveStaffDeliveries(ctx, "a", map[string]int64{"pvp": 1}); err != nil {
				return err
			}
			if _, err := s.StaffDeliveries(ctx, "a"); err != nil {
				return err
			}
			return s.PruneStaffChat(ctx)
		},
		"antibot": func() error {
			if _, err := s.SetAntibotPattern(ctx, mindustry.PatternGraylist, "x", ""); err != nil {
				return err
			}
			if _, err := s.AntibotPatterns(ctx); err != nil {
				return err
			}
			_, err := s.ClearAntibotPattern(ctx, mindustry.PatternGraylist)
			return err
		},
		"blacklist": func() error {
			if _, err := s.AddBlacklisted(ctx, []string{"x"}, ""); err != nil {
				return err
			}
			_, err := s.RemoveBlacklisted(ctx, "x")
			return err
		},
		"presence": func() error {
			run := [16]byte{1}
			if err := s.RegisterServer(ctx, home, "1"); err != nil {
				return err
			}
			if _, err := s.RenewLeases(ctx, syncer.Lease{
				Run: run, Servers: []string{"a"}, Claimed: []string{"a"}, Lasts: time.Minute,
			}); err != nil {
				return err
			}
			edit := syncer.SessionEdit{
				Arrived:  []syncer.Session{{Server: "a", ID: "a", Gamemode: "pvp", Since: syncer.Millis(1)}},
				Complete: []string{"a"},
			}
			if err := s.SyncSessions(ctx, run, edit); err != nil {
				return err
			}
			if online, err := s.Online(ctx, "a"); err != nil || len(online) != 1 {
				return fmt.Errorf("online %v: %w", online, err)
			}
			if _, err := s.ServerOverview(ctx); err != nil {
				return err
			}
			if err := s.ReleaseLeases(ctx, run); err != nil {
				return err
			}
			_, err := s.LastSeen(ctx, "a")
			return err
		},
		"moderation log": func() error {
			return s.AddModEntry(ctx, mindustry.ModEntry{At: syncer.Millis(1), Message: "x"})
		},
		"check server": func() error { _, err := s.CheckServer(ctx); return err },
		"check notify": func() error { _, err := s.CheckNotify(ctx); return err },
		"now":          func() error { _, err := s.Now(ctx); return err },
	} {
		if err := work(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// followAsSidecar uses every operation of a feed's connection once.
func followAsSidecar(t *testing.T, conn *store.FeedConn) {
	t.Helper()
	ctx := context.Background()
	if err := conn.Listen(ctx); err != nil {
		t.Error(err)
	}
	if p := poll(t, conn, changefeed.Snapshot{}); !p.Listening || !p.SameDatabase || p.InRecovery ||
		p.TriggersEnabled != store.FeedTriggers {
		t.Errorf("position %+v", p)
	}
	if _, err := conn.ReadPlayers(ctx, []syncer.PlayerID{"a"}); err != nil {
		t.Error(err)
	}
	if _, _, err := conn.ReadBans(ctx, []syncer.Target{syncer.TargetID("a")}); err != nil {
		t.Error(err)
	}
	if _, err := conn.LoadBans(ctx, func(syncer.ActiveBan) {}); err != nil {
		t.Error(err)
	}
	for _, entity := range []syncer.Entity{
		syncer.EntityStaffMessage, syncer.EntityAntibotPattern, syncer.EntityBlacklist, syncer.EntitySession,
	} {
		if _, _, err := conn.ReadTable(ctx, entity); err != nil {
			t.Error(err)
		}
	}
	if err := conn.Settle(ctx); err != nil {
		t.Error(err)
	}
	if err := conn.Prune(ctx, time.Hour); err != nil {
		t.Error(err)
	}
}

func TestAppRoleCannotTouchTheSchemaOrTheFeed(t *testing.T) {
	t.Parallel()
	address := pgtest.Empty(t) // a copy would lose the database's own privileges
	if err := store.Migrate(context.Background(), address); err != nil {
		t.Fatal(err)
	}
	expectRefused(
		t, psql(t, login(t, address, "in role playersync_app")),
		"alter table player add column x integer",
		"alter table ban drop constraint ban_one_target",
		"alter table player disable trigger all",
		"alter table ban disable trigger feed_insert",
		"set session_replication_role = replica",
		"drop table ban",
		"drop index player_name_idx",
		"drop function ban_target(text, inet)",
		"create or replace function ban_target(uuid text, ip inet) returns text language sql as 'select null'",
		"create trigger x after insert on player execute function feed_truncated('player')",
		"create table x ()",
		"create temporary table player ()",
		"create schema x",
		"create index on player (name)",
		"comment on table player is null",
		"set role playersync_owner",
		"truncate player cascade",
		"truncate ban",
		"truncate player_history",
		"insert into change (entity) values ('player')",
		"update change set key = null",
		"delete from change",
		"update feed set floor = '0'",
		"insert into feed (home) values ('')",
		"delete from feed",
		"select feed_publish('{}')",
		"update feed_key set key = '\\x00'",
		"select feed_rotate_key()",
		"select setval('revision', 1)",
		"delete from save_batch",
		"update save_batch set saved_at = now()",
		"delete from goose_db_version",
	)
}

func TestReadOnlyRoleWritesNothing(t *testing.T) {
	t.Parallel()
	admin, address := database(t)
	reader := psql(t, login(t, address, "in role playersync_readonly"))
	tables := column[string](t, admin,
		ours+`select relname::text from relation where relkind = 'r' union values ('goose_db_version')`)
	if len(tables) < 10 {
		t.Fatalf("only %v found", tables)
	}
	for _, table := range tables {
		expectRefused(t, reader, "insert into "+table+" default values", "delete from "+table)
		last := value[string](t, admin,
			"select attname::text from pg_attribute where attrelid = $1::regclass and attnum > 0 "+
				"order by attnum = 1, attnum limit 1", table)
		expectRefused(t, reader, "update "+table+" set "+last+" = null")
	}
	expectRefused(
		t, reader,
		"delete from active_ban", "truncate ban", "select nextval('revision')", "select feed_prune('1 hour')",
		"select feed_settle()", "select save_batch_prune()", "table feed_key", "select feed_send('[]')",
		"create table x ()", "drop view active_ban", "set role playersync_app",
	)
}

// Whoever may call a trigger function can hang it on a table of his own, and so have the owner
// write and sign what never happened.
func TestNobodyElseCallsFunctionsOfTheOwner(t *testing.T) {
	t.Parallel()
	admin, _ := database(t)
	open := column[string](t, admin, `
		select p.oid::regprocedure::text from pg_proc as p
		where p.pronamespace = 'public'::regnamespace and p.prosecdef
		  and has_function_privilege('public', p.oid, 'execute')`)
	if len(open) > 0 {
		t.Errorf("everybody may call %v", open)
	}
	for role, want := range map[string][]string{
		"playersync_readonly":  {},
		"playersync_addresses": {},
		"playersync_app": {
			"audit_prune(interval,integer)", "feed_prune(interval,integer)", "feed_settle()",
			"save_batch_prune(integer)",
			"take_turn(text)",
		},
	} {
		may := column[string](t, admin, `
			select p.oid::regprocedure::text from pg_proc as p
			where p.pronamespace = 'public'::regnamespace and p.prosecdef
			  and has_function_privilege($1, p.oid, 'execute')
			order by 1`, role)
		expectEqual(t, may, want)
	}
}

func expectRefused(t *testing.T, conn *pgx.Conn, statements ...string) {
	t.Helper()
	for _, statement := range statements {
		if refusal := refused(t, conn, statement); refusal == nil || refusal.Code != insufficientPrivilege {
			t.Errorf("%s: %v, want it refused for lack of rights", statement, refusal)
		}
	}
}

// Whoever may connect may LISTEN, so strangers may not.
func TestStrangersCannotConnect(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		for options, want := range map[string]string{
			"":                            insufficientPrivilege,
			"in role pg_read_all_data":    insufficientPrivilege,
			"in role playersync_owner":    "",
			"in role playersync_app":      "",
			"in role playersync_readonly": "",
		} {
			conn, err := pgx.Connect(context.Background(), login(t, address, options))
			got := ""
			if refusal := asRefusal(err); refusal != nil {
				got = refusal.Code
			}
			if got != want {
				t.Errorf("a login %s: %v", options, err)
			}
			if conn != nil {
				_ = conn.Close(context.Background())
			}
		}
	})
}
