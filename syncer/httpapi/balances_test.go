package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

var _ Balances = (*sidecar.Balances)(nil)

// fakeBalances is the use-cases for one player's balances, in memory.
type fakeBalances struct {
	mu       sync.Mutex
	balances syncer.Balances
	entries  []syncer.LedgerEntry // newest first
	last     syncer.Transfer
}

func (f *fakeBalances) Of(_ context.Context, id syncer.PlayerID) (syncer.Balances, sidecar.Source, error) {
	if id != exampleID {
		return nil, "", syncer.NotFound("no player %q", id)
	}
	return f.balances, sidecar.FromMemory, nil
}

func (f *fakeBalances) Transfer(_ context.Context, m syncer.Transfer) (syncer.TransferResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := m.Validate(); err != nil {
		return syncer.TransferResult{}, err
	}
	f.last = m
	switch {
	case m.Key == "used":
		return syncer.TransferResult{}, &syncer.Error{Code: syncer.CodeKeyReused, Field: "key", Message: "was used"}
	case m.Currency == "shells":
		return syncer.TransferResult{}, syncer.Invalid("currency", "there is no currency")
	case m.Payer != "" && m.Amount > f.balances[m.Currency]:
		return syncer.TransferResult{}, syncer.Insufficient(m.Currency, f.balances[m.Currency], m.Amount)
	}
	entry := syncer.LedgerEntry{
		ID: int64(len(f.entries) + 1), At: syncer.TimeOf(testNow), Player: m.Payer, Peer: m.Payee, Currency: m.Currency,
		Change: -m.Amount, Balance: f.balances[m.Currency] - m.Amount, Key: m.Key, Server: m.Server,
		Role: "survival",
	}
	if m.Payer == "" {
		entry.Player, entry.Peer, entry.Change, entry.Balance = m.Payee, "", m.Amount, f.balances[m.Currency]+m.Amount
	}
	f.entries = append([]syncer.LedgerEntry{entry}, f.entries...)
	return syncer.TransferResult{Entries: []syncer.LedgerEntry{entry}}, nil
}

func (f *fakeBalances) Ledger(
	_ context.Context, _ syncer.PlayerID, currency string, before int64, size int,
) ([]syncer.LedgerEntry, error) {
	var found []syncer.LedgerEntry
	for _, e := range f.entries {
		if (before == 0 || e.ID < before) && (currency == "" || e.Currency == currency) && len(found) < size {
			found = append(found, e)
		}
	}
	return found, nil
}

func (f *fakeBalances) Currencies(context.Context) ([]syncer.Currency, error) {
	return []syncer.Currency{{Name: exampleCurrency, AddedAt: syncer.TimeOf(testNow)}}, nil
}

func (f *fakeBalances) Top(
	_ context.Context, currency string, page sidecar.Page,
) ([]syncer.TopBalance, string, error) {
	switch {
	case currency != exampleCurrency:
		return nil, "", syncer.NotFound("there is no currency %q", currency)
	case page.After == "":
		return []syncer.TopBalance{{Player: exampleID, Name: "Steve", Amount: 1000}}, "more", nil
	case page.After == "more":
		return []syncer.TopBalance{}, "", nil
	default:
		return nil, "", syncer.Invalid("after", "is not a position that a page returned as next")
	}
}

func (f *fakeBalances) AddCurrency(_ context.Context, name string) (bool, error) {
	return true, syncer.CheckCurrency("currency", name)
}

func (f *fixture) balances() *fakeBalances { return f.server.deps.Balances.(*fakeBalances) }

const (
	coinsPath  = "/v1/players/" + exampleID + "/balances/coins"
	ledgerPath = "/v1/players/" + exampleID + "/ledger"
)

func TestChangesOfBalances(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var balances wire.PlayerBalances
	got := f.ask(t, "GET", "/v1/players/"+exampleID+"/balances", "").wants(http.StatusOK).into(&balances)
	if balances.UUID != exampleID || balances.Balances["coins"] != 1000 ||
		got.Header().Get("Syncer-Source") != "memory" {
		t.Errorf("balances %+v, headers %v", balances, got.Header())
	}
	f.ask(t, "GET", "/v1/players/nobody/balances", "").problem(http.StatusNotFound)

	var moved wire.Moved
	f.ask(t, "POST", coinsPath, `{"change":-250,"key":"a","reason":"sword","by":"shop"}`).
		wants(http.StatusOK).into(&moved)
	if len(moved.Entries) != 1 || moved.Entries[0].Change != -250 || moved.Entries[0].Balance != 750 ||
		moved.Entries[0].Peer != nil || moved.Entries[0].Role != "survival" {
		t.Errorf("moved %+v", moved)
	}
	want := syncer.Transfer{
		Payer: exampleID, Currency: "coins", Amount: 250, Key: "a", Reason: "sword", By: "shop", Server: testHome.Name,
	}
	if f.balances().last != want {
		t.Errorf("asked for %+v, want %+v", f.balances().last, want)
	}
	f.ask(t, "POST", "/v1/transfers", `{"from":"Alice","to":"Steve","currency":"coins","amount":5,"key":"b"}`).
		wants(http.StatusOK).into(&moved)
	want = syncer.Transfer{
		Payer: "Alice", Payee: "Steve", Currency: "coins", Amount: 5, Key: "b", Server: testHome.Name,
	}
	if f.balances().last != want || moved.Entries[0].Peer == nil || *moved.Entries[0].Peer != "Steve" {
		t.Errorf("asked for %+v, want %+v; answered %+v", f.balances().last, want, moved)
	}
}

func TestRefusedChangesOfBalances(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	short := f.ask(t, "POST", coinsPath, `{"change":-1001,"key":"a"}`).problem(http.StatusPaymentRequired)
	if short.Code != syncer.CodeInsufficient || short.Balance == nil || *short.Balance != 1000 {
		t.Errorf("without enough money: %+v", short)
	}
	reused := f.ask(t, "POST", coinsPath, `{"change":1,"key":"used"}`).problem(http.StatusConflict)
	if reused.names(t, "key"); reused.Code != syncer.CodeKeyReused || reused.Balance != nil {
		t.Errorf("a key used before: %+v", reused)
	}
	for body, fields := range map[string][]string{
		`{}`:                                                    {"change", "key"},
		`{"change":0,"key":"a"}`:                                {"change"},
		`{"change":1}`:                                          {"key"},
		`{"change":1,"key":""}`:                                 {"key"},
		`{"change":1,"key":"a\n"}`:                              {"key"},
		`{"change":1.5,"key":"a"}`:                              {"change"},
		`{"change":"1","key":"a"}`:                              {"change"},
		`{"change":1e300,"key":"a"}`:                            {"change"},
		`{"change":-9223372036854775808,"key":"a"}`:             {"change"},
		`{"change":9007199254740992,"key":"a"}`:                 {"change"},
		`{"change":1,"key":"a","amount":1}`:                     {"amount"},
		`{"change":1,"key":null}`:                               {"key"},
		`{"change":1,"key":"` + strings.Repeat("k", 129) + `"}`: {"key"},
		`{"change":1,"key":"a","reason":"` + strings.Repeat("r", 513) + `"}`: {"reason"},
		`{"change":1,"key":"a","by":"` + strings.Repeat("b", 513) + `"}`:     {"by"},
		`[]`: {"body"},
	} {
		f.ask(t, "POST", coinsPath, body).problem(http.StatusUnprocessableEntity).names(t, fields...)
	}
	for _, body := range []string{
		`{"from":"a","to":"a","currency":"coins","amount":1,"key":"k"} to`,
		`{"from":"a","to":"b","currency":"","amount":1,"key":"k"} currency`,
		`{"from":"a","to":"b","currency":"shells","amount":1,"key":"k"} currency`,
		`{"from":"a","to":"b","currency":"coins","amount":0,"key":"k"} amount`,
		`{"from":"a","to":"b","currency":"coins","amount":-5,"key":"k"} amount`,
		`{"from":"","to":"b","currency":"coins","amount":1,"key":"k"} from`,
		`{"from":"a","to":"\n","currency":"coins","amount":1,"key":"k"} to`,
		`{"from":"a","to":"b","currency":"coins","amount":1,"key":"k","change":1} change`,
	} {
		cut := strings.LastIndex(body, " ")
		f.ask(t, "POST", "/v1/transfers", body[:cut]).problem(http.StatusUnprocessableEntity).names(t, body[cut+1:])
	}
	for _, path := range []string{
		"/v1/players/a/balances/shells", "/v1/players/a/balances/" + strings.Repeat("c", 65),
		"/v1/players/a/balances/%0A",
	} {
		p := f.ask(t, "POST", path, `{"change":1,"key":"k"}`).problem(http.StatusUnprocessableEntity)
		if p.names(t, "currency"); p.Errors[0].In != inPath {
			t.Errorf("%s: %+v", path, p)
		}
	}
	f.ask(t, "PUT", "/v1/currencies/"+strings.Repeat("c", 65), "").problem(http.StatusUnprocessableEntity).names(t,
		"name")
	if len(f.balances().entries) > 0 {
		t.Errorf("stored %+v", f.balances().entries)
	}
}

func TestLedgerPages(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, key := range []string{"a", "b", "c"} {
		f.ask(t, "POST", coinsPath, `{"change":1,"key":"`+key+`"}`).wants(http.StatusOK)
	}
	var keys []string
	for after := ""; ; {
		var page wire.LedgerPage
		f.ask(t, "GET", ledgerPath+"?limit=2"+after, "").wants(http.StatusOK).into(&page)
		for _, entry := range page.Entries {
			keys = append(keys, *entry.Key)
		}
		if page.Next == nil {
			break
		}
		after = "&after=" + *page.Next
	}
	if strings.Join(keys, "") != "cba" {
		t.Errorf("the pages hold %q", keys)
	}
	for _, query := range []string{"after=0", "after=x", "limit=0", "limit=501", "currency=", "x=1"} {
		name, _, _ := strings.Cut(query, "=")
		f.ask(t, "GET", ledgerPath+"?"+query, "").problem(http.StatusBadRequest).names(t, name)
	}
	f.ask(t, "GET", "/v1/currencies?x=1", "").problem(http.StatusBadRequest).names(t, "x")
}

func TestTopBalances(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	const top = "/v1/currencies/" + exampleCurrency + "/top"
	var page wire.TopBalances
	f.ask(t, "GET", top, "").wants(http.StatusOK).into(&page)
	if len(page.Players) != 1 || page.Players[0] != (wire.TopBalance{UUID: exampleID, Name: "Steve", Balance: 1000}) ||
		page.Next == nil {
		t.Fatalf("the first page is %+v", page)
	}
	f.ask(t, "GET", top+"?after="+*page.Next, "").wants(http.StatusOK).into(&page)
	if len(page.Players) != 0 || page.Next != nil {
		t.Errorf("the last page is %+v", page)
	}
	f.ask(t, "GET", "/v1/currencies/shells/top", "").problem(http.StatusNotFound)
	for _, query := range []string{"after=x", "limit=0", "limit=501", "x=1"} {
		name, _, _ := strings.Cut(query, "=")
		f.ask(t, "GET", top+"?"+query, "").problem(http.StatusBadRequest).names(t, name)
	}
}

func TestBalanceEvents(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	from := f.events.LastID()
	f.events.Publish(changefeed.Event{
		Type: changefeed.EventBalance, ID: exampleID, Balances: &syncer.Balances{"coins": 7},
	})
	f.events.Publish(changefeed.Event{Type: changefeed.EventBalance, ID: "elsewhere"})
	f.publishBan("banned")
	var got []struct {
		Type changefeed.EventType
		Data json.RawMessage
	}
	f.ask(t, "GET", "/v1/events?types=balance&wait=0s&after="+from, "").wants(http.StatusOK).into(&got)
	if len(got) != 2 || got[0].Type != changefeed.EventBalance ||
		string(got[0].Data) != `{"uuid":"`+exampleID+`","balances":{"coins":7}}` ||
		string(got[1].Data) != `{"uuid":"elsewhere","balances":null}` {
		t.Errorf("events %s", got)
	}
}
