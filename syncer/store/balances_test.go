package store_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// economy is a store with Steve, Alice and Bob, who own nothing, and coins.
func economy(t *testing.T) (*store.Store, *pgx.Conn, string) {
	t.Helper()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn,
		`insert into currency (name) values ('coins'), ('gems');
		insert into player (uuid) values ('Steve'), ('Alice'), ('Bob')`)
	return s, conn, url
}

func move(payer, payee syncer.PlayerID, amount int64, key string) syncer.Transfer {
	return syncer.Transfer{
		Payer: payer, Payee: payee, Currency: "coins", Amount: amount, Key: key, Reason: "test", By: "me",
		Server: "pvp",
	}
}

// reconciled fails the test unless every balance is the sum of its ledger.
func reconciled(t *testing.T, s *store.Store) {
	t.Helper()
	if total, some, err := s.BalanceMismatches(context.Background()); err != nil || total > 0 {
		t.Errorf("mismatches: %d %v %v", total, some, err)
	}
}

const owned = `select uuid || ' ' || currency || ' ' || amount from balance order by 1`

func TestMovesHappenOnceForEachKey(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	for _, step := range []struct {
		move syncer.Transfer
		want string // entries, or the error's code
	}{
		{move("Steve", "", 1, "a"), "insufficient_funds 0"},
		{move("", "Steve", 1000, "a"), "Steve +1000 =1000"}, // a refusal left the key free
		{move("", "Steve", 1000, "a"), "again Steve +1000 =1000"},
		{move("", "Steve", 999, "a"), "idempotency_conflict"},
		{move("", "Alice", 1000, "a"), "idempotency_conflict"},
		{move("Steve", "", 1000, "a"), "idempotency_conflict"},
		{move("Bob", "Steve", 1000, "a"), "idempotency_conflict"},
		{move("Steve", "", 300, "b"), "Steve -300 =700"},
		{move("Steve", "", 701, "c"), "insufficient_funds 700"},
		{move("Steve", "Alice", 200, "c"), "Steve -200 =500 to Alice; Alice +200 =200 to Steve"},
		{move("Steve", "", 500, "d"), "Steve -500 =0"},
		{move("Steve", "Alice", 200, "c"), "again Steve -200 =500 to Alice; Alice +200 =200 to Steve"},
		{move("Steve", "", 200, "c"), "idempotency_conflict"},
		{move("", "Alice", 200, "c"), "idempotency_conflict"},
		{move("Alice", "Bob", 201, "e"), "insufficient_funds 200"},
		{move("", "Bob", syncer.MaxBalance, "f"), "Bob +9007199254740991 =9007199254740991"},
		{move("", "Bob", 1, "g"), "invalid change"},
		{move("Alice", "Bob", 1, "g"), "invalid amount"},
		{move("", "nobody", 1, "g"), "not_found"},
		{move("nobody", "", 1, "g"), "not_found"},
		{move("nobody", "Bob", 1, "g"), "invalid from"},
		{move("Alice", "nobody", 1, "g"), "invalid to"},
	} {
		got, changes, err := s.MoveBalance(context.Background(), step.move)
		if text := movedText(got, err); text != step.want {
			t.Errorf("%+v: %s, want %s", step.move, text, step.want)
		}
		if err == nil && len(changes) == 0 {
			t.Errorf("%+v tells nobody", step.move)
		}
		reconciled(t, s)
	}
	unknown := move("", "Steve", 1, "g")
	unknown.Currency = "shells"
	if _, _, err := s.MoveBalance(context.Background(), unknown); movedText(syncer.TransferResult{},
		err) != "invalid currency" {
		t.Errorf("unknown currency: %v", err)
	}
	expectEqual(t, column[string](t, conn, owned), []string{
		"Alice coins 200", "Bob coins 9007199254740991", "Steve coins 0",
	})
	expectEqual(t, column[string](t, conn, `select distinct concat_ws('/', reason, by, server) from ledger`), []string{
		"test/me/pvp",
	})
}

func movedText(m syncer.TransferResult, err error) string {
	if refused, ok := errors.AsType[*syncer.Error](err); ok {
		switch refused.Code {
		case syncer.CodeInsufficient:
			return fmt.Sprint(refused.Code, " ", refused.Balance)
		case syncer.CodeInvalid:
			return "invalid " + refused.Field
		default:
			return string(refused.Code)
		}
	}
	if err != nil {
		return err.Error()
	}
	var parts []string
	for _, e := range m.Entries {
		text := fmt.Sprintf("%s %+d =%d", e.Player, e.Change, e.Balance)
		if e.Peer != "" {
			text += " to " + string(e.Peer)
		}
		parts = append(parts, text)
	}
	if text := strings.Join(parts, "; "); m.Repeated {
		return "again " + text
	}
	return strings.Join(parts, "; ")
}

// The ledger names whom a move names, else whose request it is.
func TestLedgerNamesWhoWantsAMove(t *testing.T) {
	t.Parallel()
	s, _, _ := economy(t)
	ctx := syncer.WithActor(t.Context(), "Alice")
	for named, want := range map[string]string{"": "Alice", "Bob": "Bob"} {
		m := move("", "Steve", 1, "by "+want)
		m.By = named
		moved, _, err := s.MoveBalance(ctx, m)
		if err != nil || moved.Entries[0].By != want {
			t.Errorf("by %q: %+v, %v, want %s", named, moved, err, want)
		}
	}
}

func TestEditsByHandGoIntoTheLedger(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	for _, step := range []struct {
		sql  string
		want []string // new entries
	}{
		{
			`insert into balance (uuid, currency, amount) values ('Steve', 'coins', 5), ('Alice', 'coins', 0)`,
			[]string{"Steve +5 =5 edited by hand"},
		},
		{
			`update balance set amount = amount + 10`,
			[]string{"Alice +10 =10 edited by hand", "Steve +10 =15 edited by hand"},
		},
		{`update balance set amount = amount, revision = 1`, nil},
		{`select change_balance('Steve', 'coins', -4, 'k', 'lunch')`, []string{"Steve -4 =11 lunch"}},
		{`select change_balance('Steve', 'coins', -4, 'k', 'lunch')`, nil},
		{`select change_balance('Steve', 'coins', 1)`, []string{"Steve +1 =12 "}},
		{`select transfer_balance('Steve', 'Bob', 'coins', 2)`, []string{"Bob +2 =2 ", "Steve -2 =10 "}},
		{
			`begin; select change_balance('Bob', 'coins', 1); update balance set amount = 0 where uuid = 'Bob'; commit`,
			[]string{"Bob +1 =3 ", "Bob -3 =0 edited by hand"},
		},
		{`delete from player where uuid = 'Alice'`, []string{"Alice -10 =0 the balance was deleted"}},
		{`truncate balance`, []string{"Steve -10 =0 all balances were deleted"}},
		{
			`set session_replication_role = replica;
				insert into balance values ('Bob', 'gems', 3);
				reset session_replication_role`,
			[]string{"Bob +3 =3 edited by hand"},
		},
	} {
		last := column[int64](t, conn, `select coalesce(max(id), 0) from ledger`)[0]
		run(t, conn, step.sql)
		got := column[string](t, conn, fmt.Sprintf(
			`select format('%%s %%s%%s =%%s %%s', uuid, case when change > 0 then '+' end, change, balance, reason)
			from ledger where id > %d order by 1`, last))
		if !slices.Equal(got, step.want) {
			t.Errorf("%s: %q, want %q", step.sql, got, step.want)
		}
		reconciled(t, s)
	}
	expectEqual(t, column[string](t, conn, `select distinct by from ledger`), []string{"postgres"})
}

// Whoever may write balances may say in syncer.ledger what he likes. The login stays his.
func TestLedgerKeepsTheLogin(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	run(t, psql(t, url), `
		insert into player (uuid) values ('Steve');
		insert into currency (name) values ('coins')`)
	address := login(t, url, "in role playersync_app")
	app := psql(t, address)
	me := value[string](t, app, "select session_user::text")
	simple(t, app, `
		select set_config('syncer.ledger', '{"by": "Alice", "server": "pvp", "role": "postgres"}', true);
		insert into balance values ('Steve', 'coins', 1000000)`)
	run(t, app, "select change_balance('Steve', 'coins', 1)")
	expectRefused(t, app,
		"insert into ledger (uuid, currency, change, balance, role) values ('Steve', 'coins', 1, 1, 'x')",
		"update ledger set role = 'postgres'", "delete from ledger", "select ledger_fold('1 day')",
		"set session authorization postgres")

	entries, err := s.Ledger(context.Background(), "Steve", "", 0, 10)
	if err != nil || len(entries) != 2 || entries[1].By != "Alice" || entries[1].Server != "pvp" {
		t.Fatalf("%+v, %v", entries, err)
	}
	own, err := store.Open(context.Background(), address, store.Options{Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(own.Close)
	moved, _, err := own.MoveBalance(context.Background(), move("", "Steve", 5, "k"))
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range append(entries, moved.Entries...) {
		if entry.Role != me {
			t.Errorf("%+v does not name the login %s", entry, me)
		}
	}
}

func TestFunctionsForPeopleRefuse(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	run(t, conn, `select change_balance('Steve', 'coins', 10, 'k')`)
	for sql, want := range map[string]string{
		`select change_balance('Steve', 'coins', -11)`:                    "insufficient funds: the balance is 10",
		`select change_balance('Steve', 'coins', 9007199254740991)`:       "too much: the balance is 10",
		`select change_balance('Steve', 'coins', 9223372036854775807)`:    "a positive amount",
		`select change_balance('Steve', 'coins', 0)`:                      "a positive amount",
		`select change_balance('Steve', 'coins', 5, null)`:                "a key",
		`select change_balance('Steve', 'coins', 5, 'k')`:                 "the key was used for another change",
		`select change_balance('Steve', 'shells', 5)`:                     "there is no such currency",
		`select change_balance('nobody', 'coins', 5)`:                     "there is no such player",
		`select transfer_balance('Steve', 'Steve', 'coins', 5)`:           "two different players",
		`select transfer_balance('Steve', null, 'coins', 5)`:              "two players",
		`update balance set uuid = 'Alice'`:                               "cannot be given another player",
		`update balance set currency = 'gems'`:                            "cannot be given another player",
		`update balance set amount = -1`:                                  "balance_amount_range",
		`delete from currency where name = 'coins'`:                       "violates foreign key",
		`insert into balance (uuid, currency) values ('nobody', 'coins')`: "balance_player_fkey",
		`insert into balance (uuid, currency) values ('Alice', 'shells')`: "balance_currency_fkey",
		`insert into ledger (uuid, currency, change, balance, key)
			values ('Steve', 'coins', 1, 1, 'k')`: "ledger_key_idx",
	} {
		if _, err := conn.Exec(context.Background(), sql); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", sql, err, want)
		}
	}
	expectEqual(t, column[string](t, conn, owned), []string{"Steve coins 10"})
	reconciled(t, s)
}

func TestMismatchesAreFound(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	run(t, conn, `
		select change_balance('Steve', 'coins', 10), change_balance('Alice', 'coins', 10),
			change_balance('Bob', 'coins', 10);
		alter table balance disable trigger balance_written;
		update balance set amount = 11 where uuid = 'Steve';
		delete from balance where uuid = 'Alice';
		delete from ledger where uuid = 'Bob'`)
	total, some, err := s.BalanceMismatches(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	expectEqual(t, total, int64(3))
	expectEqual(t, some, []syncer.BalanceMismatch{
		{Player: "Alice", Currency: "coins", Balance: 0, Ledger: 10},
		{Player: "Bob", Currency: "coins", Balance: 10, Ledger: 0},
		{Player: "Steve", Currency: "coins", Balance: 11, Ledger: 10},
	})
}

func TestLedgerIsFolded(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	run(t, conn, `
		select change_balance('Steve', 'coins', 10), change_balance('Steve', 'coins', 5),
			change_balance('Alice', 'coins', 3);
		select transfer_balance('Alice', 'Steve', 'coins', 3);
		update ledger set at = at - interval '1 year';
		select change_balance('Steve', 'coins', -8)`)
	expectEqual(t, column[int64](t, conn, `select ledger_fold('1 month')`), []int64{5})
	entries, err := s.Ledger(context.Background(), "Steve", "", 0, 10)
	if err != nil {
		t.Fatal(err)
	}
	expectEqual(t, movedText(syncer.TransferResult{Entries: entries}, nil), "Steve -8 =10; Steve +18 =18")
	expectEqual(t, column[int64](t, conn, `select count(*) from ledger where uuid = 'Alice'`), []int64{0})
	expectEqual(t, column[int64](t, conn, `select ledger_fold('1 month')`), []int64{1})
	reconciled(t, s)
}

func TestLedgerIsPaged(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	run(t, conn, `
		select change_balance('Steve', 'coins', i) from generate_series(1, 5) as i;
		select change_balance('Steve', 'gems', 1), change_balance('Alice', 'coins', 1)`)
	var sizes []int
	var changes []int64
	for before := int64(0); ; {
		page, err := s.Ledger(context.Background(), "Steve", "coins", before, 2)
		if err != nil {
			t.Fatal(err)
		}
		sizes = append(sizes, len(page))
		if len(page) == 0 {
			break
		}
		for _, entry := range page {
			changes = append(changes, entry.Change)
		}
		before = page[len(page)-1].ID
	}
	expectEqual(t, sizes, []int{2, 2, 1, 0})
	expectEqual(t, changes, []int64{5, 4, 3, 2, 1})
}

func TestBalancesTell(t *testing.T) {
	t.Parallel()
	_, conn, url := economy(t)
	listener := listen(t, url)
	for _, test := range []struct {
		sql  string
		want []string
	}{
		{
			`insert into balance (uuid, currency, amount)
				values ('Steve', 'coins', 5), ('Steve', 'gems', 1), ('Alice', 'coins', 2)`,
			[]string{"balance Alice +1", "balance Steve +2"},
		},
		{`update balance set amount = 6 where currency = 'coins' and uuid = 'Steve'`, []string{"balance Steve +1"}},
		{`update balance set amount = amount`, nil},
		{`update balance set amount = 2 where currency = 'coins'`, []string{"balance Steve +1"}},
		{`select transfer_balance('Steve', 'Alice', 'coins', 1)`, []string{"balance Alice +1", "balance Steve +1"}},
		{`delete from balance where uuid = 'Steve'`, []string{"balance Steve"}},
		{`delete from balance where uuid = 'Steve'`, nil},
		{`truncate balance`, []string{"balance *"}},
		{`insert into currency select 'c' || i from generate_series(1, 300) as i`, nil},
		{
			`insert into balance (uuid, currency) select 'Bob', 'c' || i from generate_series(1, 300) as i`,
			[]string{"balance Bob"},
		},
		{`update balance set amount = 1 where currency in ('c1', 'c2')`, []string{"balance Bob +2"}},
		{`update balance set amount = 2`, []string{"balance Bob"}},
		{`insert into player (uuid) select 'p' || i from generate_series(1, 1001) as i`, []string{"player *"}},
		{
			`insert into balance (uuid, currency) select 'p' || i, 'coins' from generate_series(1, 1001) as i`,
			[]string{"balance *"},
		},
		{`update balance set amount = 3 where uuid like 'p%'`, []string{"balance *"}},
		{`delete from balance where uuid like 'p%'`, []string{"balance *"}},
	} {
		run(t, conn, "delete from change")
		run(t, conn, test.sql)
		t.Log(test.sql)
		expectEqual(t, shown(listener.notified()), append([]string{}, test.want...))
		var bare []string
		for _, text := range test.want {
			bare = append(bare, strings.Join(strings.Fields(text)[:2], " "))
		}
		expectEqual(t, column[string](t, conn, recorded), append([]string{}, bare...))
	}
}
