package daemon_test

import (
	"net/http"
	"testing"

	"playersync/syncer/postgres/pgtest"
)

var coinsOfSteve = player(steve) + "/balances/coins"

// rich is an outage to come, in which Steve has 1000 coins.
func rich(t *testing.T) *outage {
	t.Helper()
	o := newOutage(t)
	o.join(steve, "Steve")
	o.must(http.MethodPut, "/v1/currencies/coins", "")
	o.must(http.MethodPost, coinsOfSteve, `{"change": 1000, "key": "salary"}`)
	return o
}

// owns checks what is in memory of Steve's coins.
func (o *outage) owns(coins float64) {
	o.t.Helper()
	a := o.get(player(steve) + "/balances")
	if a.field("balances", "coins") != coins || a.header.Get("Syncer-Source") != "memory" {
		o.t.Errorf("Steve owns %s from %q, want %v coins from memory", a.body, a.header.Get("Syncer-Source"), coins)
	}
}

func TestOutageOfMoney(t *testing.T) {
	t.Parallel()
	o := rich(t)
	run(t, o.psql, `insert into player (uuid) values ('Alex')`)
	o.begin()
	o.owns(1000)
	for what, a := range map[string]answer{
		"payment": o.send(http.MethodPost, coinsOfSteve, `{"change": -600, "key": "sword"}`),
		"gift":    o.send(http.MethodPost, coinsOfSteve, `{"change": 1, "key": "gift"}`),
		"transfer": o.send(http.MethodPost, "/v1/transfers",
			`{"from": "`+steve+`", "to": "Alex", "currency": "coins", "amount": 1, "key": "loan"}`),
		"unheld player": o.get(player(alex) + "/balances"),
		"ledger":        o.get(player(steve) + "/ledger"),
		"currencies":    o.get("/v1/currencies"),
		"new currency":  o.send(http.MethodPut, "/v1/currencies/gems", ""),
	} {
		unavailable(t, what, a)
		if a.field("code") != "database_unavailable" {
			t.Errorf("%s: %s", what, a.body)
		}
	}
	o.owns(1000)
	o.end()
	o.ready()
	o.owns(1000)
	if a := o.must(http.MethodPost, coinsOfSteve, `{"change": -600, "key": "sword"}`); a.field("repeated") != false {
		t.Errorf("the payment that failed: %s", a.body)
	}
	o.owns(400)
}

// TestPaymentWhoseAnswerIsLost loses the database for good between a commit and its
// answer: nobody may say that nothing was stored.
func TestPaymentWhoseAnswerIsLost(t *testing.T) {
	t.Parallel()
	o := rich(t)
	run(t, o.psql, gate+`
		create constraint trigger gate after insert on ledger deferrable initially deferred
			for each row execute function wait_for_gate();
		select pg_advisory_lock(42)`)
	const sword = `{"change": -600, "key": "sword"}`
	paid := make(chan answer, 1)
	go func() {
		a, _ := o.try(http.MethodPost, coinsOfSteve, sword)
		paid <- a
	}()
	waitsAtGate(t, o.psql)
	o.proxy.Refuse(true)
	o.proxy.Stall()
	run(t, o.psql, `select pg_advisory_unlock(42)`)
	eventuallyRow(t, o.psql, `select count(*) from ledger where key = 'sword'`, 1)
	o.proxy.Cut()
	o.proxy.Resume()
	a := <-paid
	if unavailable(t, "payment", a); a.field("code") != "outcome_unknown" {
		t.Errorf("the outcome is unknown, and the answer %s", a.body)
	}
	pgtest.Eventually(t, waitTimeout, func() error { return o.advises("database.url") })
	o.end()
	o.ready()
	if a := o.must(http.MethodPost, coinsOfSteve, sword); a.field("repeated") != true {
		t.Errorf("sent again: %s", a.body)
	}
	o.owns(400)
}
