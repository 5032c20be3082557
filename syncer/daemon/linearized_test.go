package daemon_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
)

// linearized is the history of one rank and one balance that several game servers change at once.
type linearized struct {
	began time.Time

	mu       sync.Mutex
	writes   []porcupine.Operation
	reads    []porcupine.Operation
	payments []porcupine.Operation
}

// rankWrite, rankRead and coinChange are what is done; a coinAnswer is the answer to the last.
type (
	rankWrite  struct{ rank string }
	rankRead   struct{}
	coinChange struct{ change int64 }
	coinAnswer struct {
		balance int64
		short   bool // there was not enough
	}
)

// unknown is when an operation returns of which nobody knows whether it was done.
const unknown = int64(1<<63 - 1)

func newLinearized() *linearized { return &linearized{began: time.Now()} }

func (l *linearized) now() int64 { return time.Since(l.began).Nanoseconds() }

// wrote adds a change of the rank to a value that no other gives. It is stored, or may be.
func (l *linearized) wrote(began int64, rank string, stored bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	op := porcupine.Operation{Input: rankWrite{rank}, Call: began, Return: unknown}
	if stored {
		op.Return = l.now()
	}
	l.writes = append(l.writes, op)
}

// read adds that the rank was this one at some time since then.
func (l *linearized) read(began int64, rank string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reads = append(l.reads, porcupine.Operation{Input: rankRead{}, Output: rank, Call: began, Return: l.now()})
}

func (l *linearized) paid(began, change, balance int64, short bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.payments = append(l.payments, porcupine.Operation{
		Input: coinChange{change}, Output: coinAnswer{balance, short}, Call: began, Return: l.now(),
	})
}

// rankModel is a register that holds a new player's rank at first.
var rankModel = porcupine.Model{
	Init: func() any { return "player" },
	Step: func(state, input, output any) (bool, any) {
		if write, ok := input.(rankWrite); ok {
			return true, write.rank
		}
		return state == output, state
	},
}

// coinsModel is a balance that never is negative.
var coinsModel = porcupine.Model{
	Init: func() any { return int64(0) },
	Step: func(state, input, output any) (bool, any) {
		held, change, answered := state.(int64), input.(coinChange).change, output.(coinAnswer)
		if answered.short {
			return answered.balance == held && held+change < 0, held
		}
		return answered.balance == held+change && held+change >= 0, held + change
	},
}

// check expects what was done, and the rank and the balance in the end, to be possible one after
// the other.
func (l *linearized) check(t *testing.T, rank string, coins int64) {
	t.Helper()
	if len(l.writes) > 0 {
		l.read(l.now(), rank)
	}
	l.paid(l.now(), 0, coins, false)
	l.mu.Lock()
	defer l.mu.Unlock()
	for what, history := range map[string]struct {
		model      porcupine.Model
		operations []porcupine.Operation
	}{
		"rank": {rankModel, append(l.known(), l.reads...)}, "coins": {coinsModel, l.payments},
	} {
		result := porcupine.CheckOperationsTimeout(history.model, history.operations, waitTimeout)
		if result != porcupine.Ok {
			t.Errorf("%d operations on %s are not linearizable: %s\n%s", len(history.operations), what, result,
				told(history.operations))
		}
	}
}

// told lists operations in the order in which they returned.
func told(operations []porcupine.Operation) string {
	operations = slices.SortedFunc(slices.Values(operations), func(a, b porcupine.Operation) int {
		return cmp.Compare(a.Return, b.Return)
	})
	var text strings.Builder
	for _, op := range operations {
		fmt.Fprintf(&text, "%v to %v: %T%v %v\n", time.Duration(op.Call), time.Duration(op.Return), op.Input, op.Input,
			op.Output)
	}
	return text.String()
}

// known returns the writes that were done: all that are known to be stored, and of the others
// those that somebody saw. One that nobody saw changes nothing; one that was seen was done before.
func (l *linearized) known() (done []porcupine.Operation) {
	seen := map[string]int64{}
	for _, op := range l.reads {
		if at, ok := seen[op.Output.(string)]; !ok || op.Return < at {
			seen[op.Output.(string)] = op.Return
		}
	}
	for _, op := range l.writes {
		at, isSeen := seen[op.Input.(rankWrite).rank]
		if op.Return == unknown && !isSeen {
			continue
		}
		if op.Return == unknown {
			op.Return = at
		}
		done = append(done, op)
	}
	return done
}
