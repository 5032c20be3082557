package syncer

import "fmt"

// Limits of balances and of what is said of their changes. Amounts are such that
// every reader of JSON holds them exactly.
const (
	MaxBalance      = MaxCounter
	MaxKeyLength    = 128
	MaxLedgerReason = 512
)

// Balance is what a player owns in one currency.
type Balance struct {
	Currency string `json:"c"`
	Amount   int64  `json:"n"`
	Revision int64  `json:"r"` // of one player and currency, higher is newer
}

// Balances are amounts by currency; one that is absent is 0. Values handed out are
// shared and must not be changed.
type Balances map[string]int64

// TopBalance is what one of the players has who have most of a currency.
type TopBalance struct {
	Player PlayerID
	Name   string
	Amount int64
}

// Currency is something in which players can have balances.
type Currency struct {
	Name    string
	AddedAt Time
}

// Transfer is a change of balances: from one player to another, or from or to nowhere
// if Payer or Payee is empty. It happens once for each Key, which the caller chooses
// and which is unique in the whole network.
type Transfer struct {
	Payer    PlayerID
	Payee    PlayerID
	Currency string
	Amount   int64 // positive
	Key      string
	Reason   string
	By       string // who wants it
	Server   string // the game server that asks, empty for none
}

// Change returns the transfer that changes one player's balance by a difference.
func (m Transfer) Change(id PlayerID, difference int64) Transfer {
	if difference < 0 {
		m.Payer, m.Payee, m.Amount = id, "", -difference
	} else {
		m.Payer, m.Payee, m.Amount = "", id, difference
	}
	return m
}

// IsTransfer reports whether it is between two players.
func (m Transfer) IsTransfer() bool { return m.Payer != "" && m.Payee != "" }

// Validate returns an [Error] naming the first field that cannot be stored.
func (m Transfer) Validate() error {
	if err := CheckCurrency("currency", m.Currency); err != nil {
		return err
	}
	if m.Payer == m.Payee {
		return Invalid("to", "must be another player than from")
	}
	if m.Amount < 1 || m.Amount > MaxBalance {
		if m.IsTransfer() {
			return Invalid("amount", "must be from 1 to %d, is %d", MaxBalance, m.Amount)
		}
		return Invalid("change", "must lie within ±%d and not be 0", MaxBalance)
	}
	return m.validateTexts()
}

func (m Transfer) validateTexts() error {
	if err := CheckKey("key", m.Key); err != nil {
		return err
	}
	if err := CheckText("reason", m.Reason, MaxLedgerReason); err != nil {
		return err
	}
	return CheckText("by", m.By, MaxHistoryText)
}

// CheckKey returns an [Error] at field unless a request can be recognised by the key: 1 to
// [MaxKeyLength] printable characters.
func CheckKey(field, key string) error {
	if err := CheckLength(field, key, MaxKeyLength); err != nil {
		return err
	}
	return CheckPrintable(field, key)
}

// CheckCurrency returns an [Error] at field unless a currency can have that name.
func CheckCurrency(field, name string) error { return CheckName(field, name) }

// LedgerEntry is one change of one balance.
type LedgerEntry struct {
	ID       int64    `json:"id"`
	At       Time     `json:"at"`
	Player   PlayerID `json:"uuid"`
	Currency string   `json:"currency"`
	Change   int64    `json:"change"`
	Balance  int64    `json:"balance"` // afterwards
	Peer     PlayerID `json:"peer"`    // the other player of a transfer, whose entry has the same key
	Key      string   `json:"key"`     // empty: an edit by hand
	Reason   string   `json:"reason"`
	By       string   `json:"by"`
	Server   string   `json:"server"` // the game server that asked, empty for none
	Role     string   `json:"role"`   // the database login that wrote it
}

// TransferResult is the outcome of a [Transfer]: the entries of its first time, the payer's first.
type TransferResult struct {
	Entries  []LedgerEntry
	Repeated bool // it had happened before
}

// MoveOutcome is what became of one of several transfers.
type MoveOutcome struct {
	Move   int // its place among them
	Result TransferResult
	Err    error
}

// BalanceMismatch is a balance that is not the sum of its ledger.
type BalanceMismatch struct {
	Player          PlayerID
	Currency        string
	Balance, Ledger int64
}

// Insufficient returns the refusal of a payment for want of money.
func Insufficient(currency string, balance, amount int64) *Error {
	return &Error{
		Code: CodeInsufficient, Balance: balance,
		Message: fmt.Sprintf("insufficient funds: the balance is %d %s, and %d are needed", balance, currency, amount),
	}
}
