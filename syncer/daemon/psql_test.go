package daemon_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

const (
	steve = "AAAAAAAAAAAA/+AAAAAAAA=="
	alex  = "Alex"
)

// What people type, one after the other; between any two everything is compared.
var statements = []string{
	`update player set rank = 'mod', flags = '{member, builder}' where uuid = 'Alex'`,
	`update player
		set unmute_time = 'infinity', attributes = '{"shop": {"open": true}}', override_name = 'A', rainbow_speed = 3
		where uuid = 'Alex'`,
	`update player set unmute_time = null, override_name = null, rainbow_speed = null, achievements = '[1,-1]'`,
	`update player set attributes = jsonb_build_object('large', repeat('x', 20000)) where uuid = 'Alex'`,
	`insert into player (uuid, name) values ('Alex', 'Upserted') on conflict (uuid) do update set name = excluded.name`,
	`insert into player (uuid, name) values ('not yet', 'New') on conflict (uuid) do update set name = excluded.name`,
	`insert into player (uuid) select 'other ' || n from generate_series(1, 1000) as n`,
	`update player set language = 'en'`,
	`insert into player_history (uuid, action) values ('Alex', 'warned'), ('Alex', 'muted')`,
	`update player_history set by = 'Steve' where action = 'warned'`,
	`update player_history set uuid = 'only looked at' where action = 'muted'`,
	`delete from player_history where action = 'warned'`,
	`insert into currency (name) values ('coins'), ('gems')`,
	`insert into balance (uuid, currency, amount) values ('Alex', 'coins', 100), ('only looked at', 'gems', 1)`,
	`select change_balance('Alex', 'coins', -30), transfer_balance('Alex', 'only looked at', 'coins', 20)`,
	`update balance set amount = amount * 2`,
	`insert into balance select uuid, 'gems' from player on conflict do nothing`,
	`begin;
		delete from balance where uuid = 'Alex';
		insert into balance (uuid, currency, amount) values ('Alex', 'coins', 7);
		commit`,
	`delete from balance where currency = 'gems'`,
	`begin; delete from player where uuid = 'Alex'; insert into player (uuid, rank) values ('Alex', 'reborn'); commit`,
	`delete from player where uuid = 'Alex'`,
	`insert into player (uuid, rank) values ('Alex', 'back')`,
	`set session_replication_role = replica; update player set rank = 'replica' where uuid = 'Alex';
		insert into ban (uuid) values ('Alex'); reset session_replication_role`,
	`begin; update player set rank = 'undone'; delete from ban; rollback`,
	`update player set flags = array_append(flags, 'after a rollback') where uuid = 'Alex'`,
	`begin;
		update player set rank = 'kept' where uuid = 'Alex';
		savepoint s;
		delete from player;
		rollback to s;
		commit`,

	`insert into ban (uuid) values ('Steve') on conflict do nothing`,
	`insert into ban (ip) values ('192.0.2.1'), ('192.0.2.0/24'), ('2001:db8::/32')`,
	`insert into ban (ip, expires_at) values ('198.51.100.1', now() + interval '1 day')`,
	`update ban set reason = 'none of our business'`,
	`update ban set expires_at = now() + interval '1 hour' where uuid = 'Alex'`,
	`update ban set ip = '192.0.2.128/25' where ip = '192.0.2.0/24'`,
	`update ban set lifted_at = now() where ip = '192.0.2.1'`,
	`insert into ban (uuid) values ('Alex')
		on conflict (uuid) where lifted_at is null and uuid is not null do update set expires_at = null`,
	`delete from ban where uuid = 'Alex'`,
	`insert into ban (uuid) select 'banned ' || n from generate_series(1, 1000) as n`,
	`delete from ban where uuid like 'banned 1%'`,
	`truncate ban`,
	`insert into ban (uuid) values ('Alex')`,
	`insert into balance (uuid, currency, amount) values ('Alex', 'coins', 1)`,
	`truncate balance`,
	`truncate player cascade`,
	`insert into player (uuid) values ('Alex')`,
}

// castOfPsql includes a player that is only looked at and one that does not exist yet.
var castOfPsql = cast{
	players: []string{"only looked at", "not yet", alex, steve},
	ids:     []string{alex, "Steve", "never", "banned 1", "banned 2"},
	ips:     []string{"192.0.2.1", "192.0.2.200", "198.51.100.1", "2001:db8::1"},
}

// TestPsqlReachesEveryServer plays what people do with psql against two sidecars.
func TestPsqlReachesEveryServer(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{listening, polling, fannedOut} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			url, psql := database(t)
			a, b := start(t, url, "a", m.adapt).ready(), start(t, url, "b", m.adapt).ready()
			run(t, psql, `insert into player (uuid) values ('only looked at')`)
			populate(castOfPsql, a, b)
			equal(t, psql, castOfPsql, a, b)
			var statement string
			defer func() {
				if t.Failed() {
					t.Logf("after: %s", statement)
				}
			}()
			for _, statement = range statements {
				run(t, psql, statement)
				equal(t, psql, castOfPsql, a, b)
			}
			copyIn(t, psql, "player (uuid, name, rank)", steve+"\tSteve\tcopied\n", "someone else\tx\ty\n")
			equal(t, psql, castOfPsql, a, b)
			copyIn(t, psql, "ban (uuid)", "Steve\n", "never\n")
			equal(t, psql, castOfPsql, a, b)
			noneMissed(t, a, b)
		})
	}
}

func copyIn(t *testing.T, psql *pgx.Conn, table string, lines ...string) {
	t.Helper()
	_, err := psql.PgConn().CopyFrom(t.Context(), strings.NewReader(strings.Join(lines, "")),
		"copy "+table+" from stdin")
	if err != nil {
		t.Fatal(err)
	}
}

// A statement on very many rows is one change of the whole table.
func TestUpdateOfManyRows(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	run(t, psql, `insert into player (uuid) select 'p' || n from generate_series(1, 5000) as n`)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	c := cast{players: []string{"p4999", "absent"}}
	for i := range 20 {
		c.players = append(c.players, fmt.Sprintf("p%d", 1+i*200))
	}
	populate(c, a, b)
	equal(t, psql, c, a, b)
	run(t, psql, `update player set rank = 'everyone'`)
	equal(t, psql, c, a, b)
	for _, n := range []*node{a, b} {
		n.sees("p1", "everyone", "rank")
		n.hasReloaded("whole_table", 0)
	}
	noneMissed(t, a, b)
}

// What comes in transactions of a thousand rows, as an import does, is read row by row: nobody
// reads again all that he holds, though it is more than one poll may find.
func TestBulksAreReadRowByRow(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	n := start(t, url, "a").ready()
	n.join("Steve", "Steve")
	for i := range 12 {
		run(t, psql, fmt.Sprintf(`
			insert into player (uuid) select 'bulk %[1]d ' || n from generate_series(1, 1000) as n;
			insert into ban (uuid) select 'bulk %[1]d ' || n from generate_series(1, 1000) as n`, i))
		n.banned(fmt.Sprintf(`{"uuid": "bulk %d 1000"}`, i), true) // or psql would be faster than any poll
	}
	run(t, psql, `update player set rank = 'mod' where uuid = 'Steve'`)
	n.sees("Steve", "mod", "rank")
	equal(t, psql, cast{players: []string{"Steve"}}, n)
	if reloads := n.reloads("whole_table"); reloads != 0 {
		t.Errorf("a whole table was read again %v times", reloads)
	}
	noneMissed(t, n)
}

// Order of commits is not order of transaction ids: a cursor that skips would lose
// what commits late.
func TestLateCommitIsNotSkipped(t *testing.T) {
	t.Parallel()
	for _, m := range []mode{beating, polling, fannedOut} {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			url, psql := database(t)
			a, b := start(t, url, "a", m.adapt).ready(), start(t, url, "b", m.adapt).ready()
			c := cast{players: []string{"absent", "also absent", "early", "late"}, ids: []string{"early", "late"}}
			populate(c, a, b)
			equal(t, psql, c, a, b)
			late := connect(t, url)
			for i := range 5 {
				run(t, late, `begin`)
				run(t, late, fmt.Sprintf(`update player set rank = 'late %d' where uuid = 'late'`, i))
				for j := range 3 {
					run(t, psql, fmt.Sprintf(`update player set rank = 'early %d.%d' where uuid = 'early'`, i, j))
					equal(t, psql, c, a, b) // the cursor is past the open transaction's id
				}
				run(t, late, `commit`)
				run(t, psql, fmt.Sprintf(`update player set rank = 'after %d' where uuid = 'early'`, i))
				equal(t, psql, c, a, b)
				a.sees("late", fmt.Sprintf("late %d", i), "rank")
			}
			noneMissed(t, a, b)
		})
	}
}
