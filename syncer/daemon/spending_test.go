package daemon_test

import (
	"maps"
	"slices"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5"
)

// ledgerState is the balances of the two players that spend, and how many payments each
// has had.
type ledgerState struct{ coins, payments [2]int64 }

// initialState is what they begin with.
var initialState = ledgerState{coins: [2]int64{firstCoins, 0}}

func (p ledgerState) isPossible() bool {
	return min(p.coins[0], p.coins[1]) >= 0 && (p.payments != initialState.payments || p == initialState)
}

// positions are those of payments among the entries of each balance, by number.
type positions [2]map[int]int64

// spending is what balances are if all is done one after the other, in the order of
// the ledger's numbers: enough or refused, both sides of a transfer or neither, each
// payment once. It goes backwards, from the end to the beginning: a payment waits
// for its turn and is answered soon after it, so that answers, read from the last to
// the first, are nearly in the right order. Forwards the search would take hours.
func spending(end ledgerState, at positions) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return end },
		Step: func(state, input, output any) (bool, any) {
			p, in, out := state.(ledgerState), input.(payment), output.(receipt)
			position, ever := at[in.who][in.number]
			if out.short {
				isMade := ever && position < p.payments[in.who]
				return !isMade && out.held == p.coins[in.who] && out.held+in.change < 0, state
			}
			isLast := p.payments[in.who] == position+1 && p.coins[in.who] == out.own.Balance
			p.payments[in.who]--
			p.coins[in.who] -= in.change
			if in.transfer {
				isLast = isLast && p.payments[1-in.who] == at[1-in.who][in.number]+1 &&
					p.coins[1-in.who] == out.other.Balance
				p.payments[1-in.who]--
				p.coins[1-in.who] += in.change
			}
			return isLast && p.isPossible(), p
		},
	}
}

// resolve adds to the history the outcome of payments that were given up: the
// ledger knows.
func (s *spenders) resolve() {
	entries := map[string][]entry{}
	rows, err := s.psql.Query(s.t.Context(), `select key, id, balance from ledger order by change`)
	if err != nil {
		s.t.Fatal(err)
	}
	var key string
	var e entry
	if _, err := pgx.ForEachRow(rows, []any{&key, &e.ID, &e.Balance}, func() error {
		entries[key] = append(entries[key], e)
		return nil
	}); err != nil {
		s.t.Fatal(err)
	}
	for _, op := range s.abandoned {
		switch made := entries[op.Input.(payment).key()]; len(made) {
		case 0: // never happened
			continue
		case 1:
			op.Output = receipt{own: made[0]}
		default:
			op.Output = receipt{own: made[0], other: made[1]}
		}
		s.history = append(s.history, op)
	}
}

// made returns the payments that were made, once each, and fails the test if one was
// answered in two ways. It happened between its first request and its first answer.
func (s *spenders) made() map[int]porcupine.Operation {
	made := map[int]porcupine.Operation{}
	for _, op := range s.history {
		in, out := op.Input.(payment), op.Output.(receipt)
		if out.isRefusal() {
			continue
		}
		if first, ok := made[in.number]; ok {
			if first.Output != op.Output {
				s.t.Errorf("%+v: %+v, and sent again %+v", in, first.Output, out)
			}
			op.Call, op.Return = min(first.Call, op.Call), min(first.Return, op.Return)
		}
		made[in.number] = op
	}
	return made
}

// ending returns how it ended, and the order in which the payments were made.
func ending(made map[int]porcupine.Operation) (end ledgerState, at positions) {
	end = initialState
	for who := range at {
		at[who] = map[int]int64{}
		numbers, balances := map[int64]int{}, map[int64]int64{} // by their entries
		for number, op := range made {
			in, out := op.Input.(payment), op.Output.(receipt)
			e := out.own
			if in.who != who {
				e = out.other // none, unless it was a transfer
			}
			if e.ID > 0 {
				numbers[e.ID], balances[e.ID] = number, e.Balance
			}
		}
		for i, id := range slices.Sorted(maps.Keys(numbers)) {
			at[who][numbers[id]] = int64(i)
			end.coins[who], end.payments[who] = balances[id], int64(i+1)
		}
	}
	return end, at
}

// verify compares what the clients were told with each other and with the rows.
func (s *spenders) verify() {
	made := s.made()
	s.verifyRows(made)
	operations := slices.Collect(maps.Values(made))
	for _, op := range s.history {
		if op.Output.(receipt).short {
			operations = append(operations, op)
		}
	}
	for i, op := range operations {
		operations[i].Call, operations[i].Return = -op.Return, -op.Call // see spending
	}
	end, at := ending(made)
	if result := porcupine.CheckOperationsTimeout(spending(end, at), operations, waitTimeout); result != porcupine.Ok {
		s.t.Errorf("the history of %d payments is not linearizable: %s", len(operations), result)
	}
}

func (s *spenders) verifyRows(made map[int]porcupine.Operation) {
	total, entries, keys := int64(firstCoins), 1, []string{"the first"}
	for _, op := range made {
		in := op.Input.(payment)
		keys = append(keys, in.key())
		entries++
		if in.transfer {
			entries++
		} else {
			total += in.change
		}
	}
	slices.Sort(keys)
	if got := one[[]string](s.t, s.psql, `select array_agg(distinct key collate "C") from ledger`); !slices.Equal(got,
		keys) || len(keys) < payments/4 {
		s.t.Errorf("%d keys in the ledger, want %d of %d", len(got), len(keys), payments)
	}
	for what, want := range map[string]int64{
		`select count(*) from ledger`:                                   int64(entries),
		`select count(*) from ledger where balance < 0`:                 0,
		`select sum(change)::bigint from ledger where peer is not null`: 0,
		`select sum(amount)::bigint from balance`:                       total,
		`select count(*) from balance_mismatch`:                         0,
	} {
		if got := one[int64](s.t, s.psql, what); got != want {
			s.t.Errorf("%s: %d, want %d", what, got, want)
		}
	}
}
