package store_test

import (
	"strings"
	"testing"
)

// The triggers must not join many rows by a plan made for one: the limit is far
// beyond what the statements take, and far below what a quadratic plan would.
func TestManyRowsAreOneChange(t *testing.T) {
	t.Parallel()
	conn, url := databaseAlone(t)
	run(t, conn, `set statement_timeout = '1min'`)
	run(t, conn, `insert into player (uuid) values ('single')`)
	run(t, conn, `insert into ban (uuid) values ('single')`)
	for range 10 { // after as many calls PL/pgSQL keeps its plans
		run(t, conn, `update player set rank = rank || 'x' where uuid = 'single'`)
		run(t, conn, `update ban set lifted_at = case when lifted_at is null then now() end where uuid = 'single'`)
		run(t, conn, `insert into player_history (uuid, action) values ('single', 'x')`)
		run(t, conn, `delete from player_history`)
	}
	listener := listen(t, url)
	for _, test := range []struct{ sql, want string }{
		{`insert into player (uuid) select 'p' || i from generate_series(1, 2000) as i`, "player *"},
		{`update player set rank = 'mod'`, "player *"},
		{`update player set gamemodes = '{"pvp": {}}' where uuid like 'p1%'`, "player *"},
		{`insert into player_history (uuid, action) select uuid, 'x' from player where uuid like 'p1%'`, "player *"},
		{`delete from player_history`, "player *"},
		{`insert into ban (ip) select '10.0.0.0'::inet + i from generate_series(1, 2000) as i`, "ban *"},
		{`update ban set expires_at = 'infinity'`, "ban *"},
		{`update ban set reason = 'x'`, ""},
		{`delete from ban where ip is not null`, "ban *"},
		{`delete from player where uuid like 'p1%'`, "player *"},
	} {
		run(t, conn, `delete from change`)
		run(t, conn, test.sql)
		if notified := strings.Join(shown(listener.notified()), ", "); notified != test.want {
			t.Errorf("%s: notified of %q, want %q", test.sql, notified, test.want)
		}
		if kept := strings.Join(column[string](t, conn, recorded), ", "); kept != test.want {
			t.Errorf("%s: recorded %q, want %q", test.sql, kept, test.want)
		}
	}
}

// A statement that bans many must not look through the bans again and again, also
// where it was planned while there were none.
func TestBanningManyReadsTheBansOnce(t *testing.T) {
	t.Parallel()
	conn, _ := databaseAlone(t)
	run(t, conn, `analyze`)
	run(t, conn, `begin`)
	run(t, conn, `insert into ban (uuid) select 'p' || i from generate_series(1, 1000) as i`)
	run(t, conn, `insert into ban (uuid) select 'q' || i from generate_series(1, 1000) as i`)
	read := column[int64](t, conn,
		`select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0)
		from pg_stat_xact_user_tables where relname = 'ban'`)
	run(t, conn, `rollback`)
	if read[0] > 10_000 {
		t.Errorf("2000 bans were inserted by reading %d rows", read[0])
	}
}
