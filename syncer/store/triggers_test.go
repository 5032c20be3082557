package store_test

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

// item is a change as it travels.
type item struct {
	Entity   string          `json:"e"`
	Key      string          `json:"k"`
	Xid      int64           `json:"x"`
	Micros   int64           `json:"t"`
	Revision int64           `json:"r"`
	Player   json.RawMessage `json:"p"`
	History  []any           `json:"h"`
	Open     *bool           `json:"o"`
	Balances []any           `json:"b"`
}

// String shows what travelled: the entity, the key or * and, unless it is bare,
// what the change carries.
func (i item) String() string {
	text := i.Entity + " " + i.Key
	switch {
	case i.Key == "":
		return i.Entity + " *"
	case i.Player != nil:
		return text + " row"
	case i.History != nil:
		return fmt.Sprintf("%s +%d", text, len(i.History))
	case i.Balances != nil:
		return fmt.Sprintf("%s +%d", text, len(i.Balances))
	case i.Open != nil && *i.Open:
		return text + " open"
	case i.Open != nil:
		return text + " closed"
	default:
		return text
	}
}

// listener receives the notifications of a database.
type listener struct {
	t    *testing.T
	conn *pgx.Conn
	url  string
}

func listen(t *testing.T, url string) listener {
	t.Helper()
	conn := psql(t, url)
	run(t, conn, "listen playersync")
	return listener{t, conn, url}
}

// notified returns what was notified since the last call, by message.
func (l listener) notified() [][]item {
	l.t.Helper()
	run(l.t, psql(l.t, l.url), "notify playersync, 'end'") // arrives behind all that was committed
	var messages [][]item
	for {
		notification, err := l.conn.WaitForNotification(context.Background())
		if err != nil {
			l.t.Fatal(err)
		}
		if notification.Payload == "end" {
			return messages
		}
		var items []item
		if err := json.Unmarshal(unsigned(l.t, notification.Payload), &items); err != nil {
			l.t.Fatalf("%s: %v", notification.Payload, err)
		}
		messages = append(messages, items)
	}
}

// unsigned returns the message of a notification, which has 32 hex digits before it.
func unsigned(t *testing.T, payload string) []byte {
	t.Helper()
	if len(payload) < 32 {
		t.Fatalf("notification %q is too short", payload)
	}
	if _, err := hex.DecodeString(payload[:32]); err != nil {
		t.Fatalf("notification %q: %v", payload, err)
	}
	return []byte(payload[32:])
}

func shown(messages [][]item) []string {
	all := []string{}
	for _, message := range messages {
		for _, item := range message {
			all = append(all, item.String())
		}
	}
	slices.Sort(all)
	return all
}

const recorded = `select entity || ' ' || coalesce(key, '*') from change order by 1`

// beforeTelling are the rows that the statements find.
const beforeTelling = `
truncate player, player_history, ban cascade;
insert into player (uuid) values ('a'), ('b'), ('c');
insert into player_history (uuid, action) values ('a', 'warned');
insert into ban (uuid) values ('a'), ('b');
insert into ban (uuid, lifted_at) values ('lifted', now());
delete from change`

// expired adds a ban that the next insert closes.
const expired = `insert into ban (uuid, created_at, expires_at)
	values ('old', now() - interval '2 h', now() - interval '1 h');`

func TestTriggersTell(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	listener := listen(t, url)
	for _, test := range []struct {
		name, sql string
		want      []string // notified
		recorded  []string // nil: the same without what they carry
	}{
		{"insert", `insert into player (uuid) values ('x')`, []string{"player x"}, nil},
		{"update", `update player set rank = 'mod' where uuid = 'a'`, []string{"player a row"}, nil},
		{
			"update of two", `update player set rank = 'mod' where uuid in ('a', 'b')`,
			[]string{"player a row", "player b row"},
			nil,
		},
		{
			"update that changes one of two",
			`update player set rank = 'mod';
				update player set rank = case uuid when 'a' then 'admin' else 'mod' end where uuid <> 'c'`,
			[]string{"player a row", "player a row", "player b row", "player c row"},
			[]string{"player a", "player a", "player b", "player c"},
		},
		{"update that changes nothing", `update player set rank = rank`, nil, nil},
		{"update of no row", `update player set rank = 'mod' where uuid = 'nobody'`, nil, nil},
		{"unsynced by hand", `update player set gamemodes = '{"pvp": {}}' where uuid = 'a'`, []string{"player a"}, nil},
		{
			"unsynced of two by hand", `update player set addresses = '{"x": {}}' where uuid < 'c'`,
			[]string{"player a", "player b"},
			nil,
		},
		{
			"unsynced by a sidecar",
			`set local syncer.notify = 'now'; update player set gamemodes = '{"pvp": {}}' where uuid = 'a'`, nil, nil,
		},
		{
			"unsynced of two by a sidecar",
			`set local syncer.notify = 'later'; update player set gamemodes = '{"pvp": {}}'`, nil, nil,
		},
		{
			"both by a sidecar",
			`set local syncer.notify = 'now';
				update player set gamemodes = '{"pvp": {}}', rank = 'mod' where uuid = 'a'`,
			[]string{"player a row"},
			nil,
		},
		{
			"quiet", `set local syncer.notify = 'later'; update player set rank = 'mod' where uuid = 'a'`, nil,
			[]string{"player a"},
		},
		{
			"quiet, of two",
			`set local syncer.notify = 'later'; update player set rank = 'mod' where uuid in ('a', 'b')`, nil,
			[]string{"player a", "player b"},
		},
		{
			"quiet, that changes one of two",
			`set local syncer.notify = 'later';
				update player set rank = case uuid when 'a' then 'mod' else rank end, gamemodes = '{"pvp": {}}'`,
			nil,
			[]string{"player a"},
		},
		{
			"quiet, of many",
			`insert into player (uuid) select i from generate_series(1, 1001) as i;
				delete from change;
				set local syncer.notify = 'later';
				update player set rank = 'mod'`,
			[]string{"player *"},
			[]string{"player *"},
		},
		{
			"quiet ban", `set local syncer.notify = 'later'; insert into ban (uuid) values ('x')`, nil,
			[]string{"ban uuid:x"},
		},
		{
			"upsert",
			`insert into player (uuid, rank) values ('a', 'mod'), ('x', 'mod')
				on conflict (uuid) do update set rank = excluded.rank`,
			[]string{"player a row", "player x"},
			nil,
		},
		{"upsert that does nothing", `insert into player (uuid) values ('a') on conflict do nothing`, nil, nil},
		{"delete", `delete from player where uuid = 'b'`, []string{"player b"}, nil},
		{"truncate", `truncate player cascade`, []string{"balance *", "player *", "player *"}, nil},
		{
			"as a replica",
			`set local session_replication_role = replica;
				update player set rank = 'mod' where uuid = 'a';
				insert into ban (uuid) values ('x')`,
			[]string{"ban uuid:x open", "player a row"},
			nil,
		},
		{
			"too large to travel",
			`update player set attributes = jsonb_build_object('a', repeat('é', 5000)) where uuid = 'a'`,
			[]string{"player a"},
			nil,
		},
		{
			"one of two too large",
			`update player set attributes =
				case uuid when 'a' then jsonb_build_object('a', repeat('x', 9000)) else '{"a": 1}' end
				where uuid < 'c'`,
			[]string{"player a", "player b row"},
			nil,
		},
		{
			"history",
			`insert into player_history (uuid, action) values ('b', 'warned'), ('b', 'kicked'), ('c', 'kicked')`,
			[]string{"player b +2", "player c +1"},
			nil,
		},
		{"history update", `update player_history set by = 'me'`, []string{"player a", "player a"}, nil},
		{"history moved", `update player_history set uuid = 'b'`, []string{"player a", "player b"}, nil},
		{"history delete", `delete from player_history`, []string{"player a"}, nil},
		{"history truncate", `truncate player_history`, []string{"player *"}, nil},
		{
			"ban", `insert into ban (uuid) values ('x'); insert into ban (ip) values ('10.0.0.0/8')`,
			[]string{"ban ip:10.0.0.0/8 open", "ban uuid:x open"},
			nil,
		},
		{"ban that is lifted already", `insert into ban (uuid, lifted_at) values ('x', now())`, nil, nil},
		{"ban, expiry", `update ban set expires_at = 'infinity' where uuid = 'a'`, []string{"ban uuid:a open"}, nil},
		{"ban, reason", `update ban set reason = 'x', banned_by = 'me'`, nil, nil},
		{"ban lifted", `update ban set lifted_at = now() where uuid = 'a'`, []string{"ban uuid:a closed"}, nil},
		{
			"lifted ban changed",
			`update ban set lift_reason = 'x', expires_at = 'infinity' where lifted_at is not null`, nil, nil,
		},
		{"ban moved", `update ban set uuid = 'y' where uuid = 'a'`, []string{"ban uuid:a", "ban uuid:y open"}, nil},
		{
			"bans swapped", `update ban set uuid = case uuid when 'a' then 'b2' else 'a2' end where uuid in ('a', 'b')`,
			[]string{"ban uuid:a", "ban uuid:a2 open", "ban uuid:b", "ban uuid:b2 open"},
			nil,
		},
		{
			"ban replaced in one statement",
			`with lifted as (update ban set lifted_at = now() where uuid = 'a' returning uuid)
				delete from ban using lifted where ban.uuid = 'b'`,
			[]string{"ban uuid:a closed", "ban uuid:b closed"},
			nil,
		},
		{
			"ban closed by expiry", expired + `insert into ban (uuid) values ('old')`,
			[]string{"ban uuid:old closed", "ban uuid:old open", "ban uuid:old open"},
			nil,
		},
		{"ban deleted", `delete from ban where uuid = 'a'`, []string{"ban uuid:a closed"}, nil},
		{
			"ban deleted and made again in one statement",
			`with gone as (delete from ban where uuid = 'a' returning uuid)
				insert into ban (uuid) select uuid from gone`,
			[]string{"ban uuid:a", "ban uuid:a open"},
			nil,
		},
		{
			"ban lifted and made again in one statement",
			`with gone as (update ban set lifted_at = now() where uuid = 'a' returning uuid)
				insert into ban (uuid) select uuid from gone`,
			[]string{"ban uuid:a closed", "ban uuid:a open"},
			nil,
		},
		{"lifted ban deleted", `delete from ban where lifted_at is not null`, nil, nil},
		{"bans truncated", `truncate ban`, []string{"ban *"}, nil},
		{"rolled back", `savepoint s; update player set rank = 'mod'; rollback to s`, nil, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			simple(t, conn, beforeTelling)
			listener.notified()
			simple(t, conn, "begin; "+test.sql+"; commit")
			notified := listener.notified()
			expectEqual(t, shown(notified), append([]string{}, test.want...))
			expectNotMisled(t, conn, notified)
			if test.recorded == nil {
				for _, text := range test.want {
					words := strings.Fields(text)
					test.recorded = append(test.recorded, strings.Join(words[:2], " "))
				}
			}
			expectEqual(t, column[string](t, conn, recorded), append([]string{}, test.recorded...))
		})
	}
}

// expectNotMisled compares notified bans with the table: of what was notified of a
// target the highest revision counts, unless a bare key has it read back.
func expectNotMisled(t *testing.T, conn *pgx.Conn, notified [][]item) {
	t.Helper()
	last := map[string]item{}
	for _, item := range slices.Concat(notified...) {
		if known, ok := last[item.Key]; item.Entity == "ban" &&
			(!ok || known.Open != nil && (item.Open == nil || item.Revision > known.Revision)) {
			last[item.Key] = item
		}
	}
	for key, item := range last {
		open := value[bool](t, conn,
			`select exists (select from ban where ban_target(uuid, ip) = $1 and lifted_at is null)`, key)
		if item.Open != nil && *item.Open != open {
			t.Errorf("%s was notified as open %t, is open %t", key, *item.Open, open)
		}
	}
}

// A notification names its transaction and carries the row as it was committed.
func TestToldRowsAreTheRows(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	run(t, conn, `insert into player (uuid) values ('a')`)
	run(t, conn, `delete from change`)
	listener := listen(t, url)
	run(t, conn,
		`update player set rank = 'mod', flags = '{x}', unmute_time = 'infinity', mute_reason = 'spam',
			rainbow_speed = 3,
			attributes = '{"a": null}', name = 'é"\'`)
	notified := listener.notified()
	if len(notified) != 1 || len(notified[0]) != 1 {
		t.Fatalf("notified of %v", notified)
	}
	got := notified[0][0]
	expectEqual(t, value[string](t, conn, `select xid::text from change`), fmt.Sprint(got.Xid))
	expectEqual(t, value[int64](t, conn, `select revision from player`), got.Revision)
	if !value[bool](t, conn, `select player_synced(player)::jsonb = $1::jsonb from player`, string(got.Player)) {
		t.Errorf("notified of %s", got.Player)
	}
	if !value[bool](t, conn, `select at - to_timestamp($1 / 1e6) between '0' and '1 minute' from change`, got.Micros) {
		t.Errorf("notified of time %d", got.Micros)
	}
}

// Many changes share few messages, each below the limit of 8000 bytes.
func TestManyChangesArePacked(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	run(t, conn, `insert into player (uuid) select 'p' || i from generate_series(1, 256) as i`)
	listener := listen(t, url)
	run(t, conn, `update player set name = repeat('é', 200)`)
	messages := listener.notified()
	rows := shown(messages)
	if len(rows) != 256 || slices.ContainsFunc(rows, func(text string) bool {
		return !strings.HasSuffix(text, " row")
	}) {
		t.Errorf("notified of %d rows: %v", len(rows), rows)
	}
	size := value[int](t, conn, `select sum(octet_length(player_change(player)::text) + 1) from player`)
	if least := size/7900 + 1; len(messages) > least+least/5 {
		t.Errorf("%d messages for %d bytes", len(messages), size)
	}
}
