package store_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"playersync/syncer"
)

// TestTheSameKeyAtOnceHappensOnce sends one purchase from many sides.
func TestTheSameKeyAtOnceHappensOnce(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	if _, _, err := s.MoveBalance(context.Background(), move("", "Steve", 100, "salary")); err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var all sync.WaitGroup
	texts := map[string]int{}
	for range 8 {
		all.Go(func() {
			m, _, err := s.MoveBalance(context.Background(), move("Steve", "Alice", 60, "sword"))
			mu.Lock()
			defer mu.Unlock()
			texts[movedText(m, err)]++
		})
	}
	all.Wait()
	first := "Steve -60 =40 to Alice; Alice +60 =60 to Steve"
	if texts[first] != 1 || texts["again "+first] != 7 {
		t.Errorf("outcomes %v", texts)
	}
	expectEqual(t, column[string](t, conn, owned), []string{"Alice coins 60", "Steve coins 40"})
	reconciled(t, s)
}

// Whoever had enough for one purchase never hears that it is too little for that very one.
func TestARepetitionOfTheLastPurchaseIsNoRefusal(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	for n := range 40 {
		run(t, conn, `select change_balance('Steve', 'coins', 60)`)
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() {
				m := move("Steve", []syncer.PlayerID{"Alice", ""}[n%2], 60, fmt.Sprint("sword", n))
				if _, _, err := s.MoveBalance(context.Background(), m); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
	}
	expectEqual(t, column[string](t, conn, owned), []string{"Alice coins 1200", "Steve coins 0"})
	reconciled(t, s)
}

// One key for two things at once: one of them happens, and the other is told.
func TestOneKeyForTwoThingsAtOnce(t *testing.T) {
	t.Parallel()
	s, _, _ := economy(t)
	for n := range 40 {
		var applied, conflicts atomic.Int64
		var all sync.WaitGroup
		for _, to := range []syncer.PlayerID{"Steve", "Alice", "Bob"} {
			all.Go(func() {
				switch _, _, err := s.MoveBalance(context.Background(), move("", to, 1, fmt.Sprint("k", n))); {
				case err == nil:
					applied.Add(1)
				case syncer.CodeOf(err) == syncer.CodeKeyReused:
					conflicts.Add(1)
				default:
					t.Error(err)
				}
			})
		}
		all.Wait()
		if applied.Load() != 1 || conflicts.Load() != 2 {
			t.Errorf("%d happened, %d are refused", applied.Load(), conflicts.Load())
		}
	}
	reconciled(t, s)
}

// Who may write balances can hold one. Payments of it give up and say that nothing is stored.
func TestPaymentOfAHeldBalanceIsRefused(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	run(t, conn, `select change_balance('Steve', 'coins', 10)`)
	run(t, conn, `begin`)
	run(t, conn, `select from balance for update`)
	_, _, err := s.MoveBalance(context.Background(), move("Steve", "", 1, "k"))
	if syncer.CodeOf(err) != syncer.CodeUnavailable {
		t.Errorf("it says %v", err)
	}
	run(t, conn, `rollback`)
	if m, _, err := s.MoveBalance(context.Background(), move("Steve", "", 1, "k")); movedText(m, err) != "Steve -1 =9" {
		t.Errorf("then %s", movedText(m, err))
	}
}

// TestTransfersInBothDirectionsDoNotDeadlock also begins without Alice's and Bob's rows.
func TestTransfersInBothDirectionsDoNotDeadlock(t *testing.T) {
	t.Parallel()
	s, conn, _ := economy(t)
	run(t, conn, `select change_balance('Steve', 'coins', 1000)`)
	players := []syncer.PlayerID{"Steve", "Alice", "Bob"}
	deadlocks := `select deadlocks from pg_stat_database where datname = current_database()`
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			for n := range 50 {
				payer := players[(i+n)%3]
				payee := players[(i+n+1+i%2)%3]
				_, _, err := s.MoveBalance(context.Background(),
					move(payer, payee, int64(1+n%7), fmt.Sprint(i, "-", n)))
				if err != nil && syncer.CodeOf(err) != syncer.CodeInsufficient {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	expectEqual(t, column[int64](t, conn, `select sum(amount)::bigint from balance`), []int64{1000})
	expectEqual(t, column[int64](t, conn, deadlocks), []int64{0})
	reconciled(t, s)
}
