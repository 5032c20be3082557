package wire

import "playersync/syncer"

// PlayerBalances is what a player owns.
type PlayerBalances struct {
	UUID     syncer.PlayerID  `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Whose."`
	Balances map[string]int64 `json:"balances" example:"{\"coins\":750,\"gems\":3}" doc:"All of the player's balances by currency; one that is absent is 0."`
}

// BalanceChange asks to change one balance by a difference.
type BalanceChange struct {
	Change int64 `json:"change" minimum:"-9007199254740991" maximum:"9007199254740991" example:"-250" doc:"By how much: positive gives, negative takes; not 0."`
	TransferNotes
}

// TransferNotes are what every change of balances says of itself.
type TransferNotes struct {
	Key    string `json:"key" minLength:"1" maxLength:"128" example:"0b2f2b62-6f0e-4d0a-9a53-3c6b1a0f5c11" doc:"What the caller calls this, unique in the whole network: a random UUID, for example."`
	Reason string `json:"reason,omitempty" maxLength:"512" example:"bought a diamond sword" doc:"Why, for the ledger."`
	By     string `json:"by,omitempty" nullable:"true" maxLength:"512" example:"shop" doc:"Who wants it, for the ledger."`
}

func (n TransferNotes) noted(currency, server string) syncer.Transfer {
	return syncer.Transfer{Currency: currency, Key: n.Key, Reason: n.Reason, By: n.By, Server: server}
}

// Transfer returns the change of a player's balance that the game server asks for.
func (c BalanceChange) Transfer(id syncer.PlayerID, currency, server string) syncer.Transfer {
	return c.noted(currency, server).Change(id, c.Change)
}

// Transfer asks to pay from one player to another.
type Transfer struct {
	From     PlayerID `json:"from" maxLength:"64" example:"abcdefghijklmnopqrstuv==" doc:"Who pays."`
	To       PlayerID `json:"to" maxLength:"64" example:"Alice" doc:"Who is paid."`
	Currency string   `json:"currency" maxLength:"64" example:"coins" doc:"In what."`
	Amount   int64    `json:"amount" minimum:"1" maximum:"9007199254740991" example:"100" doc:"How much."`
	TransferNotes
}

// Transfer returns the payment that the game server asks for.
func (t Transfer) Transfer(server string) syncer.Transfer {
	transfer := t.noted(t.Currency, server)
	transfer.Payer, transfer.Payee, transfer.Amount = syncer.PlayerID(t.From), syncer.PlayerID(t.To), t.Amount
	return transfer
}

// Moved is the outcome of a [BalanceChange] or a [Transfer].
type Moved struct {
	Repeated bool          `json:"repeated" doc:"Whether the key had been used already: then nothing happened now, and this is what happened then."`
	Entries  []LedgerEntry `json:"entries" doc:"The ledger's entries: one, or of a transfer two, the payer's first."`
}

// MovedOf returns the message for a result.
func MovedOf(m syncer.TransferResult) Moved {
	return Moved{Repeated: m.Repeated, Entries: LedgerEntriesOf(m.Entries)}
}

// LedgerEntry is one change of one balance.
type LedgerEntry struct {
	ID       int64            `json:"id" example:"17" doc:"Number; higher is later for one balance."`
	At       syncer.Time      `json:"at" example:"2030-01-02T03:04:05.000Z" doc:"When."`
	UUID     syncer.PlayerID  `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Whose balance."`
	Currency string           `json:"currency" example:"coins" doc:"In what."`
	Change   int64            `json:"change" example:"-250" doc:"By how much it changed."`
	Balance  int64            `json:"balance" example:"750" doc:"The balance afterwards."`
	Peer     *syncer.PlayerID `json:"peer" doc:"Of a transfer, the other player; else null."`
	Key      *string          `json:"key" example:"0b2f2b62-6f0e-4d0a-9a53-3c6b1a0f5c11" doc:"The key of the request; null for an edit by hand."`
	Reason   string           `json:"reason" example:"bought a diamond sword" doc:"Why."`
	By       Person           `json:"by" nullable:"true" example:"shop" doc:"Who did it; null if nobody was named."`
	Server   string           `json:"server" example:"survival-1" doc:"The game server that asked; empty for a person."`
	Role     string           `json:"role" example:"syncer" doc:"The database login that wrote it."`
}

// LedgerEntriesOf returns the entries, never nil.
func LedgerEntriesOf(entries []syncer.LedgerEntry) []LedgerEntry {
	out := make([]LedgerEntry, len(entries))
	for i, e := range entries {
		out[i] = LedgerEntry{
			ID: e.ID, At: e.At, UUID: e.Player, Currency: e.Currency, Change: e.Change, Balance: e.Balance,
			Peer: Filled(e.Peer), Key: Filled(e.Key), Reason: e.Reason, By: Person(e.By), Server: e.Server,
			Role: e.Role,
		}
	}
	return out
}

// LedgerPage is one page of a player's ledger.
type LedgerPage struct {
	Entries []LedgerEntry `json:"entries" doc:"The entries, newest first."`
	Next    *string       `json:"next" doc:"The next page's after; null: this is the last."`
}

// TopBalance is what one of the richest players has.
type TopBalance struct {
	UUID    syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Who."`
	Name    string          `json:"name" example:"[accent]Steve" doc:"Name, colour tags included."`
	Balance int64           `json:"balance" example:"750" doc:"How much."`
}

// TopBalances is one page of those who have most of a currency.
type TopBalances struct {
	Players []TopBalance `json:"players" doc:"The players, the richest first."`
	Next    *string      `json:"next" doc:"The next page's after; null: this is the last."`
}

// TopBalancesOf returns the page behind which the next one begins at next, "" for none.
func TopBalancesOf(top []syncer.TopBalance, next string) TopBalances {
	page := TopBalances{Players: make([]TopBalance, len(top)), Next: Next(next)}
	for i, b := range top {
		page.Players[i] = TopBalance{b.Player, b.Name, b.Amount}
	}
	return page
}

// Currency is something in which players can have balances.
type Currency struct {
	Name    string      `json:"name" example:"coins" doc:"Its name."`
	AddedAt syncer.Time `json:"addedAt" example:"2030-01-02T03:04:05.000Z" doc:"Since when there is it."`
}

// Currencies is all of them.
type Currencies struct {
	Currencies []Currency `json:"currencies" doc:"All of them, by name."`
}

// CurrenciesOf returns the currencies.
func CurrenciesOf(currencies []syncer.Currency) Currencies {
	out := Currencies{make([]Currency, len(currencies))}
	for i, currency := range currencies {
		out.Currencies[i] = Currency(currency)
	}
	return out
}

// BalanceCheck compares all balances with the ledger, as the command line shows it.
type BalanceCheck struct {
	Mismatches int64             `json:"mismatches"`
	First      []BalanceMismatch `json:"first"` // at most ten
}

// BalanceMismatch is a balance that is not the sum of its entries.
type BalanceMismatch struct {
	Player   syncer.PlayerID `json:"player"`
	Currency string          `json:"currency"`
	Balance  int64           `json:"balance"`
	Ledger   int64           `json:"ledger"` // the sum of its entries
}

// BalanceCheckOf returns how many balances differ, and the first of them.
func BalanceCheckOf(total int64, first []syncer.BalanceMismatch) BalanceCheck {
	check := BalanceCheck{total, make([]BalanceMismatch, len(first))}
	for i, m := range first {
		check.First[i] = BalanceMismatch(m)
	}
	return check
}
