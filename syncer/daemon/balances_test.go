package daemon_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"
	"github.com/jackc/pgx/v5"

	"playersync/syncer/daemon"
)

const (
	spendingServers = 8
	spendingClients = 64
	paymentsEach    = 12 // of a client, not counting those that are sent again
	payments        = spendingClients * paymentsEach
	paymentsPerKill = 125
	firstCoins      = 1000
)

// payment is what a client asks for: a change of one balance, or a transfer from
// it to the other's.
type payment struct {
	number   int   // its key says this
	who      int   // whose balance
	change   int64 // by how much; negative for a transfer
	transfer bool
}

func (p payment) key() string { return fmt.Sprint("payment ", p.number) }

// entry is one of the ledger, as far as an answer shows it.
type entry struct{ ID, Balance int64 }

// receipt is what a client is answered: the entries that were written, of the other's
// balance only after a transfer; or that there is not enough, and how much there is;
// or that the key was used for something else.
type receipt struct {
	own, other      entry
	short, conflict bool
	held            int64
}

func (r receipt) isRefusal() bool { return r.short || r.conflict }

// spenders is many clients on several sidecars, and what they did.
type spenders struct {
	t     *testing.T
	psql  *pgx.Conn
	nodes []*node
	began time.Time

	sent    atomic.Int64
	killing sync.Mutex
	killer  *pgx.Conn
	killed  int64

	mu        sync.Mutex
	history   []porcupine.Operation
	abandoned []porcupine.Operation // whose outcome the client does not know
}

// client makes payments: some twice at the same moment, some again later, some
// with a key that was used for another. After an unknown outcome it gives some up
// and sends the others again.
func (s *spenders) client(number int) {
	var last *payment
	for n := range paymentsEach {
		in := payment{number: number*paymentsEach + n, who: rand.IntN(2), change: 1 + rand.Int64N(60)}
		if kind := rand.IntN(10); kind < 6 {
			in.change, in.transfer = -in.change, kind < 3
		}
		var twice sync.WaitGroup
		kind := rand.IntN(10)
		switch {
		case kind == 0:
			twice.Go(func() { s.pay(in, false) })
		case kind == 1 && last != nil:
			s.pay(*last, false)
		}
		out, known := s.pay(in, kind > 0)
		twice.Wait()
		if known {
			last = &in
		}
		if sent := s.sent.Add(1); sent%paymentsPerKill == 0 {
			s.kill(sent / paymentsPerKill)
		}
		if known && !out.isRefusal() && kind == 2 {
			forged := in
			forged.change *= 2
			if out, _ := s.send(forged, false); !out.conflict {
				s.t.Errorf("%+v, whose key was used for %+v: %+v", forged, in, out)
			}
		}
	}
}

// pay sends a payment and notes its outcome; not known if the client gave up.
func (s *spenders) pay(in payment, mayGiveUp bool) (out receipt, known bool) {
	op := porcupine.Operation{Input: in, Call: time.Since(s.began).Nanoseconds()}
	out, known = s.send(in, mayGiveUp)
	op.Output, op.Return = out, time.Since(s.began).Nanoseconds()
	s.mu.Lock()
	defer s.mu.Unlock()
	if known {
		s.history = append(s.history, op)
	} else {
		op.Return = math.MaxInt64
		s.abandoned = append(s.abandoned, op)
	}
	return out, known
}

// send sends a payment until its outcome is known, unless the client gives up.
func (s *spenders) send(in payment, mayGiveUp bool) (out receipt, known bool) {
	who := []string{"player/Steve", alex}
	path := player(who[in.who]) + "/balances/coins"
	body := fmt.Sprintf(`{"change": %d, "key": %q}`, in.change, in.key())
	if in.transfer {
		path = "/v1/transfers"
		body = fmt.Sprintf(`{"from": %q, "to": %q, "currency": "coins", "amount": %d, "key": %q}`, who[in.who],
			who[1-in.who], -in.change, in.key())
	}
	for deadline := time.Now().Add(waitTimeout); ; {
		a, err := pick(s.nodes).try(http.MethodPost, path, body)
		isAway := err == nil && a.status == http.StatusServiceUnavailable
		if isAway && mayGiveUp && a.field("code") == "outcome_unknown" && rand.IntN(2) == 0 {
			return receipt{}, false
		}
		if isAway && time.Now().Before(deadline) {
			continue
		}
		if out, err = read(in, a, err); err != nil {
			s.t.Errorf("%s %s: %d %s: %v", path, body, a.status, a.body, err)
		}
		return out, true
	}
}

// read translates an answer.
func read(in payment, a answer, err error) (receipt, error) {
	var answered struct {
		Code    string
		Balance int64
		Entries []entry
	}
	if err == nil {
		err = json.Unmarshal(a.body, &answered)
	}
	switch {
	case err != nil:
		return receipt{}, err
	case a.status == http.StatusPaymentRequired && answered.Code == "insufficient_funds":
		return receipt{short: true, held: answered.Balance}, nil
	case a.status == http.StatusConflict && answered.Code == "idempotency_conflict":
		return receipt{conflict: true}, nil
	case a.status == http.StatusOK && len(answered.Entries) == 1 && !in.transfer:
		return receipt{own: answered.Entries[0]}, nil
	case a.status == http.StatusOK && len(answered.Entries) == 2 && in.transfer:
		return receipt{own: answered.Entries[0], other: answered.Entries[1]}, nil
	default:
		return receipt{}, fmt.Errorf("an answer to %+v that should not be", in)
	}
}

// TestBalancesAreSpentOnce lets 64 clients of 8 sidecars spend the same money while
// connections to the database are killed again and again.
func TestBalancesAreSpentOnce(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	s := &spenders{t: t, psql: psql, killer: connect(t, url), began: time.Now()}
	for i := range spendingServers {
		s.nodes = append(s.nodes, start(t, url, fmt.Sprint("n", i), func(c *daemon.Config) {
			c.Feed.Heartbeat = time.Second
			c.Store.MaxConnections = 2 // connecting again and again is what takes most of the time
		}).ready())
	}
	run(t, psql, `
		insert into player (uuid) values ('player/Steve'), ('Alex');
		insert into currency values ('coins');
		select change_balance('player/Steve', 'coins', 1000, 'the first')`)
	var paying sync.WaitGroup
	for number := range spendingClients {
		paying.Go(func() { s.client(number) })
	}
	paying.Wait()
	if s.killed < payments/paymentsPerKill {
		t.Errorf("only %d connections were killed", s.killed)
	}
	s.resolve()
	s.verify()
	if one[int](t, psql, `
		select count(*) from (select from ledger group by xmin::text having count(distinct key) > 1) as shared`) == 0 {
		t.Error("no payments were committed together")
	}
	t.Logf("%d requests, of which %d were given up, in %s; %d connections were killed", len(s.history),
		len(s.abandoned), time.Since(s.began), s.killed)
	c := cast{players: []string{"player/Steve", alex}}
	populate(c, s.nodes...)
	equal(t, psql, c, s.nodes...)
}

// kill kills some of the sidecars' connections to the database, and now and then all
// of them and those that follow, so that sending again fails too.
func (s *spenders) kill(round int64) {
	const sql = `select pg_terminate_backend(pid) from pg_stat_activity
		where application_name like 'playersync%' and datname = current_database() and random() < $1`
	s.killing.Lock()
	defer s.killing.Unlock()
	share, times := 0.1, 1
	if round%4 == 0 {
		share, times = 1, 5
	}
	for range times {
		tag, err := s.killer.Exec(s.t.Context(), sql, share)
		if err != nil {
			s.t.Error(err)
		}
		s.killed += tag.RowsAffected()
	}
}
