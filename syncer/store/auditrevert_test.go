package store_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/store"
)

func TestChangesAreReverted(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		before, change string
		state          string // a query for one text, the same before the change and after the revert
		later          string // a change of the same value, which forbids the revert
	}{
		{``, `update player set rank = 'mod'`, `select rank from player`, `update player set rank = 'x'`},
		{
			`update player set flags = '{a,b}'`, `update player set flags = '{b,c}'`, `select flags::text from player`,
			`update player set flags = flags || '{d}'`,
		},
		{
			`update player set unmute_time = '2030-01-02 03:04:05.678901+00'`, `update player set unmute_time = null`,
			`select unmute_time::text from player`, `update player set unmute_time = 'infinity'`,
		},
		{
			`update player set unmute_time = 'infinity', mute_reason = 'spam'`,
			`update player set mute_reason = 'caps'`,
			`select mute_reason from player`, `update player set mute_reason = 'ads'`,
		},
		{
			``, `update player set unmark_time = 'infinity'`, `select coalesce(unmark_time::text, '') from player`,
			`update player set unmark_time = now()`,
		},
		{
			`update player set attributes = '{"a": 1, "b": null, "c": {"d": 1}}'`,
			`update player set attributes = '{"a": 2, "c": {"d": 1}, "e": 1}'`,
			`select attributes::text from player`, `update player set attributes = attributes || '{"b": 1}'`,
		},
		{
			`update player set rank = 'mod', flags = '{x}', name = 'S', rainbow_speed = 5,
				attributes = '{"a": 1}', achievements = '[1]',
				gamemodes = '{"pvp": {"stats": {"a": 1}}}', unmute_time = 'infinity',
				mute_reason = 'spam', chat_strictness = 'strict'`,
			`delete from player`, `select (to_jsonb(p) - array['revision', 'updated_at'])::text from player as p`,
			`insert into player (uuid) values ('a')`,
		},
		{
			`delete from ban`, `insert into ban (uuid) values ('c')`,
			`select 'none' where not exists (select from active_ban)`, `update ban set lifted_at = now()`,
		},
		{``, `delete from ban where uuid = 'b'`, theBan, `insert into ban (uuid) values ('b')`},
		{
			`update ban set lifted_at = '2030-01-01', lifted_by = 'x', lift_reason = 'y' where uuid = 'b'`,
			`delete from ban where uuid = 'b'`,
			theBan, `insert into ban (id, uuid) overriding system value values (1, 'z')`,
		},
		{
			``, `update ban set lifted_at = now(), lift_reason = 'x' where uuid = 'b'`, theBan,
			`update ban set lift_reason = 'y' where uuid = 'b'`,
		},
		{``, `update ban set lifted_at = now() where uuid = 'b'`, theBan, `insert into ban (uuid) values ('b')`},
		{
			`update ban set lifted_at = '2030-01-01' where uuid = 'b'`, `update ban set lifted_at = null`, theBan,
			`update ban set lifted_at = now() where uuid = 'b'`,
		},
		{``, `update ban set reason = 'x' where uuid = 'b'`, theBan, `update ban set reason = 'y'`},
		{``, `update ban set banned_by = 'x' where uuid = 'b'`, theBan, `update ban set banned_by = 'y'`},
		{
			``, `update ban set created_at = '2021-01-01' where uuid = 'b'`, theBan,
			`update ban set created_at = '2022-01-01'`,
		},
		{
			``, `update ban set expires_at = 'infinity' where uuid = 'b'`, theBan,
			`update ban set expires_at = now() + interval '1 h'`,
		},
		{``, `update ban set uuid = null, ip = '10.0.0.1' where uuid = 'b'`, theBan, `update ban set ip = '10.0.0.2'`},
	} {
		t.Run(test.change, func(t *testing.T) {
			t.Parallel()
			s, url := open(t, store.Options{Timeout: time.Minute})
			conn := psql(t, url)
			run(t, conn, `insert into player (uuid) values ('a')`)
			run(t, conn,
				`insert into ban (uuid, reason, created_at, expires_at) values ('b', 'r', '2020-01-01', '2050-01-01')`)
			if test.before != "" {
				run(t, conn, test.before)
			}
			fresh(t, conn)
			before := value[string](t, conn, test.state)
			run(t, conn, test.change)
			changed := value[int64](t, conn, `select max(id) from audit`)
			entry, readings, changes, err := s.RevertAudit(syncer.WithServer(context.Background(), "pvp"), changed,
				"Steve", "a slip")
			if err != nil {
				t.Fatal(err)
			}
			if after := value[string](t, conn, test.state); after != before {
				t.Errorf("%s after the revert, want %s", after, before)
			}
			if entry.Reverts != changed || entry.By != "Steve" || entry.Server != "pvp" || entry.Number <= changed ||
				len(changes) != 1 {
				t.Errorf("entry %+v, changes %+v", entry, changes)
			}
			if entry.Entity == syncer.EntityPlayer &&
				(len(readings) != 1 || readings[0].Player == nil || readings[0].ID != "a") {
				t.Errorf("readings %+v", readings)
			}
			refuseRevert(t, s, changed, syncer.CodeChangedSince)
			if entry.Field == syncer.AuditRow {
				return // the row that came back may go again, but not by this
			}
			again, _, _, err := s.RevertAudit(context.Background(), entry.Number, "", "")
			if err != nil || again.Reverts != entry.Number {
				t.Errorf("the revert of the revert: %+v, %v", again, err)
			}
			run(t, conn, test.later)
			refuseRevert(t, s, changed, syncer.CodeChangedSince)
			if test.later != "" {
				refuseRevert(t, s, again.Number, syncer.CodeChangedSince)
			}
		})
	}
}

const theBan = `select (to_jsonb(b) - 'revision')::text from ban as b where id = 1`

func refuseRevert(t *testing.T, s *store.Store, number int64, code syncer.Code) {
	t.Helper()
	if _, _, _, err := s.RevertAudit(context.Background(), number, "Steve", ""); syncer.CodeOf(err) != code {
		t.Errorf("revert of %d: %v, want %s", number, err, code)
	}
}

// What counts is the value: changed and changed back, it is the one that the change
// left. A revert that was taken back can be made again.
func TestChangedAndChangedBackIsUnchanged(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('a')`)
	for _, rank := range []string{"mod", "vip", "mod"} {
		run(t, conn, `update player set rank = '`+rank+`'`)
	}
	for range 2 {
		refuseRevert(t, s, 2, syncer.CodeChangedSince)
		if _, _, _, err := s.RevertAudit(context.Background(), 1, "Steve", ""); err != nil {
			t.Fatal(err)
		}
		refuseRevert(t, s, 3, syncer.CodeChangedSince)
		run(t, conn, `update player set rank = 'mod'`)
	}
	expectEqual(t, column[string](t, conn, `select concat_ws(' ', was, is_now, reverts) from audit_log order by id`),
		[]string{"player mod", "mod vip", "vip mod", "mod player 1", "player mod", "mod player 1", "player mod"})
}

func TestWhatCannotBeReverted(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	refuseRevert(t, s, 1, syncer.CodeNotFound)
	run(t, conn, `insert into player (uuid, rank) values ('a', 'mod'), ('b', 'mod')`)
	run(t, conn, `truncate ban`)
	for _, number := range column[int64](t, conn, `select id from audit`) {
		refuseRevert(t, s, number, syncer.CodeConflict)
	}
	run(t, conn, `update player set rank = 'x'`)
	run(t, conn, `delete from player where uuid = 'a'`)
	refuseRevert(t, s, value[int64](t, conn, `select id from audit where uuid = 'a' and field = 'rank'`),
		syncer.CodeChangedSince)
	run(t, conn, `insert into ban (uuid) values ('b')`)
	run(t, conn, `update ban set lifted_at = now()`)
	lift := value[int64](t, conn, `select max(id) from audit`)
	run(t, conn, `insert into ban (uuid) values ('b')`)
	refuseRevert(t, s, lift, syncer.CodeChangedSince) // another one is open
	expectEqual(t, bans(t, conn), []string{"lifted by postgres", "open"})

	// The old value may contradict the present values of the other columns.
	run(t, conn, `insert into ban (uuid, created_at, expires_at) values ('c', '2020-01-01', '2040-01-01')`)
	run(t, conn, `update ban set expires_at = '2050-01-01' where uuid = 'c'`)
	longer := value[int64](t, conn, `select max(id) from audit`)
	run(t, conn, `update ban set created_at = '2045-01-01' where uuid = 'c'`)
	refuseRevert(t, s, longer, syncer.CodeConflict)
}

// A migration may change what a prepared statement returns, which the server reports
// by the same code as the function what it cannot take back.
func TestRevertAfterAMigration(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute, MaxConnections: 1})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('a')`)
	run(t, conn, `update player set rank = 'mod'`)
	for number := range int64(2) {
		if _, _, _, err := s.RevertAudit(context.Background(), number+1, "Steve", ""); err != nil {
			t.Fatal(err)
		}
		run(t, conn, `drop view if exists audit_log; alter table audit alter column server type varchar(64)`)
	}
}

// In psql the revert is the login's, and ends with the statement: what follows in
// the same transaction is no revert.
func TestRevertInPsql(t *testing.T) {
	t.Parallel()
	conn, address := database(t)
	moderator := psql(t, login(t, address, "in role playersync_app"))
	who := value[string](t, moderator, `select session_user::text`)
	run(t, moderator, `insert into player (uuid) values ('a')`)
	run(t, moderator, `update player set rank = 'mod'`)
	run(t, moderator, `begin`)
	run(t, moderator, `select audit_revert(id) from audit_log limit 1`)
	run(t, moderator, `update player set rank = 'vip'`)
	run(t, moderator, `commit`)
	expectEqual(t,
		column[string](t, conn, `select concat_ws(' ', was, is_now, who, reverts) from audit_log order by id`),
		[]string{"player mod " + who, "mod player " + who + " 1", "player vip " + who})
	reader := psql(t, login(t, address, "in role playersync_readonly"))
	expectRefused(t, reader, `select audit_revert(1)`, `select audit_prune('0', 1)`)
}

func TestOneOfManyRevertsWins(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute, MaxConnections: 8})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('a')`)
	run(t, conn, `insert into ban (uuid) values ('a')`)
	for _, change := range []string{
		`update player set rank = 'mod'`, `update player set flags = '{x}'`,
		`update player set attributes = '{"a": 1}'`, `delete from player`,
		`update ban set lifted_at = now()`, `update ban set reason = 'x'`, `delete from ban`,
		`insert into ban (uuid) values ('z')`,
	} {
		run(t, conn, change)
		number := value[int64](t, conn, `select max(id) from audit`)
		var reverted, refused atomic.Int32
		var trying sync.WaitGroup
		for range 8 {
			trying.Go(func() {
				switch _, _, _, err := s.RevertAudit(context.Background(), number, "", ""); syncer.CodeOf(err) {
				case syncer.CodeChangedSince:
					refused.Add(1)
				case "":
					reverted.Add(1)
				default:
					t.Errorf("%s: %v", change, err)
				}
			})
		}
		trying.Wait()
		if reverted.Load() != 1 || refused.Load() != 7 {
			t.Errorf("%s: reverted %d times, refused %d times", change, reverted.Load(), refused.Load())
		}
	}
}
