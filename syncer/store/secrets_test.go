package store_test

import (
	"context"
	"net/netip"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

const (
	playersUSID    = "c2VjcmV0IHVzaWQ="
	rejectedUSID   = "cmVqZWN0ZWQ="
	playersAddress = "203.0.113.77"
)

// leaveTraces does everything by which usids and players' addresses come into the database,
// and what copies rows: it notifies, it audits.
func leaveTraces(t *testing.T, s *store.Store, conn *pgx.Conn) {
	t.Helper()
	ctx := context.Background()
	usid := playersUSID
	_, _, err := s.SaveBatch(ctx, merge.Batch{ID: [16]byte{1}, Edits: map[syncer.PlayerID]merge.Edit{"a": {
		Addresses: map[string]merge.AddressEdit{"one:1": {USID: &usid}, "two:2": {USID: &usid}},
		Visits: []syncer.Visit{{
			Server: "a", Name: "Steve", IP: netip.MustParseAddr(playersAddress), Joins: 1,
			First: syncer.Millis(1), Last: syncer.Millis(2),
		}},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{"one:1", "two:2"} {
		rejection := mindustry.USIDRejection{Code: "01234-2", ID: "a", Address: address, USID: rejectedUSID}
		if err := s.AddUSIDRejection(ctx, rejection); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.ApproveUSID(ctx, "01234-2", "one:1"); err != nil {
		t.Fatal(err)
	}
	for _, edit := range []string{
		"update player set rank = 'mod', name = 'Steve'",
		`update player set addresses = addresses || jsonb_build_object('three:3', addresses -> 'two:2')`,
		"update player set uuid = uuid, addresses = addresses || '{}'",
		"insert into player_address (uuid, server, ip) select uuid, 'b', ip from player_address",
		"insert into player (uuid, rank, addresses) select 'b', rank, addresses from player",
		"insert into ban (uuid, reason) values ('a', 'griefing')",
		"delete from player where uuid = 'b'",
	} {
		run(t, conn, edit)
	}
}

// reads returns those columns of tables and views that a session may read and that hold a text.
func reads(t *testing.T, conn *pgx.Conn, text string) (found []string) {
	t.Helper()
	for _, column := range column[string](t, conn, ours+`
		select relname || '.' || attname
		from relation
		join pg_attribute on attrelid = relation.oid and attnum > 0 and not attisdropped
		where relkind in ('r', 'v') and has_column_privilege(relation.oid, attnum, 'select')
		order by 1`) {
		table, name, _ := strings.Cut(column, ".")
		if value[bool](t, conn, "select exists (select from "+table+" where strpos("+name+"::text, $1) > 0)", text) {
			found = append(found, column)
		}
	}
	return found
}

// unreadable returns the columns that a session may not read; a table of which it may read
// none counts as one.
func unreadable(t *testing.T, conn *pgx.Conn) []string {
	t.Helper()
	return column[string](t, conn, ours+`
		select relname::text from relation
		where relkind in ('r', 'v') and not has_any_column_privilege(oid, 'select')
		union all
		select relname || '.' || attname
		from relation
		join pg_attribute on attrelid = relation.oid and attnum > 0 and not attisdropped
		where relkind in ('r', 'v') and has_any_column_privilege(relation.oid, 'select')
		  and not has_column_privilege(relation.oid, attnum, 'select')
		order by 1`)
}

func TestReadOnlyRoleReadsNoUsidsAndNoAddressesOfPlayers(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		s, err := store.Open(context.Background(), login(t, address, "in role playersync_app"),
			store.Options{Timeout: pgtest.WaitTimeout})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		reader := psql(t, login(t, address, "in role playersync_readonly"))
		moderator := psql(t, login(t, address, "in role playersync_readonly, playersync_addresses"))
		run(t, reader, "listen playersync")
		admin := psql(t, address)
		leaveTraces(t, s, admin)

		for _, usid := range []string{playersUSID, rejectedUSID} {
			if found := reads(t, admin, usid); len(found) == 0 {
				t.Errorf("the usid %s is nowhere", usid)
			}
			expectEqual(t, reads(t, reader, usid), nil)
			expectEqual(t, reads(t, moderator, usid), nil)
		}
		expectEqual(t, reads(t, reader, playersAddress), nil)
		expectEqual(t, reads(t, moderator, playersAddress), []string{"player_address.ip", "player_info.addresses"})
		expectEqual(t, unreadable(t, reader), []string{
			"feed_key", "player.addresses", "player_address", "player_info.addresses", "shared_address",
			"usid_rejection.usid",
		})
		expectEqual(t, unreadable(t, moderator), []string{"feed_key", "player.addresses", "usid_rejection.usid"})

		run(t, admin, "select feed_send('the last')")
		for n := 0; ; n++ {
			payload := payloadOf(t, reader)
			for _, secret := range []string{playersUSID, rejectedUSID, playersAddress} {
				if strings.Contains(payload, secret) {
					t.Errorf("a notification carries %s: %s", secret, payload)
				}
			}
			if strings.HasSuffix(payload, "the last") {
				if n < 5 {
					t.Errorf("only %d notifications came", n)
				}
				return
			}
		}
	})
}

// payloadOf waits for the next notification of a session that listens.
func payloadOf(t *testing.T, conn *pgx.Conn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.WaitTimeout)
	defer cancel()
	notification, err := conn.WaitForNotification(ctx)
	if err != nil {
		t.Fatal(err)
	}
	return notification.Payload
}

// What PostgreSQL has gathered about the columns for its planner shows samples of them.
func TestReadOnlyRoleReadsNoSamplesOfUsidsAndAddresses(t *testing.T) {
	t.Parallel()
	admin, address := database(t)
	run(t, admin, `insert into player (uuid, addresses) select 'p' || n, '{"one:1": {"usid": "shared"}}'
		from generate_series(1, 100) as n`)
	run(t, admin, `insert into player_address (uuid, server, ip) select uuid, 'a', '203.0.113.77' from player`)
	run(t, admin, "analyze player, player_address")
	samples := "select attname::text from pg_stats where tablename in ('player', 'player_address') and " +
		"attname in ('addresses', 'ip')"
	expectEqual(t, len(column[string](t, admin, samples)), 2)
	reader := psql(t, login(t, address, "in role playersync_readonly"))
	expectEqual(t, column[string](t, reader, samples), []string{})
}
