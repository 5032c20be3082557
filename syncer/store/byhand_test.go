package store_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

func TestAFewWordsSuffice(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	run(t, conn, `insert into player (uuid, name) values ('a', 'Steve')`)
	run(t, conn, `insert into player_history (uuid, action) values ('a', 'warned')`)
	run(t, conn, `insert into ban (uuid) values ('a')`)
	run(t, conn, `insert into ban (ip) values ('192.0.2.1'), ('198.51.100.0/24'), ('2001:db8::/32')`)
	for sql, want := range map[string]string{
		`select name || ' ' || rank || ' ' || flags || ' ' || muted || ' ' || banned || ' ' || history
			from player_overview`: "Steve player  false true 1",
		`select string_agg(kind || ' ' || target, ', ' order by id)
			from active_ban`: "id a, address 192.0.2.1/32, range 198.51.100.0/24, range 2001:db8::/32",
		`select distinct by from player_history`: "postgres",
		`select distinct banned_by from ban`:     "postgres",
	} {
		if got := value[string](t, conn, sql); got != want {
			t.Errorf("%s: %q, want %q", sql, got, want)
		}
	}
}

// A name will do in SQL, by player_id.
func TestPlayerIDByHand(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	const id = "069a79f4-44e9-4726-a5be-fca90e38aaf5"
	run(t, conn, `insert into player (uuid, name)
		values ('a', 'Steve'), ('b', 'Twin'), ('c', 'twin'), ('Steve 2', 'x'), ('`+id+`', 'Griefer')`)
	run(t, conn, `insert into server (name, gamemode, address) values ('pvp', 'pvp', '203.0.113.1:6567');
		insert into server_lease (server, run, expires_at) values ('pvp', '`+id+`', 'infinity');
		insert into session (server, uuid, run, name, gamemode) values ('pvp', 'd', '`+id+`', 'Comer', 'pvp')`)
	for who, want := range map[string]string{
		"a": "a", "STEVE": "a", "Steve 2": "Steve 2", "griefer": id, "069A79F444E94726A5BEFCA90E38AAF5": id,
		"{" + id + "}": id, "urn:uuid:" + id: id, "Comer": "d",
		"uuid:a": "a", "uuid:069A79F444E94726A5BEFCA90E38AAF5": id,
	} {
		if got := value[string](t, conn, `select player_id('`+who+`')`); got != want {
			t.Errorf("%s: %q, want %q", who, got, want)
		}
	}
	for who, want := range map[string]string{
		"nobody": "no player has the id or name nobody", "TWIN": "2 players are called TWIN",
		"uuid:Steve": "no player has the id Steve",
	} {
		if _, err := conn.Exec(t.Context(), `select player_id($1)`, who); err == nil ||
			!strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", who, err, want)
		}
	}
	run(t, conn, `insert into currency (name) values ('coins')`)
	if got := value[int64](t, conn, `select change_balance(player_id('Steve'), 'coins', 5)`); got != 5 {
		t.Errorf("the balance is %d", got)
	}
}

// bans shows all bans of a target, oldest first: open, or by whom it was lifted.
func bans(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return column[string](t, conn, `
		select case when lifted_at is null then 'open' when lifted_at = expires_at then 'expired' else 'lifted' end
			|| coalesce(' by ' || lifted_by, '') || coalesce(': ' || lift_reason, '')
		from ban
		order by id`)
}

func TestBansByHand(t *testing.T) {
	t.Parallel()
	for _, target := range []string{"uuid", "ip"} {
		for _, test := range []struct {
			name string
			sql  []string
			want []string
		}{
			{
				"again after it expired",
				[]string{
					`insert into ban (TARGET, created_at, expires_at)
						values (VALUE, now() - interval '2 h', now() - interval '1 h')`,
					`insert into ban (TARGET) values (VALUE)`,
				},
				[]string{"expired", "open"},
			},
			{
				"upsert after it expired",
				[]string{
					`insert into ban (TARGET, created_at, expires_at)
						values (VALUE, now() - interval '2 h', now() - interval '1 h')`,
					`insert into ban (TARGET) values (VALUE) on conflict do nothing`,
				},
				[]string{"expired", "open"},
			},
			{
				"one that has not expired stands",
				[]string{
					`insert into ban (TARGET, expires_at) values (VALUE, now() + interval '1 h')`,
					`insert into ban (TARGET) values (VALUE) on conflict do nothing`,
					`insert into ban (TARGET, reason) values (VALUE, 'again')
						on conflict (TARGET) where lifted_at is null and TARGET is not null
						do update set reason = excluded.reason`,
				},
				[]string{"open"},
			},
			{
				"lifted, and again",
				[]string{
					`insert into ban (TARGET) values (VALUE)`,
					`update ban set lifted_at = now() where TARGET = VALUE`,
					`insert into ban (TARGET) values (VALUE)`,
					`update ban set lifted_at = now(), lifted_by = 'me', lift_reason = 'sorry'
						where TARGET = VALUE and lifted_at is null`,
				},
				[]string{"lifted by postgres", "lifted by me: sorry"},
			},
			{
				"opened again",
				[]string{
					`insert into ban (TARGET) values (VALUE)`,
					`update ban set lifted_at = now(), lifted_by = 'me', lift_reason = 'sorry' where TARGET = VALUE`,
					`update ban set lifted_at = null where TARGET = VALUE`,
				},
				[]string{"open"},
			},
			{
				"lifted and deleted in one transaction",
				[]string{
					`insert into ban (TARGET) values (VALUE);
						update ban set lifted_at = now();
						delete from ban;
						insert into ban (TARGET) values (VALUE)`,
				},
				[]string{"open"},
			},
		} {
			t.Run(target+" "+test.name, func(t *testing.T) {
				t.Parallel()
				conn, _ := database(t)
				for _, sql := range test.sql {
					simple(t, conn, fill(sql, target))
				}
				expectEqual(t, bans(t, conn), test.want)
			})
		}
	}
}

func TestRevisionsByHand(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	run(t, conn, `insert into player (uuid) values ('a')`)
	run(t, conn, `insert into ban (uuid) values ('a')`)
	for _, test := range []struct {
		sql   string
		newer bool
	}{
		{`update player set rank = 'mod'`, true},
		{`update player set rank = 'mod'`, false},
		{`update player set revision = 0`, false},
		{
			`update player set gamemodes = '{"pvp": {"stats": {"wins": 1}}}', addresses = '{"a:1": {"usid": "x"}}'`,
			false,
		},
		{`update player set name = 'Steve'`, true},
		{
			`insert into player (uuid, name) values ('a', 'Alex')
				on conflict (uuid) do update set name = excluded.name`,
			true,
		},
		{`insert into player (uuid) values ('a') on conflict do nothing`, false},
		{`with gone as (delete from player returning 1) select * from gone`, true},
		{`update ban set reason = 'x'`, false},
		{`update ban set revision = 0`, false},
		{`update ban set expires_at = 'infinity'`, true},
		{`update ban set lifted_at = now()`, true},
		{`update ban set lift_reason = 'x'`, false},
		{`update ban set lifted_at = null`, true},
		{`update ban set uuid = 'b'`, true},
	} {
		if value[int](t, conn, `select count(*) from player`) == 0 {
			run(t, conn, `insert into player (uuid) values ('a')`)
		}
		revisions := `select array[(select revision from player), (select revision from ban)]`
		updated := `select coalesce(max(updated_at), 'epoch') from player`
		before, at := value[[]int64](t, conn, revisions), value[time.Time](t, conn, updated)
		run(t, conn, test.sql)
		if value[int](t, conn, `select count(*) from player`) == 0 {
			// a row that comes again must be newer than the one that went
			run(t, conn, `insert into player (uuid) values ('a')`)
		}
		after := value[[]int64](t, conn, revisions)
		if after[0] < before[0] || after[1] < before[1] || (after[0]+after[1] > before[0]+before[1]) != test.newer {
			t.Errorf("%s: revisions %v, were %v", test.sql, after, before)
		}
		if test.sql[:13] == "update player" && !value[time.Time](t, conn, updated).After(at) {
			t.Errorf("%s: updated_at is still %v", test.sql, at)
		}
	}
}

func TestDeleteAndCopyByHand(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	for table, columns := range map[string][]string{"player": {"uuid", "name"}, "ban": {"uuid", "reason"}} {
		rows := pgx.CopyFromRows([][]any{{"a", "x"}, {"b", "y"}})
		if _, err := conn.CopyFrom(context.Background(), pgx.Identifier{table}, columns, rows); err != nil {
			t.Fatal(err)
		}
	}
	run(t, conn, `insert into player_history (uuid, action) values ('a', 'warned'), ('b', 'warned')`)
	run(t, conn, `delete from player where uuid = 'a'`)
	expectEqual(t, column[string](t, conn, `select uuid from player_history`), []string{"b"})
	run(t, conn, `delete from ban where uuid = 'b'`)
	expectEqual(t, column[string](t, conn, `select uuid from ban`), []string{"a"})
}

// What is written by hand and meets nobody is taken, and said aloud; an id counts in
// any spelling.
func TestByHandIsSaidWhomItMeets(t *testing.T) {
	t.Parallel()
	_, url := database(t)
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	var said []string
	config.OnNotice = func(_ *pgconn.PgConn, notice *pgconn.Notice) { said = append(said, notice.Message) }
	conn, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	const id, capitals = "069a79f4-44e9-4726-a5be-fca90e38aaf5", "069A79F444E94726A5BEFCA90E38AAF5"
	run(t, conn, `
		insert into player (uuid, name) values ('`+id+`', 'Griefer'), ('a', 'Steve');
		insert into server (name, gamemode, address) values ('pvp', 'pvp', '203.0.113.1:6567');
		insert into server_lease (server, run, expires_at) values ('pvp', '`+id+`', 'infinity');
		insert into session (server, uuid, run, name, gamemode) values ('pvp', '`+id+`', '`+id+`', 'Griefer', 'pvp');
		insert into currency (name) values ('coins')`)
	for _, c := range []struct{ sql, notice string }{
		{`insert into ban (uuid) values ('` + capitals + `')`, ""},
		{`insert into ban (uuid) values ('Griefer')`, "no player has the id Griefer yet"},
		{`insert into ban (uuid) values ('uuid:Nobody')`, ""},
		{`insert into kick (uuid) values ('` + capitals + `')`, ""},
		{`insert into kick (uuid) values ('Griefer')`, "Griefer is on no game server"},
		{`insert into blacklisted_address (address)
			values ('203.0.113.9'), ('2001:DB8::9'), ('fe80:0:0:0:0:0:0:1%eth0')`, ""},
		{
			`insert into blacklisted_address (address) values ('203.0.113.*')`,
			`"203.0.113.*" is not one address: servers compare letter for letter, and it keeps nobody out`,
		},
		{`select change_balance('` + capitals + `', 'coins', 5)`, ""},
		{`select transfer_balance('urn:uuid:` + id + `', 'a', 'coins', 2)`, ""},
	} {
		said = nil
		run(t, conn, c.sql)
		if got := strings.Join(said, "; "); got != c.notice {
			t.Errorf("%s: %q, want %q", c.sql, got, c.notice)
		}
	}
	expectEqual(t, value[string](t, conn, `select uuid from kick order by id limit 1`), id)
	expectEqual(t, value[int64](t, conn, `select amount from balance where uuid = '`+id+`'`), 3)
}
