package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// write is one of those that the API makes, each of a number.
type write struct {
	do     func(ctx context.Context, s *store.Store, n int) error
	stored string // how often write $1 is stored
}

var writes = map[string]write{
	"edit": {
		func(ctx context.Context, s *store.Store, n int) error {
			_, _, err := s.EditPlayer(ctx, "steve", ranked(n), nil)
			return err
		},
		`select count(*) from audit where field = 'rank' and new = to_jsonb($1::text)`,
	},
	"edit with history": {
		func(ctx context.Context, s *store.Store, n int) error {
			edit := ranked(n)
			edit.History = []syncer.HistoryEntry{{Action: fmt.Sprint(n), Time: syncer.Millis(int64(n))}}
			_, _, err := s.EditPlayer(ctx, "steve", edit, nil)
			return err
		},
		`select count(*) from player_history where action = $1`,
	},
	"edits together": {
		func(ctx context.Context, s *store.Store, n int) error {
			return withAlex(ctx, s, ranked(n))
		},
		`select count(*) from audit where field = 'rank' and new = to_jsonb($1::text)`,
	},
	"edits together with history": {
		func(ctx context.Context, s *store.Store, n int) error {
			edit := ranked(n)
			edit.History = []syncer.HistoryEntry{{Action: fmt.Sprint(n), Time: syncer.Millis(int64(n))}}
			return withAlex(ctx, s, edit)
		},
		`select count(*) from player_history where action = $1`,
	},
	"batch": {
		func(ctx context.Context, s *store.Store, n int) error {
			id := syncer.PlayerID(fmt.Sprint(n))
			_, _, err := s.SaveBatch(ctx, newBatch(map[syncer.PlayerID]merge.Edit{id: wins(1)}))
			return err
		},
		`select count(*) from player where uuid = $1`,
	},
	"ban": {
		func(ctx context.Context, s *store.Store, n int) error {
			_, _, _, err := s.AddBan(ctx, syncer.NewBan{Target: syncer.TargetID(syncer.PlayerID(fmt.Sprint(n)))})
			return err
		},
		`select count(*) from ban where uuid = $1`,
	},
	"payment": {
		func(ctx context.Context, s *store.Store, n int) error {
			change := syncer.Transfer{Currency: "coins", Key: fmt.Sprint(n)}.Change("steve", 1)
			_, _, err := s.MoveBalance(ctx, change)
			return err
		},
		`select count(*) from ledger where key = $1`,
	},
	"payments together": {
		func(ctx context.Context, s *store.Store, n int) error {
			var moves []syncer.Transfer
			for _, id := range []syncer.PlayerID{"steve", "alex"} {
				moves = append(moves, syncer.Transfer{Currency: "coins", Key: fmt.Sprint(id, n)}.Change(id, 1))
			}
			_, _, err := s.MoveBalances(ctx, moves)
			return err
		},
		`select count(*) from ledger where key = 'steve' || $1`,
	},
}

// A write whose answer is cut off at any byte is called not stored only if it is not, and
// cannot be any more.
func TestCutWriteIsCalledNotStoredOnlyIfItIsNot(t *testing.T) {
	t.Parallel()
	for name, write := range writes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, url := database(t)
			run(t, conn, `insert into player (uuid) values ('steve'), ('alex');
				insert into currency (name) values ('coins');
				insert into balance (uuid, currency) select uuid, 'coins' from player`)
			proxy := pgtest.NewProxy(t, url)
			s, err := store.Open(t.Context(), proxy.URL()+"&application_name=cut", store.Options{
				MaxConnections: 1, Timeout: pgtest.WaitTimeout,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			for n, cut := range cuts(t, proxy, func() error { return write.do(t.Context(), s, -1) }) {
				if err := write.do(t.Context(), s, -n-2); err != nil { // on an open connection, all prepared
					t.Fatal(err)
				}
				proxy.CutAfter(cut)
				err := write.do(t.Context(), s, n)
				proxy.CutAfter(-1)
				pgtest.Eventually(t, pgtest.WaitTimeout, func() error { return hasEnded(t, conn) })
				count := value[int](t, conn, write.stored, fmt.Sprint(n))
				switch code := syncer.CodeOf(err); {
				case err == nil && count != 1, count > 1:
					t.Errorf("cut after %d bytes: %v, stored %d times", cut, err, count)
				case err != nil && code != syncer.CodeUnavailable && code != syncer.CodeOutcomeUnknown:
					t.Errorf("cut after %d bytes: %v", cut, err)
				case code == syncer.CodeUnavailable && count > 0:
					t.Errorf("cut after %d bytes: stored, but answered %v", cut, err)
				}
			}
		})
	}
}

// withAlex edits Steve in one step with somebody else.
func withAlex(ctx context.Context, s *store.Store, edit merge.Edit) error {
	_, _, err := s.EditPlayers(ctx, []merge.PlayerEdit{
		{ID: "steve", Edit: edit}, {ID: "alex", Edit: merge.Edit{Flags: merge.SetEdit{Add: []string{"vip"}}}},
	})
	return err
}

func ranked(n int) merge.Edit {
	return merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some(fmt.Sprint(n))}}
}

// cuts returns where to cut off a write's answer: here and there, and often near its end, where
// the commit is answered.
func cuts(t *testing.T, proxy *pgtest.Proxy, write func() error) []int {
	t.Helper()
	for range 2 { // the second time nothing has to be prepared
		proxy.CutAfter(1 << 20)
		if err := write(); err != nil {
			t.Fatal(err)
		}
	}
	total := 1<<20 - proxy.Left()
	var places []int
	for place := 0; place < total; place += 1 + (total-place)/3 {
		places = append(places, place)
	}
	return append(places, total-1)
}

// hasEnded reports that the server has done all that it was sent.
func hasEnded(t *testing.T, conn *pgx.Conn) error {
	t.Helper()
	const busy = `select count(*) from pg_stat_activity where application_name = 'cut' and state <> 'idle'`
	if n := value[int](t, conn, busy); n > 0 {
		return fmt.Errorf("%d sessions are at work", n)
	}
	return nil
}

// What a server says of a write is believed only if it is the server that says it, of the
// statement. PgBouncer speaks in its place without the level that is never translated.
func TestOnlyTheServersVerdictMeansNotStored(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		said pgconn.PgError
		want syncer.Code
	}{
		{pgconn.PgError{Severity: "FATAL", Code: "08P01", Message: "server conn crashed?"}, syncer.CodeOutcomeUnknown},
		{pgconn.PgError{Severity: "ERROR", Code: "08P01"}, syncer.CodeOutcomeUnknown},
		{pgconn.PgError{Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "57P01"}, syncer.CodeOutcomeUnknown},
		{pgconn.PgError{Severity: "PANIK", SeverityUnlocalized: "PANIC", Code: "XX000"}, syncer.CodeOutcomeUnknown},
		{pgconn.PgError{Severity: "FEHLER", SeverityUnlocalized: "ERROR", Code: "57014"}, syncer.CodeUnavailable},
		{pgconn.PgError{Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "23514"}, syncer.CodeInvalid},
	} {
		if got := syncer.CodeOf(store.WriteError("write", &test.said)); got != test.want {
			t.Errorf("%+v: %s, want %s", test.said, got, test.want)
		}
	}
}

// A database that cannot serve is an outage, whatever it says: what is asked of it is refused
// for now, and may be tried again.
func TestDatabaseThatCannotServeIsAnOutage(t *testing.T) {
	t.Parallel()
	for what, fault := range map[string]struct{ sql, parameter string }{
		"no schema":     {sql: `alter schema public rename to elsewhere`},
		"no tables":     {sql: `alter table player rename to player_; alter table ban rename to ban_`},
		"no function":   {sql: `alter schema public rename to elsewhere; create schema public`},
		"no privileges": {parameter: "&role=playersync_readonly"},
		"read-only":     {parameter: "&default_transaction_read_only=on"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			conn, url := database(t)
			run(t, conn, `insert into player (uuid) values ('steve'), ('alex');
				insert into currency (name) values ('coins');
				insert into balance (uuid, currency) select uuid, 'coins' from player`)
			run(t, conn, fault.sql)
			s, err := store.Open(t.Context(), url+fault.parameter, store.Options{Timeout: pgtest.WaitTimeout})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			for name, write := range writes {
				err := write.do(t.Context(), s, 1)
				if code := syncer.CodeOf(err); code != syncer.CodeUnavailable && (err != nil || fault.sql == "") {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
	}
}
