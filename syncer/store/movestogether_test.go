package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"playersync/syncer"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// Moves in one step keep their own outcomes. Those that would wait, or that begin a balance,
// are left undone.
func TestMovesTogetherKeepTheirOutcomes(t *testing.T) {
	t.Parallel()
	s, conn, url := economy(t)
	run(t, conn, `insert into player (uuid) select 'p' || n from generate_series(1, 12) as n`)
	run(t, conn, `select change_balance(uuid, 'coins', 100, uuid) from player`)
	run(t, conn, `insert into player (uuid) values ('new')`)
	rival := psql(t, url)
	run(t, rival, `begin`)
	run(t, rival, `select change_balance('p12', 'coins', 1)`)
	gems := move("p7", "", 1, "gems")
	gems.Currency = "gems"
	moves := []syncer.Transfer{
		move("p1", "p2", 60, "a"),
		move("p3", "", 101, "b"),
		move("", "p4", syncer.MaxBalance, "c"),
		move("", "p5", 100, "p5"), // as before
		move("", "p6", 1, "p5"),   // another's key
		gems,
		move("p8", "nobody", 1, "d"),
		move("", "new", 1, "e"),
		move("new", "p9", 1, "f"),
		move("p10", "p12", 1, "g"), // whose row is locked
		move("p11", "", 100, "h"),
	}
	outcomes, changes, err := s.MoveBalances(t.Context(), moves)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, o := range outcomes {
		got[moves[o.Move].Key+fmt.Sprint(o.Move)] = movedText(o.Result, o.Err)
	}
	expectEqual(t, got, map[string]string{
		"a0":  "p1 -60 =40 to p2; p2 +60 =160 to p1",
		"b1":  "insufficient_funds 100",
		"c2":  "invalid change",
		"p53": "again p5 +100 =100", "p54": "idempotency_conflict", "h10": "p11 -100 =0",
	})
	if len(changes) != 4 {
		t.Errorf("%d changes: %+v", len(changes), changes)
	}
	run(t, rival, `rollback`)
	for _, m := range moves[7:10] { // alone they wait, begin a balance, and are refused for their own reasons
		if _, _, err := s.MoveBalance(t.Context(), m); err != nil {
			t.Errorf("%s alone: %v", m.Key, err)
		}
	}
	reconciled(t, s)
}

// Two sidecars whose steps name the same players, each in an order of its own, wait for nobody
// in a circle, and nothing is lost or made.
func TestMovesTogetherAddUp(t *testing.T) {
	t.Parallel()
	first, conn, url := economy(t)
	second, err := store.Open(t.Context(), url, store.Options{Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Close)
	const players = 12
	run(t, conn, fmt.Sprintf(`insert into player (uuid) select 'p' || n from generate_series(1, %d) as n`, players))
	run(t, conn, `select change_balance(uuid, 'coins', 100) from player`)
	total := value[int64](t, conn, `select sum(amount)::bigint from balance`)
	var all sync.WaitGroup
	for i, s := range []*store.Store{first, second} {
		all.Go(func() {
			for round := range 30 {
				order := rand.Perm(players)
				var moves []syncer.Transfer
				for n := 0; n < players; n += 2 {
					payer, payee := fmt.Sprint("p", order[n]+1), fmt.Sprint("p", order[n+1]+1)
					key := fmt.Sprint(round, "-", order[n], "-", i*(round%2)) // in some rounds both have the same
					moves = append(moves, move(syncer.PlayerID(payer), syncer.PlayerID(payee), 1+int64(n), key))
				}
				moveAll(t, s, moves)
			}
		})
	}
	all.Wait()
	expectEqual(t, value[int64](t, conn, `select sum(amount)::bigint from balance`), total)
	reconciled(t, first)
}

// moveAll does moves in one step, and then alone what was left undone.
func moveAll(t *testing.T, s *store.Store, moves []syncer.Transfer) {
	t.Helper()
	outcomes, _, err := s.MoveBalances(context.Background(), moves)
	if err != nil {
		t.Error(err)
	}
	done := map[int]error{}
	for _, o := range outcomes {
		done[o.Move] = o.Err
	}
	for i, m := range moves {
		err, isDone := done[i]
		if !isDone {
			_, _, err = s.MoveBalance(context.Background(), m)
		}
		code := syncer.CodeOf(err)
		if err != nil && code != syncer.CodeInsufficient && code != syncer.CodeKeyReused {
			t.Errorf("move %s: %v", m.Key, err)
		}
	}
}
