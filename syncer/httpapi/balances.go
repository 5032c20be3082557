package httpapi

import (
	"context"
	"errors"
	"net/http"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

// registerBalances adds the operations on balances.
func (s *Server) registerBalances() {
	declareByHand[OnePlayer, freshResult[wire.PlayerBalances]](s, route{
		http.MethodGet, "/v1/players/{id}/balances", "get-balances", tagBalances,
		"Read a player's balances",
		"From memory where the player is on this server or was asked for lately. " +
			"It may be older than a change made elsewhere by the milliseconds that a notification takes: " +
			"show it, but let a change decide whether there is enough.",
		replies{200: "The balances."},
		storedOr(http.StatusNotFound),
	}, s.byHand(s.getBalances))
	declare(s, route{
		http.MethodPost, "/v1/players/{id}/balances/{currency}", "change-balance", tagBalances,
		"Change a balance by a difference",
		"A positive `change` gives, a negative one takes. The database decides: a balance is never below 0, " +
			"and if there is not enough the answer is 402 with the `balance` there is." + keyText,
		replies{200: "What was written to the ledger."},
		storedOr(http.StatusNotFound, http.StatusPaymentRequired, http.StatusConflict),
	}, s.changeBalance)
	declare(s, route{
		http.MethodPost, "/v1/transfers", "transfer", tagBalances,
		"Pay from one player to another",
		"Both balances change or neither. If the payer has not enough the answer is 402 with the `balance` there is." +
			keyText,
		replies{200: "What was written to the ledger, the payer's entry first."},
		storedOr(http.StatusPaymentRequired, http.StatusConflict),
	}, s.transfer)
	declare(s, route{
		http.MethodGet, "/v1/players/{id}/ledger", "list-ledger", tagBalances,
		"List the changes of a player's balances",
		"From the database, newest first. Also of a player who was deleted.",
		replies{200: "One page."},
		stored,
	}, s.listLedger)
}

// registerCurrencies adds the operations on currencies.
func (s *Server) registerCurrencies() {
	declare(s, route{
		http.MethodGet, "/v1/currencies", "list-currencies", tagBalances,
		"List the currencies",
		"What players can have balances in.",
		replies{200: "All of them."},
		stored,
	}, s.listCurrencies)
	declare(s, route{
		http.MethodGet, "/v1/currencies/{name}/top", "list-top-balances", tagBalances,
		"List who has most of a currency",
		"From the database, the richest first. Players who have nothing of it are not listed.",
		replies{200: "One page."},
		storedOr(http.StatusNotFound),
	}, s.listTopBalances)
	declare(s, route{
		http.MethodPut, "/v1/currencies/{name}", "add-currency", tagBalances,
		"Add a currency",
		"One that there is already stays as it is. The name has 1 to 64 printable characters. There are at most " +
			"1000 currencies.",
		replies{204: "The currency is there."},
		stored,
	}, s.addCurrency)
}

const keyText = " It happens once for each `key`, which the caller draws anew for each thing that happens in the " +
	"game: after an error, outcome_unknown included, send the same request again. " +
	"The same key with another player, currency or amount is refused (409). " +
	"A refused request leaves its key free."

// Balances is what the API needs of the use-cases about balances; *sidecar.Balances
// is one. Values it returns are shared and not changed here.
type Balances interface {
	Of(ctx context.Context, id syncer.PlayerID) (syncer.Balances, sidecar.Source, error)
	Transfer(ctx context.Context, m syncer.Transfer) (syncer.TransferResult, error)
	Ledger(
		ctx context.Context, id syncer.PlayerID, currency string, before int64, size int,
	) ([]syncer.LedgerEntry, error)
	Currencies(ctx context.Context) ([]syncer.Currency, error)
	AddCurrency(ctx context.Context, name string) (added bool, err error)
	Top(ctx context.Context, currency string, page sidecar.Page) (top []syncer.TopBalance, next string, err error)
}

func (s *Server) getBalances(ctx context.Context, c *call) (answer, error) {
	balances, source, err := s.deps.Balances.Of(ctx, c.id)
	return balancesAnswer{s.freshness(source), c.id, balances}, err
}

// balancesAnswer is a player's balances with where they came from.
type balancesAnswer struct {
	freshness
	id       syncer.PlayerID
	balances syncer.Balances
}

func (a balancesAnswer) status() int { return http.StatusOK }

func (a balancesAnswer) append(b []byte) []byte {
	b = appendText(append(b, `{"uuid":`...), string(a.id))
	b = appendCounters(append(b, `,"balances":`...), a.balances)
	return append(b, '}')
}

type changeBalanceInput struct {
	OnePlayer
	Currency string `path:"currency" maxLength:"64" example:"coins" doc:"Name of the currency, percent-encoded."`
	Acting
	Body wire.BalanceChange `doc:"The change."`
}

func (s *Server) changeBalance(ctx context.Context, in *changeBalanceInput) (*result[wire.Moved], error) {
	moved, err := s.deps.Balances.Transfer(ctx, in.Body.Transfer(in.ID.PlayerID, in.Currency, in.from.Name))
	return &result[wire.Moved]{wire.MovedOf(moved)}, inPathIfAt(err, "currency", "currency")
}

type transferInput struct {
	Acting
	Body wire.Transfer `doc:"The payment."`
}

func (s *Server) transfer(ctx context.Context, in *transferInput) (*result[wire.Moved], error) {
	moved, err := s.deps.Balances.Transfer(ctx, in.Body.Transfer(in.from.Name))
	return &result[wire.Moved]{wire.MovedOf(moved)}, err
}

type listLedgerInput struct {
	OnePlayer
	Currency currencyName `query:"currency" minLength:"1" maxLength:"64" example:"coins" doc:"Only of this one."`
	NumberedPage
}

func (s *Server) listLedger(ctx context.Context, in *listLedgerInput) (*result[wire.LedgerPage], error) {
	entries, err := s.deps.Balances.Ledger(ctx, in.ID.PlayerID, in.Currency.string, in.After.number, in.Limit+1)
	page := wire.LedgerPage{}
	if len(entries) > in.Limit {
		entries = entries[:in.Limit]
		page.Next = nextPosition(entries[in.Limit-1].ID)
	}
	page.Entries = wire.LedgerEntriesOf(entries)
	return &result[wire.LedgerPage]{page}, err
}

func (s *Server) listCurrencies(ctx context.Context, _ *struct{}) (*result[wire.Currencies], error) {
	currencies, err := s.deps.Balances.Currencies(ctx)
	return &result[wire.Currencies]{wire.CurrenciesOf(currencies)}, err
}

type listTopBalancesInput struct {
	OneCurrency
	Page
}

func (s *Server) listTopBalances(ctx context.Context, in *listTopBalancesInput) (*result[wire.TopBalances], error) {
	top, next, err := s.deps.Balances.Top(ctx, in.Name, in.selection())
	return &result[wire.TopBalances]{wire.TopBalancesOf(top, next)}, inQueryIfAny(err)
}

// OneCurrency is part of the input of an operation on a currency.
type OneCurrency struct {
	Name string `path:"name" maxLength:"64" example:"coins" doc:"Name of the currency, percent-encoded."`
}

type addCurrencyInput struct {
	OneCurrency
	Author
}

func (s *Server) addCurrency(ctx context.Context, in *addCurrencyInput) (*struct{}, error) {
	_, err := s.deps.Balances.AddCurrency(ctx, in.Name)
	return &struct{}{}, inPathIfAt(err, "currency", "name")
}

// inPathIfAt says of a refusal of one field that it was in the path, by the name
// it has there.
func inPathIfAt(err error, field, name string) error {
	if e, ok := errors.AsType[*syncer.Error](err); ok && e.Code == syncer.CodeInvalid && e.Field == field {
		return refuse(FieldError{In: inPath, Field: name, Message: e.Message})
	}
	return err
}
