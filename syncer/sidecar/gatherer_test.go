package sidecar

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"playersync/syncer"
)

// slowStatements answer each id with the number of the statement, once they are let go.
type slowStatements struct {
	mu    sync.Mutex
	asked [][]syncer.PlayerID
	letGo chan struct{}
	err   error
}

func (s *slowStatements) do(_ context.Context, ids []syncer.PlayerID) (map[syncer.PlayerID]int, error) {
	s.mu.Lock()
	s.asked = append(s.asked, slices.Clone(ids))
	number := len(s.asked)
	s.mu.Unlock()
	<-s.letGo
	numbers := map[syncer.PlayerID]int{}
	for _, id := range ids {
		numbers[id] = number
	}
	return numbers, s.err
}

// Many who ask at once share few statements; each asks for a player once, and begins after
// those who share it have asked.
func TestManyWhoAskAtOnceShareStatements(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &slowStatements{letGo: make(chan struct{})}
		g := gatherer[int]{do: s.do}
		const many = 1600
		numbers := make([]int, many)
		var askers sync.WaitGroup
		ask := func(n int, id string) {
			askers.Go(func() {
				number, err := g.one(t.Context(), syncer.PlayerID(id))
				if err != nil {
					t.Error(err)
				}
				numbers[n] = number
			})
		}
		ask(0, "first")
		synctest.Wait()
		ask(1, "second")
		synctest.Wait()
		for n := 2; n < many; n++ {
			ask(n, fmt.Sprint("player ", n/2)) // everybody twice
		}
		synctest.Wait()
		if len(s.asked) != maxStatements {
			t.Errorf("%d statements run at once", len(s.asked))
		}
		close(s.letGo)
		askers.Wait()
		if most := maxStatements + many/maxBatch + 1; len(s.asked) > most {
			t.Errorf("%d statements for %d who ask, want at most %d", len(s.asked), many, most)
		}
		if numbers[0] != 1 || numbers[1] != 2 || slices.Min(numbers[2:]) < 3 {
			t.Errorf("who asked while a statement ran got its answer: %v …", numbers[:9])
		}
		for i, ids := range s.asked {
			slices.Sort(ids)
			if len(ids) > maxBatch || len(slices.Compact(ids)) != len(ids) {
				t.Errorf("statement %d asks for %d players, or for one twice", i, len(ids))
			}
		}
	})
}

// Who gives up does not spoil it for the others; an error is everybody's.
func TestWhoGivesUpLeavesTheOthersTheirAnswer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &slowStatements{letGo: make(chan struct{}), err: errors.New("broken")}
		g := gatherer[int]{do: s.do}
		impatient, giveUp := context.WithCancel(t.Context())
		var askers sync.WaitGroup
		askers.Go(func() {
			if _, err := g.one(impatient, "a"); !syncer.IsAway(err) || !errors.Is(err, context.Canceled) {
				t.Errorf("given up: %v", err)
			}
		})
		synctest.Wait()
		askers.Go(func() {
			if _, err := g.one(t.Context(), "a"); !errors.Is(err, s.err) {
				t.Errorf("waited: %v", err)
			}
		})
		synctest.Wait()
		giveUp()
		synctest.Wait()
		close(s.letGo)
		askers.Wait()
	})
}
