package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// Balances is what the API needs of the use-cases about balances; *sidecar.Balances
// is one. Values it returns are shared and not changed here.
type Balances interface {
	Of(ctx context.Context, id syncer.PlayerID) (syncer.Balances, sidecar.Source, error)
	Move(ctx context.Context, m syncer.Transfer) (syncer.TransferResult, error)
	Ledger(ctx context.Context, id syncer.PlayerID, currency string, before int64, size int) ([]syncer.LedgerEntry, error)
	Currencies(ctx context.Context) ([]syncer.Currency, error)
	AddCurrency(ctx context.Context, name string) (added bool, err error)
}

// registerBalances adds the operations on balances.
func (s *Server) registerBalances() {
	register(s, s.balancesOperation())
	register(s, s.changeOperation())
	register(s, s.transferOperation())
	register(s, s.ledgerOperation())
	register(s, s.currenciesOperation())
	register(s, s.addCurrencyOperation())
}

func (s *Server) balancesOperation() operation[struct{}, balancesAnswer] {
	return operation[struct{}, balancesAnswer]{
		doc: document{
			method: http.MethodGet, path: "/v1/players/{id}/balances", id: "get-balances", tag: tagBalances,
			summary: "Read a player's balances",
			description: "From memory where the player is on this server or was asked for lately. It may be older than a change made elsewhere " +
				"by the milliseconds that a notification takes: show it, but let a change decide whether there is enough.",
			replies: []reply{{
				http.StatusOK, "The balances.", reflect.TypeFor[PlayerBalances](), exampleBalances(), []string{headerSource, headerStaleness}, "",
			}},
			refusals: append([]int{http.StatusNotFound, http.StatusUnprocessableEntity}, stored...),
		},
		handle: func(ctx context.Context, c *call, _ struct{}) (balancesAnswer, error) {
			balances, source, err := s.deps.Balances.Of(ctx, c.id)
			return balancesAnswer{s.freshness(source), PlayerBalances{c.id, balances}}, err
		},
	}
}

// moveRefusals are the refusals of what changes balances.
var moveRefusals = append([]int{http.StatusPaymentRequired, http.StatusConflict}, stored...)

const keyText = " It happens once for each `key`, which the caller draws anew for each thing that happens in the game: after an error, " +
	"outcome_unknown included, send the same request again. The same key with another player, currency or amount is refused (409). " +
	"A refused request leaves its key free."

func (s *Server) changeOperation() operation[syncer.Transfer, plain[Moved]] {
	return operation[syncer.Transfer, plain[Moved]]{
		doc: document{
			method: http.MethodPost, path: "/v1/players/{id}/balances/{currency}", id: "change-balance", tag: tagBalances, asServer: true,
			summary: "Change a balance by a difference",
			description: "A positive `change` gives, a negative one takes. The database decides: a balance is never below 0, " +
				"and if there is not enough the answer is 402 with the `balance` there is." + keyText,
			parameters: []*huma.Param{currencyParameter("currency")},
			request:    jsonBody("The change.", true, changeSchema(), exampleChange),
			replies:    []reply{{http.StatusOK, "What was written to the ledger.", reflect.TypeFor[Moved](), exampleMoved(), nil, ""}},
			refusals:   append([]int{http.StatusNotFound}, moveRefusals...),
		},
		decode: body(s, decodeChange),
		handle: func(ctx context.Context, c *call, m syncer.Transfer) (plain[Moved], error) {
			m.Server = c.from.Name
			moved, err := s.deps.Balances.Move(ctx, m)
			return plain[Moved]{http.StatusOK, Moved{moved.Repeated, ledgerEntriesOf(moved.Entries)}}, inPathIfAt(err, "currency", "currency")
		},
	}
}

func (s *Server) transferOperation() operation[syncer.Transfer, plain[Moved]] {
	return operation[syncer.Transfer, plain[Moved]]{
		doc: document{
			method: http.MethodPost, path: "/v1/transfers", id: "transfer", tag: tagBalances, asServer: true,
			summary: "Pay from one player to another",
			description: "Both balances change or neither. If the payer has not enough the answer is 402 with the `balance` there is." +
				keyText,
			request:  jsonBody("The transfer.", true, transferSchema(), exampleTransfer),
			replies:  []reply{{http.StatusOK, "What was written to the ledger, the payer's entry first.", reflect.TypeFor[Moved](), exampleTransferred(), nil, ""}},
			refusals: moveRefusals,
		},
		decode: body(s, func(_ *call, v value) syncer.Transfer { return decodeTransfer(v) }),
		handle: func(ctx context.Context, c *call, m syncer.Transfer) (plain[Moved], error) {
			m.Server = c.from.Name
			moved, err := s.deps.Balances.Move(ctx, m)
			return plain[Moved]{http.StatusOK, Moved{moved.Repeated, ledgerEntriesOf(moved.Entries)}}, err
		},
	}
}

// ledgerInput is what to list.
type ledgerInput struct {
	currency string
	before   int64
	size     int
}

func (s *Server) ledgerOperation() operation[ledgerInput, plain[LedgerPage]] {
	return operation[ledgerInput, plain[LedgerPage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/players/{id}/ledger", id: "list-ledger", tag: tagBalances,
			summary:     "List the changes of a player's balances",
			description: "From the database, newest first. Also of a player who was deleted.",
			parameters: append([]*huma.Param{
				queryParameter("currency", "Only of this one.", textSchema("", exampleCurrency, 64), false),
			}, pageParameters()...),
			replies:  []reply{{http.StatusOK, "One page.", reflect.TypeFor[LedgerPage](), exampleLedger(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest, http.StatusUnprocessableEntity}, stored...),
		},
		decode: decodeLedger,
		handle: func(ctx context.Context, c *call, in ledgerInput) (plain[LedgerPage], error) {
			entries, err := s.deps.Balances.Ledger(ctx, c.id, in.currency, in.before, in.size+1)
			page := LedgerPage{}
			if len(entries) > in.size {
				entries = entries[:in.size]
				page.Next = optional(strconv.FormatInt(entries[in.size-1].ID, 10))
			}
			page.Entries = ledgerEntriesOf(entries)
			return plain[LedgerPage]{http.StatusOK, page}, err
		},
	}
}

func decodeLedger(c *call) (in ledgerInput, err error) {
	q, err := parameters(c.r, "currency", "limit", "after")
	if err != nil {
		return in, err
	}
	page := q.page()
	in.size, in.currency = page.Size, q.values.Get("currency")
	if q.values.Has("currency") {
		if err := syncer.CheckCurrency("currency", in.currency); err != nil {
			q.fault("currency", "is no name of a currency")
		}
	}
	if q.values.Has("after") {
		in.before, err = strconv.ParseInt(page.After, 10, 64)
		if err != nil || in.before < 1 {
			q.fault("after", "is not a position that a page returned as next")
		}
	}
	return in, q.err()
}

func (s *Server) currenciesOperation() operation[struct{}, plain[Currencies]] {
	return operation[struct{}, plain[Currencies]]{
		doc: document{
			method: http.MethodGet, path: "/v1/currencies", id: "list-currencies", tag: tagBalances,
			summary:     "List the currencies",
			description: "What players can have balances in.",
			replies:     []reply{{http.StatusOK, "All of them.", reflect.TypeFor[Currencies](), exampleCurrencies(), nil, ""}},
			refusals:    append([]int{http.StatusBadRequest}, stored...),
		},
		decode: func(c *call) (struct{}, error) {
			q, err := parameters(c.r)
			if err != nil {
				return struct{}{}, err
			}
			return struct{}{}, q.err()
		},
		handle: func(ctx context.Context, _ *call, _ struct{}) (plain[Currencies], error) {
			currencies, err := s.deps.Balances.Currencies(ctx)
			out := Currencies{make([]Currency, len(currencies))}
			for i, currency := range currencies {
				out.Currencies[i] = Currency(currency)
			}
			return plain[Currencies]{http.StatusOK, out}, err
		},
	}
}

func (s *Server) addCurrencyOperation() operation[struct{}, nothing] {
	return operation[struct{}, nothing]{
		doc: document{
			method: http.MethodPut, path: "/v1/currencies/{name}", id: "add-currency", tag: tagBalances,
			summary:     "Add a currency",
			description: "One that there is already stays as it is. The name has 1 to 64 printable characters.",
			parameters:  []*huma.Param{currencyParameter("name")},
			replies:     []reply{{http.StatusNoContent, "The currency is there.", nil, nil, nil, ""}},
			refusals:    append([]int{http.StatusUnprocessableEntity}, stored...),
		},
		handle: func(ctx context.Context, c *call, _ struct{}) (nothing, error) {
			_, err := s.deps.Balances.AddCurrency(ctx, c.r.PathValue("name"))
			return nothing{}, inPathIfAt(err, "currency", "name")
		},
	}
}
