package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

func TestConstraintsRefuseMistakes(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		conn := psql(t, address)
		run(t, conn, `insert into player (uuid, name) values ('a', 'Steve')`)
		run(t, conn, `insert into currency (name) values ('coins')`)
		run(t, conn, `insert into ban (uuid) values ('a')`)
		run(t, conn, `insert into ban (ip) values ('192.0.2.1')`)
		shown := map[string]bool{}
		for _, test := range violations {
			shown[test.constraint] = true
			sql := test.sql
			if !strings.HasPrefix(sql, "insert ") && !strings.HasPrefix(sql, "update ") {
				sql = "update player set " + sql + " where uuid = 'a'"
			}
			if refusal := refused(t, conn, sql); refusal == nil || refusal.ConstraintName != test.constraint {
				t.Errorf("%s: %v, want it refused by %s", sql, refusal, test.constraint)
			}
		}
		for _, name := range column[string](t, conn, ours+`
			select conname::text
			from pg_constraint join relation on relation.oid = conrelid
			where contype = 'c'`) {
			if !shown[name] {
				t.Errorf("nothing violates %s", name)
			}
		}
	})
}

// Whatever the constraints let in, a sidecar must be able to read: one row that
// it cannot read would keep it from following the others.
func TestWhatConstraintsAllowCanBeRead(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		conn := psql(t, address)
		run(t, conn, `
			do $$ begin
				execute format('alter database %I set timezone = ''Europe/Amsterdam''', current_database());
			end $$`)
		s, err := store.Open(context.Background(), address, store.Options{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		feed := follow(t, s)
		run(t, conn, `insert into player (uuid) values ('a')`)
		edit := merge.Edit{
			Scalars: merge.Scalars{Achievements: syncer.Some(new("[1,1]"))},
			Gamemodes: map[string]merge.GamemodeEdit{"pvp": {
				FirstJoined: syncer.Millis(1),
				LastJoined:  syncer.Millis(1),
				Stats:       map[string]int64{"a": 1},
			}},
		}
		for _, set := range []string{
			`flags = '[0:1]={b,a}'`, `flags = array[e'\n', 'ü']`,
			`unmute_time = 'infinity', mute_reason = e'\u202e\n', unmark_time = 'infinity'`,
			`unmute_time = '0001-01-01 00:00+00', unmark_time = '9999-12-31 23:59:59.999+00'`,
			`created_at = '0001-01-01 00:00+00'`, `created_at = '9999-12-31 23:59:59.999+00'`,
			`attributes = jsonb_build_object('a', (repeat('[', 64) || repeat(']', 64))::jsonb)`,
			`attributes = '{"": 1e400, "b": 1.0, "c": null, "d": "\u0001\uffff"}'`,
			`name = e'\u202e\n"\\', highlight = '', override_name = '', language = '', rainbow_speed = 1000`,
			`achievements = '[9223372036854775807, -9223372036854775808,0]'`,
			`gamemodes = '{"": {}, "a\\\": 1.5": {"stats": {}}, "pvp": {
				"stats": {"a": 9007199254740991, "b": -1e3},
				"firstJoined": -62135596800000, "lastJoined": 253402300799999
			}}'`,
			`addresses = '{"": {}, "x": {"usid": null}, "y": {"usid": ""}}'`,
		} {
			run(t, conn, `update player set `+set)
			readOne(t, s, "a")
			if _, err := feed.ReadPlayers(context.Background(), []syncer.PlayerID{"a"}); err != nil {
				t.Errorf("%s: %v", set, err)
			}
			run(t, conn, `select * from player_overview`)
			if _, _, err := s.EditPlayer(context.Background(), "a", edit, nil); err != nil {
				t.Errorf("edit after %s: %v", set, err)
			}
		}
	})
}
