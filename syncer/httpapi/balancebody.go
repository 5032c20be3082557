package httpapi

import (
	"errors"
	"maps"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// PlayerBalances is the body of an answer, and the data of an event of type balance.
type PlayerBalances struct {
	UUID     syncer.PlayerID  `json:"uuid" doc:"Whose."`
	Balances map[string]int64 `json:"balances" doc:"All of the player's balances by currency; one that is absent is 0."`
}

// BalanceEvent is the data of an event of type balance.
type BalanceEvent struct {
	UUID     syncer.PlayerID  `json:"uuid" doc:"Whose."`
	Balances map[string]int64 `json:"balances" doc:"All of the player's balances by currency; null if they are not in memory: ask for them if it matters."`
}

// TransformSchema says which members may be null.
func (BalanceEvent) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullableMembers(s, "balances")
}

// Moved is the body of a change's or transfer's answer.
type Moved struct {
	Repeated bool          `json:"repeated" doc:"Whether the key had been used already: then nothing happened now, and this is what happened then."`
	Entries  []LedgerEntry `json:"entries" nullable:"false" doc:"The ledger's entries: one, or of a transfer two, the payer's first."`
}

// LedgerEntry is one change of one balance.
type LedgerEntry struct {
	ID       int64            `json:"id" doc:"Number; higher is later for one balance."`
	At       syncer.Time      `json:"at" doc:"When."`
	UUID     syncer.PlayerID  `json:"uuid" doc:"Whose balance."`
	Currency string           `json:"currency" doc:"In what."`
	Change   int64            `json:"change" doc:"By how much it changed."`
	Balance  int64            `json:"balance" doc:"The balance afterwards."`
	Peer     *syncer.PlayerID `json:"peer" doc:"Of a transfer, the other player; else null."`
	Key      *string          `json:"key" doc:"The key of the request; null for an edit by hand."`
	Reason   string           `json:"reason" doc:"Why."`
	By       string           `json:"by" doc:"Who did it."`
	Server   string           `json:"server" doc:"The game server that asked; empty for a person."`
}

// LedgerPage is the body of a listing's answer.
type LedgerPage struct {
	Entries []LedgerEntry `json:"entries" nullable:"false" doc:"The entries, newest first."`
	Next    *string       `json:"next" doc:"The next page's after; null: this is the last."`
}

// Currency is something in which players can have balances.
type Currency struct {
	Name    string      `json:"name" doc:"Its name."`
	AddedAt syncer.Time `json:"addedAt" doc:"Since when there is it."`
}

// Currencies is the body of a listing's answer.
type Currencies struct {
	Currencies []Currency `json:"currencies" nullable:"false" doc:"All of them, by name."`
}

func ledgerEntriesOf(entries []syncer.LedgerEntry) []LedgerEntry {
	out := make([]LedgerEntry, len(entries))
	for i, e := range entries {
		out[i] = LedgerEntry{
			ID: e.ID, At: e.At, UUID: e.Player, Currency: e.Currency, Change: e.Change, Balance: e.Balance,
			Key: optional(e.Key), Reason: e.Reason, By: e.By, Server: e.Server,
		}
		if e.Peer != "" {
			out[i].Peer = &e.Peer
		}
	}
	return out
}

// balancesAnswer is a player's balances with where they came from.
type balancesAnswer struct {
	freshness
	body PlayerBalances
}

func (a balancesAnswer) status() int            { return http.StatusOK }
func (a balancesAnswer) append(b []byte) []byte { return appendJSON(b, a.body) }

// decodeChange reads the change of one balance.
func decodeChange(c *call, v value) syncer.Transfer {
	m, difference := syncer.Transfer{Currency: c.r.PathValue("currency")}, int64(0)
	decodeMove(v, &m, []string{"change", "key"}, map[string]func(member){
		"change": func(f member) { difference, _ = f.integer() },
	})
	return m.Change(c.id, difference)
}

// decodeTransfer reads a payment between two players.
func decodeTransfer(v value) syncer.Transfer {
	var m syncer.Transfer
	decodeMove(v, &m, []string{"from", "to", "currency", "amount", "key"}, map[string]func(member){
		"from":     func(f member) { m.Payer = f.playerID() },
		"to":       func(f member) { m.Payee = f.playerID() },
		"currency": func(f member) { m.Currency, _ = f.text() },
		"amount":   func(f member) { m.Amount, _ = f.integer() },
	})
	return m
}

// decodeMove reads what both kinds of moves have, and the given fields. The
// use-case checks the values.
func decodeMove(v value, m *syncer.Transfer, required []string, fields map[string]func(member)) {
	maps.Copy(fields, map[string]func(member){
		"key":    func(f member) { m.Key, _ = f.text() },
		"reason": func(f member) { m.Reason, _ = f.text() },
		"by":     func(f member) { m.By, _ = f.text() },
	})
	v.fields(fields, required...)
}

// playerID reads a player id.
func (v value) playerID() syncer.PlayerID {
	text, ok := v.text()
	if !ok {
		return ""
	}
	id, err := syncer.ParsePlayerID(text)
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		v.fault("%s", e.Message)
	}
	return id
}

// inPathIfAt says of a refusal of one field that it was in the path, by the name
// it has there.
func inPathIfAt(err error, field, name string) error {
	if e, ok := errors.AsType[*syncer.Error](err); ok && e.Code == syncer.CodeInvalid && e.Field == field {
		return refuse(FieldError{In: inPath, Field: name, Message: e.Message})
	}
	return err
}

func moveFields(fields map[string]*huma.Schema) map[string]*huma.Schema {
	key := textSchema("What the caller calls this, unique in the whole network: a random UUID, for example.", exampleMoveKey, syncer.MaxKeyLength)
	key.MinLength = new(1)
	fields["key"] = key
	fields["reason"] = textSchema("Why, for the ledger.", "bought a diamond sword", syncer.MaxLedgerReason)
	fields["by"] = textSchema("Who wants it, for the ledger.", "shop", syncer.MaxHistoryText)
	return fields
}

func changeSchema() *huma.Schema {
	return objectSchema("A change of one balance.", moveFields(map[string]*huma.Schema{
		"change": integerSchema("By how much: positive gives, negative takes; not 0.", -float64(syncer.MaxBalance), float64(syncer.MaxBalance)),
	}), "change", "key")
}

func transferSchema() *huma.Schema {
	return objectSchema("A payment.", moveFields(map[string]*huma.Schema{
		"from":     textSchema("Who pays.", exampleID, 64),
		"to":       textSchema("Who is paid.", "Alice", 64),
		"currency": textSchema("In what.", exampleCurrency, 64),
		"amount":   integerSchema("How much.", 1, float64(syncer.MaxBalance)),
	}), "from", "to", "currency", "amount", "key")
}

func currencyParameter(name string) *huma.Param {
	return &huma.Param{
		Name: name, In: "path", Required: true, Schema: textSchema("", exampleCurrency, 64), Example: exampleCurrency,
		Description: "Name of the currency, percent-encoded.",
	}
}

const (
	exampleCurrency = "coins"
	exampleMoveKey  = "0b2f2b62-6f0e-4d0a-9a53-3c6b1a0f5c11"
)

var (
	exampleChange   = map[string]any{"change": -250, "key": exampleMoveKey, "reason": "bought a diamond sword", "by": "shop"}
	exampleTransfer = map[string]any{
		"from": exampleID, "to": "Alice", "currency": exampleCurrency, "amount": 100, "key": exampleMoveKey, "reason": "/pay",
	}
)

func exampleBalances() PlayerBalances {
	return PlayerBalances{UUID: exampleID, Balances: map[string]int64{exampleCurrency: 750, "gems": 3}}
}

func exampleEntry() LedgerEntry {
	at, _ := syncer.ParseTime(exampleTime)
	return LedgerEntry{
		ID: 17, At: at, UUID: exampleID, Currency: exampleCurrency, Change: -250, Balance: 750,
		Key: optional(exampleMoveKey), Reason: "bought a diamond sword", By: "shop", Server: "survival-1",
	}
}

func exampleMoved() Moved { return Moved{Entries: []LedgerEntry{exampleEntry()}} }

func exampleTransferred() Moved {
	payer := exampleEntry()
	payer.Change, payer.Balance, payer.Peer, payer.Reason, payer.By = -100, 650, new(syncer.PlayerID("Alice")), "/pay", ""
	payee := payer
	payee.ID, payee.UUID, payee.Change, payee.Balance, payee.Peer = 18, "Alice", 100, 100, new(syncer.PlayerID(exampleID))
	return Moved{Entries: []LedgerEntry{payer, payee}}
}

func exampleLedger() LedgerPage { return LedgerPage{Entries: []LedgerEntry{exampleEntry()}} }

func exampleCurrencies() Currencies {
	at, _ := syncer.ParseTime(exampleTime)
	return Currencies{[]Currency{{Name: exampleCurrency, AddedAt: at}}}
}
