package store_test

import (
	"context"
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/store"
)

// audited shows the audit, by target and oldest first: of whom, what, from what to
// what, by whom.
func audited(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return column[string](t, conn, `
		select concat_ws(
			' ', target, what, coalesce(was, '-'), '>', coalesce(is_now, '-'), 'by ' || who, 'on ' || server)
		from audit_log
		order by target, id`)
}

// fresh forgets the audit.
func fresh(t *testing.T, conn *pgx.Conn) {
	t.Helper()
	run(t, conn, `truncate audit`)
}

func TestEditsByHandAreAudited(t *testing.T) {
	t.Parallel()
	conn, address := database(t)
	moderator := psql(t, login(t, address, "in role playersync_app"))
	who := value[string](t, moderator, `select session_user::text`)
	run(t, moderator, `set timezone = 'Asia/Tokyo'`)
	run(t, conn, `insert into player (uuid) values ('a'), ('b')`)
	for _, test := range []struct{ sql, want string }{
		{`update player set rank = 'mod' where uuid = 'a'`, "a player rank player > mod"},
		{`update player set flags = '{y,x}' where uuid = 'a'`, `a player flags [] > ["x", "y"]`},
		{`update player set flags = '{x,y}' where uuid = 'a'`, ""},
		{
			`update player set unmute_time = '2030-01-02 03:04:05.678901+00' where uuid = 'a'`,
			"a player unmuteTime - > 2030-01-02T03:04:05.678901+00:00",
		},
		{`update player set mute_reason = 'spam' where uuid = 'a'`, `a player muteReason  > spam`},
		{
			`update player set unmute_time = null where uuid = 'a'`,
			"a player unmuteTime 2030-01-02T03:04:05.678901+00:00 > -; a player muteReason spam > ",
		},
		{`update player set unmark_time = 'infinity' where uuid = 'a'`, "a player unmarkTime - > infinity"},
		{
			`update player set attributes = '{"eco": {"tier": 1}, "x": null}' where uuid = 'a'`,
			`a player attributes {} > {"x": null, "eco": {"tier": 1}}`,
		},
		{
			`update player set attributes = attributes || '{"eco": 2}' where uuid = 'a'`,
			`a player attributes {"eco": {"tier": 1}} > {"eco": 2}`,
		},
		{`update player set attributes = attributes - 'x' where uuid = 'a'`, `a player attributes {"x": null} > {}`},
		{`update player set rank = 'mod', flags = '{x,y}' where uuid = 'a'`, ""},
		{`update player set rank = 'vip'`, "a player rank mod > vip; b player rank player > vip"},
		{
			`update player
				set name = 'Steve', highlight = 'red', achievements = '[1]', language = 'en', override_name = 'S'`,
			"",
		},
		{`update player set gamemodes = '{"pvp": {"stats": {"a": 1}}}', addresses = '{"a:1": {"usid": "secret"}}'`, ""},
		{
			`update player set rank = 'x', unmark_time = null where uuid = 'a'`,
			"a player rank vip > x; a player unmarkTime infinity > -",
		},
		{`insert into player (uuid) values ('c')`, ""},
	} {
		fresh(t, conn)
		run(t, moderator, test.sql)
		got := strings.Join(audited(t, conn), "; ")
		want := test.want
		if want != "" {
			want = strings.ReplaceAll(want, "; ", " by "+who+"; ") + " by " + who
		}
		if got != want {
			t.Errorf("%s:\n%s, want\n%s", test.sql, got, want)
		}
	}
	expectRefused(t, moderator, `insert into audit (entity, field) values ('player', 'rank')`,
		`update audit set role = ''`, `delete from audit`,
		`truncate audit`, `alter table player disable trigger audit_update`, `set session_replication_role = replica`)
}

func TestPlayersThatComeAndGoAreAudited(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	run(t, conn, `insert into player (uuid, rank, addresses) values ('a', 'mod', '{"a:1": {"usid": "secret"}}')`)
	run(t, conn, `delete from player`)
	run(t, conn, `delete from player`)
	run(t, conn, `truncate player cascade`)
	expectEqual(t,
		column[string](t, conn,
			`select concat_ws(' ', target, what, was::json ->> 'rank', is_now::json ->> 'rank')
			from audit_log order by id`),
		[]string{"a player created mod", "a player deleted mod", "player truncated"})
	if n := value[int](t, conn, `select count(*) from audit where concat(old, new) like '%secret%'`); n > 0 {
		t.Error("a usid is in the audit")
	}
}

func TestBansAreAudited(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	run(t, conn, `set timezone = 'Asia/Tokyo'`)
	run(t, conn, `insert into ban (uuid, reason, created_at) values ('a', 'r', '2020-01-01 00:00+00')`)
	for _, test := range []struct{ sql, want string }{
		{`update ban set reason = 's'`, "a ban 1 reason r > s"},
		{`update ban set expires_at = '2040-01-01 00:00+00'`, "a ban 1 expiresAt - > 2040-01-01T00:00:00+00:00"},
		{`update ban set banned_by = 'Alice'`, "a ban 1 by postgres > Alice"},
		{
			`update ban set created_at = '2021-01-01 00:00+00'`,
			"a ban 1 createdAt 2020-01-01T00:00:00+00:00 > 2021-01-01T00:00:00+00:00",
		},
		{
			`update ban set uuid = null, ip = '10.0.0.0/8'`,
			`10.0.0.0/8 ban 1 target {"uuid": "a"} > {"ip": "10.0.0.0/8"}`,
		},
		{
			`update ban set lifted_at = '2022-01-01 00:00+00', lift_reason = 'sorry'`,
			`10.0.0.0/8 ban 1 lifted - > {"at": "2022-01-01T00:00:00+00:00", "by": "postgres", "reason": "sorry"}`,
		},
		{`update ban set reason = 's'`, ""},
		{
			`update ban set lifted_at = null`,
			`10.0.0.0/8 ban 1 reopened {"at": "2022-01-01T00:00:00+00:00", "by": "postgres", "reason": "sorry"} > -`,
		},
		{
			`delete from ban`,
			`10.0.0.0/8 ban 1 deleted {"by": "Alice", "reason": "s", ` +
				`"createdAt": "2021-01-01T00:00:00+00:00", "expiresAt": "2040-01-01T00:00:00+00:00"} > -`,
		},
		{`truncate ban`, "ban truncated - > -"},
		{
			`insert into ban (uuid, banned_by, created_at, expires_at)
				values ('b', '', '2020-01-01 00:00+00', '2020-01-02 00:00+00')`,
			`b ban 2 created - > {"by": "", "reason": "", ` +
				`"createdAt": "2020-01-01T00:00:00+00:00", "expiresAt": "2020-01-02T00:00:00+00:00"}`,
		},
		{
			// the expired one is only closed
			`insert into ban (uuid, banned_by, created_at) values ('b', '', '2020-01-01 00:00+00')`,
			`b ban 3 created - > {"by": "", "reason": "", "createdAt": "2020-01-01T00:00:00+00:00"}`,
		},
	} {
		fresh(t, conn)
		run(t, conn, test.sql)
		want := test.want
		if want != "" {
			want += " by postgres"
		}
		if got := strings.Join(audited(t, conn), "; "); got != want {
			t.Errorf("%s:\n%s, want\n%s", test.sql, got, want)
		}
	}
}

func TestListAuditFiltersAndPages(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn, `
		insert into audit (at, entity, uuid, ip, ban, field, changed_by, server, role)
		select
			'2026-01-01 00:00+00'::timestamptz + i * interval '1 h', case when i % 3 = 0 then 'player' else 'ban' end,
			case when i % 3 < 2 then 'p' || i % 4 end,
			case when i % 3 = 2 then network(set_masklen('10.0.0.0'::inet + i, 24 + i % 9)) end,
			case when i % 3 > 0 then i end, case when i % 3 = 0 then 'rank' else 'reason' end,
			case when i % 2 = 0 then 'Steve' end, case when i % 5 = 0 then 'pvp' end,
			case when i % 7 = 0 then 'Alice' else 'app' end
		from generate_series(1, 200) as i`)
	all, err := s.ListAudit(context.Background(), syncer.AuditFilter{}, 1<<62, 1000)
	if err != nil || len(all) != 200 {
		t.Fatalf("%d changes, %v", len(all), err)
	}
	since, until := all[150].At, all[50].At
	first, _ := since.Instant()
	for _, filter := range []syncer.AuditFilter{
		{},
		{ID: "p1"},
		{ID: "p1", By: "Steve"},
		{ID: "p1", By: "Alice"},
		{ID: "nobody"},
		{By: "Steve"},
		{By: "Alice"},
		{By: "app", Server: "pvp"},
		{Server: "pvp"},
		{Field: "rank"},
		{Field: "rank", ID: "p3"},
		{Since: since},
		{Until: until},
		{Since: since, Until: until, By: "Steve"},
		{Since: syncer.TimeOf(first.AddDate(1, 0, 0))},
		{Until: syncer.TimeOf(first.AddDate(-1, 0, 0))},
		{Prefix: netip.MustParsePrefix("10.0.0.40/32")},
		{Prefix: netip.MustParsePrefix("10.0.0.0/8"), Field: "reason", Since: since, Until: until},
		{Prefix: netip.MustParsePrefix("10.0.0.64/26"), By: "app"},
		{Prefix: netip.MustParsePrefix("::/0")},
	} {
		want := []int64{}
		for _, entry := range all {
			if admits(filter, entry) {
				want = append(want, entry.Number)
			}
		}
		got, before := []int64{}, int64(1<<62)
		for {
			page, err := s.ListAudit(context.Background(), filter, before, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, entry := range page {
				got, before = append(got, entry.Number), entry.Number
			}
			if len(page) < 7 {
				break
			}
		}
		expectEqual(t, got, want)
	}
}

func admits(f syncer.AuditFilter, e syncer.AuditEntry) bool {
	ms := func(t syncer.Time, none int64) int64 {
		if at, ok := t.Millis(); ok {
			return at
		}
		return none
	}
	who := e.By
	if who == "" {
		who = e.Role
	}
	return (f.ID == "" || e.Target.ID == f.ID) &&
		(!f.Prefix.IsValid() || e.Target.Prefix.IsValid() && e.Target.Prefix.Overlaps(f.Prefix)) &&
		(f.Field == "" || e.Field == f.Field) && (f.By == "" || who == f.By) &&
		(f.Server == "" || e.Server == f.Server) &&
		ms(e.At, 0) >= ms(f.Since, 0) && ms(e.At, 0) < ms(f.Until, math.MaxInt64)
}

func TestAuditedValuesAreTheAPIs(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('a')`)
	run(t, conn,
		`update player set
			unmute_time = '2030-01-02 03:04:05.678901+00',
			attributes = '{"createdAt": "2030-01-02T03:04:05.678901+00:00"}'`)
	run(t, conn, `insert into ban (uuid, created_at) values ('a', '2020-01-01 00:00+00')`)
	run(t, conn, `update ban set lifted_at = '2030-01-02 03:04:05.678901+00'`)
	entries, err := s.ListAudit(context.Background(), syncer.AuditFilter{}, 1<<62, 10)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, compact(t, e.Old)+" > "+compact(t, e.New))
	}
	expectEqual(t, got, []string{
		` > {"at":"2030-01-02T03:04:05.678Z","by":"postgres"}`,
		` > {"by":"postgres","createdAt":"2020-01-01T00:00:00.000Z","reason":""}`,
		`{} > {"createdAt":"2030-01-02T03:04:05.678901+00:00"}`,
		` > "2030-01-02T03:04:05.678Z"`,
	})
}

func compact(t *testing.T, value json.RawMessage) string {
	t.Helper()
	if value == nil {
		return ""
	}
	var v any
	if err := json.Unmarshal(value, &v); err != nil {
		t.Fatal(err)
	}
	text, _ := json.Marshal(v)
	return string(text)
}

func TestPruneAuditKeepsTheNew(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn, `
		insert into audit (at, entity, uuid, field)
		select now() - interval '1 day' + (1000 - i) * interval '1 s', 'player', 'a', 'rank'
		from generate_series(0, 11999) as i`)
	var rounds int
	for more := true; more; rounds++ {
		var err error
		if more, err = s.PruneAudit(context.Background(), 24*time.Hour); err != nil {
			t.Fatal(err)
		}
	}
	kept := value[int](t, conn, `select count(*) from audit where entity = 'player'`)
	if rounds != 3 || kept < 900 || kept > 1001 {
		t.Errorf("%d kept after %d rounds", kept, rounds)
	}
}
