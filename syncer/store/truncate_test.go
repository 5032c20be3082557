package store_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// heldRows are one row in each table that is held in memory.
const heldRows = `
insert into player (uuid) values ('Steve');
insert into player_history (uuid, action, by, time) values ('Steve', 'warned', 'Alex', now());
insert into ban (uuid, reason, banned_by) values ('Steve', 'griefing', 'Alex');
insert into antibot_pattern (kind, pattern) values ('blacklist', '^bot');
insert into blacklisted_address (address) values ('192.0.2.1');
insert into staff_message (server, player, text) values ('survival', 'Alex', 'hello');
insert into kick (uuid) values ('Steve');
insert into mod_log (message) values ('Steve was stopped');
insert into server (name, gamemode, address) values ('survival', 'survival', '192.0.2.1:1');
insert into server_lease (server, run, expires_at) values ('survival', gen_random_uuid(), now() + '1 day');
insert into session (server, uuid, run, gamemode) select server, 'Steve', run, 'survival' from server_lease`

// A table that is truncated and filled again in one transaction is empty in no committed
// state. TRUNCATE does not keep to snapshots: a reading whose snapshot is older than its
// lock would find the table empty, and say that this is the truth as of that snapshot.
func TestReadingsFindNoTableEmptyThatIsFilledAgain(t *testing.T) {
	t.Parallel()
	for _, isolation := range []string{"read committed", "repeatable read"} {
		t.Run(isolation, func(t *testing.T) {
			t.Parallel()
			conn, url := database(t)
			run(t, conn, heldRows)
			run(t, conn, fmt.Sprintf("alter database %s set default_transaction_isolation = '%s'",
				value[string](t, conn, "select current_database()"), isolation))
			s, err := store.Open(context.Background(), url, store.Options{Timeout: pgtest.WaitTimeout})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			for _, r := range readings(s, follow(t, s)) {
				if rows := readWhileFilledAgain(t, conn, r); rows != 1 {
					t.Errorf("%s of %s: %d rows were found, there is always 1", r.name, r.table, rows)
				}
			}
		})
	}
}

// reading is one way in which rows come into memory.
type reading struct {
	name  string
	table syncer.Entity
	read  func(context.Context) (rows int, err error)
}

func readings(s *store.Store, conn *store.FeedConn) []reading {
	steve := []syncer.PlayerID{"Steve"}
	count := func(readings []changefeed.VersionedPlayer, err error) (players, entries int, _ error) {
		for _, r := range readings {
			if r.Player != nil {
				players, entries = players+1, entries+len(r.Player.History)
			}
		}
		return players, entries, err
	}
	all := []reading{ // history first: it is truncated with the players
		{"history", "player_history", func(ctx context.Context) (int, error) {
			_, entries, err := count(s.ReadPlayers(ctx, steve))
			return entries, err
		}},
		{"history by the feed", "player_history", func(ctx context.Context) (int, error) {
			_, entries, err := count(conn.ReadPlayers(ctx, steve))
			return entries, err
		}},
		{"players", syncer.EntityPlayer, func(ctx context.Context) (int, error) {
			players, _, err := count(s.ReadPlayers(ctx, steve))
			return players, err
		}},
		{"players by the feed", syncer.EntityPlayer, func(ctx context.Context) (int, error) {
			players, _, err := count(conn.ReadPlayers(ctx, steve))
			return players, err
		}},
		{"single rows", syncer.EntityBan, func(ctx context.Context) (int, error) {
			_, open, err := conn.ReadBans(ctx, []syncer.Target{syncer.TargetID("Steve")})
			return len(open), err
		}},
		{"all rows", syncer.EntityBan, func(ctx context.Context) (rows int, err error) {
			_, err = conn.LoadBans(ctx, func(syncer.ActiveBan) { rows++ })
			return rows, err
		}},
	}
	for _, table := range []syncer.Entity{
		syncer.EntityStaffMessage, syncer.EntityAntibotPattern, syncer.EntityBlacklist,
		syncer.EntitySession, syncer.EntityKick, syncer.EntityModLog,
	} {
		all = append(all, reading{"all rows", table, func(ctx context.Context) (int, error) {
			_, rows, err := conn.ReadTable(ctx, table)
			return len(rows), err
		}})
	}
	return all
}

// readWhileFilledAgain reads a table which another transaction has truncated and filled
// again; it commits once the reading waits for it. It returns how many rows were read.
func readWhileFilledAgain(t *testing.T, conn *pgx.Conn, r reading) int {
	t.Helper()
	if _, err := r.read(context.Background()); err != nil { // from now on the statement is prepared
		t.Fatalf("%s of %s: %v", r.name, r.table, err)
	}
	run(t, conn, fmt.Sprintf(`
		begin;
		create temp table kept on commit drop as table %[1]s;
		truncate %[1]s cascade;
		insert into %[1]s overriding system value table kept`, r.table))
	type result struct {
		rows int
		err  error
	}
	done := make(chan result, 1)
	go func() {
		rows, err := r.read(context.Background())
		done <- result{rows, err}
	}()
	waiting := "select exists (select from pg_locks where relation = $1::text::regclass and not granted)"
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		if !value[bool](t, conn, waiting, r.table) {
			return errors.New("nobody waits for the table")
		}
		return nil
	})
	run(t, conn, "commit")
	read := <-done
	if read.err != nil {
		t.Fatalf("%s of %s: %v", r.name, r.table, read.err)
	}
	return read.rows
}
