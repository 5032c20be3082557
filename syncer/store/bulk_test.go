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
	run(t, conn, `set statement_timeout = '2min'`)
	run(t, conn, `insert into player (uuid) values ('single')`)
	run(t, conn, `insert into ban (uuid) values ('single')`)
	for range 10 { // after as many calls PL/pgSQL keeps its plans
		run(t, conn, `update player set rank = rank || 'x' where uuid = 'single'`)
		run(t, conn, `update ban set lifted_at = case when lifted_at is null then now() end where uuid = 'single'`)
		run(t, conn, `insert into player_history (uuid, action) values ('single', 'x')`)
		run(t, conn, `delete from player_history`)
	}
	ear := listen(t, url)
	for _, test := range []struct{ sql, want string }{
		{`insert into player (uuid) select 'p' || i from generate_series(1, 100000) as i`, "player *"},
		{`update player set rank = 'mod'`, "player *"},
		{`update player set gamemodes = '{"pvp": {}}' where uuid like 'p1%'`, "player *"},
		{`insert into player_history (uuid, action) select uuid, 'x' from player where uuid like 'p1%'`, "player *"},
		{`delete from player_history`, "player *"},
		{`insert into ban (ip) select '10.0.0.0'::inet + i from generate_series(1, 20000) as i`, "ban *"},
		{`update ban set expires_at = 'infinity'`, "ban *"},
		{`update ban set reason = 'x'`, ""},
		{`delete from ban where ip is not null`, "ban *"},
		{`delete from player where uuid like 'p1%'`, "player *"},
	} {
		run(t, conn, `delete from change`)
		run(t, conn, test.sql)
		if told := strings.Join(shown(ear.told()), ", "); told != test.want {
			t.Errorf("%s: told %q, want %q", test.sql, told, test.want)
		}
		if kept := strings.Join(column[string](t, conn, recorded), ", "); kept != test.want {
			t.Errorf("%s: recorded %q, want %q", test.sql, kept, test.want)
		}
	}
}
