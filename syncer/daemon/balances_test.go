package daemon_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"playersync/syncer/daemon"
	"playersync/syncer/feed"
)

// purse is the balances of the two players that spend.
type purse [2]int64

// payment is what a client asks for: a change of one balance, or a transfer from
// it to the other's.
type payment struct {
	key      string
	who      int   // whose balance
	change   int64 // by how much; negative for a transfer
	transfer bool
}

// receipt is what a client is told: the balances afterwards, of the other one only
// after a transfer; or that there is not enough, and how much there is.
type receipt struct {
	short      bool
	own, other int64
}

const (
	firstCoins = 1000

	// killClients spares only the sessions of the test itself.
	killClients = `select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'playersync%' and datname = current_database()`
)

// spending is what balances are if they are spent one after the other.
var spending = porcupine.Model{
	Init: func() any { return purse{firstCoins, 0} },
	Step: func(state, input, output any) (bool, any) {
		p, in := state.(purse), input.(payment)
		if p[in.who]+in.change < 0 {
			return output == receipt{short: true, own: p[in.who]}, p
		}
		p[in.who] += in.change
		want := receipt{own: p[in.who]}
		if in.transfer {
			p[1-in.who] -= in.change
			want.other = p[1-in.who]
		}
		return output == want, p
	},
}

// spenders is many clients on several sidecars, and what they did.
type spenders struct {
	t     *testing.T
	nodes []*node
	began time.Time

	mu      sync.Mutex
	history []porcupine.Operation
}

// pay sends a payment until it is known what came of it.
func (s *spenders) pay(in payment) receipt {
	who := []string{"player/Steve", alex}
	path := player(who[in.who]) + "/balances/coins"
	body := fmt.Sprintf(`{"change": %d, "key": %q}`, in.change, in.key)
	if in.transfer {
		path = "/v1/transfers"
		body = fmt.Sprintf(`{"from": %q, "to": %q, "currency": "coins", "amount": %d, "key": %q}`, who[in.who], who[1-in.who], -in.change, in.key)
	}
	for deadline := time.Now().Add(patience); ; {
		a, err := pick(s.nodes).try(http.MethodPost, path, body)
		switch {
		case err != nil || a.status >= http.StatusInternalServerError && time.Now().After(deadline):
			s.t.Errorf("%s %s: %d %s %v", path, body, a.status, a.body, err)
			return receipt{}
		case a.status < http.StatusInternalServerError:
			return s.read(in, a)
		}
	}
}

func (s *spenders) read(in payment, a answer) receipt {
	var told struct {
		Code    string
		Balance int64
		Entries []struct{ Balance int64 }
	}
	if err := json.Unmarshal(a.body, &told); err != nil {
		s.t.Error(err)
	}
	switch {
	case a.status == http.StatusPaymentRequired && told.Code == "insufficient_funds":
		return receipt{short: true, own: told.Balance}
	case a.status == http.StatusOK && len(told.Entries) == 1 && !in.transfer:
		return receipt{own: told.Entries[0].Balance}
	case a.status == http.StatusOK && len(told.Entries) == 2 && in.transfer:
		return receipt{own: told.Entries[0].Balance, other: told.Entries[1].Balance}
	}
	s.t.Errorf("%+v: %d %s", in, a.status, a.body)
	return receipt{}
}

// client makes payments, and repeats some of those that were made.
func (s *spenders) client(number, payments int) {
	for n := range payments {
		in := payment{key: fmt.Sprint(number, "/", n), who: rand.IntN(2), change: 1 + rand.Int64N(60)}
		if kind := rand.IntN(10); kind < 6 {
			in.change, in.transfer = -in.change, kind < 3
		}
		call := time.Since(s.began).Nanoseconds()
		out := s.pay(in)
		s.mu.Lock()
		s.history = append(s.history, porcupine.Operation{ClientId: number, Input: in, Call: call, Output: out, Return: time.Since(s.began).Nanoseconds()})
		s.mu.Unlock()
		if rand.IntN(8) == 0 && !out.short {
			if again := s.pay(in); again != out {
				s.t.Errorf("%+v: %+v, and repeated %+v", in, out, again)
			}
		}
	}
}

// TestBalancesAreSpentOnce lets 64 clients of 8 sidecars spend the same money while
// all connections to the database are killed again and again.
func TestBalancesAreSpentOnce(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	s := &spenders{t: t, began: time.Now()}
	for i := range 8 {
		s.nodes = append(s.nodes, start(t, url, fmt.Sprint("n", i), func(c *daemon.Config) { c.Feed = feed.Config{Heartbeat: time.Second} }).ready())
	}
	run(t, psql, `insert into player (uuid) values ('player/Steve'), ('Alex'); insert into currency values ('coins'); select change_balance('player/Steve', 'coins', 1000)`)

	killer := connect(t, url)
	done := make(chan struct{})
	var killing, paying sync.WaitGroup
	killing.Go(func() {
		for ticker := time.NewTicker(2 * time.Second); ; {
			select {
			case <-ticker.C:
				_, _ = killer.Exec(t.Context(), killClients)
			case <-done:
				ticker.Stop()
				return
			}
		}
	})
	for number := range 64 {
		paying.Go(func() { s.client(number, payments/64) })
	}
	paying.Wait()
	close(done)
	killing.Wait()

	if result := porcupine.CheckOperationsTimeout(spending, s.history, time.Minute); result != porcupine.Ok {
		t.Errorf("the history of %d payments is not linearizable: %s", len(s.history), result)
	}
	total, applied := int64(firstCoins), int64(1)
	for _, op := range s.history {
		if in := op.Input.(payment); !op.Output.(receipt).short {
			applied++
			if !in.transfer {
				total += in.change
			}
		}
	}
	if got := one[int64](t, psql, `select sum(amount)::bigint from balance`); got != total {
		t.Errorf("there are %d coins, want %d", got, total)
	}
	if got := one[int64](t, psql, `select count(distinct key) from ledger`); got != applied || applied < payments/4 {
		t.Errorf("%d keys in the ledger, want %d of %d", got, applied, payments)
	}
	if got := one[int64](t, psql, `select count(*) from balance_mismatch`); got > 0 {
		t.Errorf("%d balances are not the sum of their ledger", got)
	}
	c := cast{players: []string{"player/Steve", alex}}
	populate(c, s.nodes...)
	equal(t, psql, c, s.nodes...)
}
