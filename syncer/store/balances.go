package store

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// MoveBalance changes balances and writes the ledger, both or neither, once for each
// key: the same move again returns the outcome of the first one. The changes are what
// other sidecars are told of. It may therefore be sent again after any error.
// Errors: invalid, not_found (the player of a change of one balance),
// insufficient_funds, idempotency_conflict, database_unavailable, outcome_unknown.
func (s *Store) MoveBalance(
	ctx context.Context, m syncer.Transfer,
) (syncer.TransferResult, []changefeed.Change, error) {
	mode, end := s.beginWrite()
	defer end()
	params := db.MoveBalanceParams{
		Notify:   string(mode),
		Payer:    optional(string(m.Payer)),
		Payee:    optional(string(m.Payee)),
		Currency: m.Currency,
		Amount:   m.Amount,
		Key:      m.Key,
		Reason:   m.Reason,
		By:       s.writer(ctx, m.By).By,
		Server:   m.Server,
	}
	var row db.MoveBalanceRow
	err := repeatedly(func() (err error) {
		row, err = s.queries.MoveBalance(ctx, params)
		return err
	})
	if err != nil {
		return syncer.TransferResult{}, nil, writeError("move balance", err)
	}
	return s.moved(m, mode, row)
}

// MoveBalances changes balances in one step, as [Store.MoveBalance] does each, of players none
// of whom is in two of the moves. What it does not return it did not do: moves that would have
// to wait for somebody else, or that begin a balance. The changes are those of all. Errors:
// invalid for all if one is, database_unavailable, outcome_unknown.
func (s *Store) MoveBalances(
	ctx context.Context, moves []syncer.Transfer,
) ([]syncer.MoveOutcome, []changefeed.Change, error) {
	var params db.MoveBalancesParams
	for _, m := range moves {
		params.Keys = append(params.Keys, m.Key)
		params.Payers = append(params.Payers, string(m.Payer))
		params.Payees = append(params.Payees, string(m.Payee))
		params.Currencies = append(params.Currencies, m.Currency)
		params.Amounts = append(params.Amounts, m.Amount)
		params.Reasons = append(params.Reasons, m.Reason)
		params.Bys = append(params.Bys, m.By)
		params.Servers = append(params.Servers, m.Server)
	}
	rows, err := s.queries.MoveBalances(ctx, params)
	switch {
	case isRepeatable(err), isLockTimeout(err): // a rival has one of the keys, for whom one alone waits
		return nil, nil, nil
	case err != nil:
		return nil, nil, writeError("move balances", err)
	}
	var outcomes []syncer.MoveOutcome
	var changes []changefeed.Change
	for _, row := range rows {
		move := int(row.Place) - 1
		moved, changed, err := s.moved(moves[move], notifyLater, db.MoveBalanceRow{
			Outcome: row.Outcome, Held: row.Held, Entries: row.Entries, Changes: row.Changes,
		})
		outcomes = append(outcomes, syncer.MoveOutcome{Move: move, Result: moved, Err: err})
		changes = append(changes, changed...)
	}
	return outcomes, changes, nil
}

// moved reads what the SQL function move_balance returns.
func (s *Store) moved(
	m syncer.Transfer, mode notifyMode, row db.MoveBalanceRow,
) (syncer.TransferResult, []changefeed.Change, error) {
	switch row.Outcome {
	case "applied", "repeated":
	default:
		return syncer.TransferResult{}, nil, refusedMove(m, row)
	}
	var stored []ledgerEntry
	if err := json.Unmarshal(row.Entries, &stored); err != nil {
		return syncer.TransferResult{}, nil, fmt.Errorf("decode ledger: %w", err)
	}
	moved := syncer.TransferResult{Repeated: row.Outcome == "repeated"}
	for _, entry := range stored {
		moved.Entries = append(moved.Entries, syncer.LedgerEntry(entry))
	}
	changes, encoded, err := decodeEach(row.Changes)
	s.committed(encoded, mode == notifyLater || moved.Repeated)
	return moved, changes, err
}

// ledgerEntry is an entry as PostgreSQL writes rows as JSON.
type ledgerEntry syncer.LedgerEntry

func refusedMove(m syncer.Transfer, row db.MoveBalanceRow) error {
	amount := "change"
	if m.IsTransfer() {
		amount = "amount"
	}
	switch row.Outcome {
	case "conflict":
		return &syncer.Error{
			Code: syncer.CodeKeyReused, Field: "key",
			Message: "was used for a change of another player, currency or amount; nothing was stored",
		}
	case "insufficient":
		return syncer.Insufficient(m.Currency, row.Held, m.Amount)
	case "too much":
		return syncer.Invalid(
			amount, "is too much: the balance is %d, and can be at most %d", row.Held, syncer.MaxBalance,
		)
	case "no currency":
		return syncer.Invalid("currency", "there is no currency %q; add it first", m.Currency)
	case "no payer":
		return missingPlayer(m, "from", m.Payer)
	default:
		return missingPlayer(m, "to", m.Payee)
	}
}

func missingPlayer(m syncer.Transfer, field string, id syncer.PlayerID) error {
	if m.IsTransfer() {
		return syncer.Invalid(field, "there is no player %q", id)
	}
	return syncer.NotFound("no player %q", id)
}

// Ledger returns up to size changes of a player's balances below a number, newest
// first; for 0 the newest. With a currency, only of that one.
func (s *Store) Ledger(
	ctx context.Context, id syncer.PlayerID, currency string, before int64, size int,
) ([]syncer.LedgerEntry, error) {
	params := db.LedgerParams{Uuid: string(id), Currency: optional(currency), Before: before, PageSize: int32(size)}
	if before == 0 {
		params.Before = math.MaxInt64
	}
	rows, err := s.queries.Ledger(ctx, params)
	entries := make([]syncer.LedgerEntry, len(rows))
	for i, row := range rows {
		entries[i] = syncer.LedgerEntry{
			ID:       row.ID,
			At:       timeOf(row.At),
			Player:   syncer.PlayerID(row.Uuid),
			Currency: row.Currency,
			Change:   row.Change,
			Balance:  row.Balance,
			Peer:     syncer.PlayerID(text(row.Peer)),
			Key:      text(row.Key),
			Reason:   row.Reason,
			By:       row.By,
			Server:   row.Server,
			Role:     row.Role,
		}
	}
	return entries, readError("read ledger", err)
}

// TopBalances returns up to size players who have most of a currency, the richest first.
// After is the position that the page before returned, or "". The position returned is ""
// on the last page.
func (s *Store) TopBalances(
	ctx context.Context, currency string, size int, after string,
) ([]syncer.TopBalance, string, error) {
	below, err := decodePosition(after)
	if err != nil {
		return nil, "", err
	}
	if after == "" {
		below.Amount = math.MaxInt64
	}
	rows, err := s.queries.TopBalances(ctx, db.TopBalancesParams{
		Currency: currency, BelowAmount: below.Amount, BelowUuid: below.ID, PageSize: int32(size) + 1,
	})
	if err != nil {
		return nil, "", readError("read top balances", err)
	}
	rows, next := cutPage(rows, size, func(last db.TopBalancesRow) string {
		return encodePosition(position{Amount: last.Amount, ID: last.Uuid})
	})
	top := make([]syncer.TopBalance, len(rows))
	for i, row := range rows {
		top[i] = syncer.TopBalance{Player: syncer.PlayerID(row.Uuid), Name: row.Name, Amount: row.Amount}
	}
	return top, next, nil
}

// Currencies returns all currencies by name.
func (s *Store) Currencies(ctx context.Context) ([]syncer.Currency, error) {
	rows, err := s.queries.Currencies(ctx)
	currencies := make([]syncer.Currency, len(rows))
	for i, row := range rows {
		currencies[i] = syncer.Currency{Name: row.Name, AddedAt: timeOf(row.AddedAt)}
	}
	return currencies, readError("read currencies", err)
}

// AddCurrency adds a currency; it reports false if there is one of that name.
func (s *Store) AddCurrency(ctx context.Context, name string) (bool, error) {
	added, err := s.queries.AddCurrency(ctx, name)
	return s.done(ctx, "add currency", added, err)
}

// BalanceMismatches returns how many balances are not the sum of their ledger, and
// the first ten. It reads the whole ledger, and so takes as long as ctx allows.
func (s *Store) BalanceMismatches(ctx context.Context) (total int64, some []syncer.BalanceMismatch, err error) {
	rows, err := db.New(pooled{pool: s.pool}).BalanceMismatches(ctx)
	for _, row := range rows {
		total = row.Total
		some = append(some, syncer.BalanceMismatch{
			Player: syncer.PlayerID(row.Uuid), Currency: row.Currency, Balance: row.Balance, Ledger: row.Ledger,
		})
	}
	return total, some, readError("reconcile balances", err)
}

// decodeBalances reads what the query ReadPlayers returns; empty means none.
func decodeBalances(encoded json.RawMessage) (balances []syncer.Balance, err error) {
	if len(encoded) == 0 {
		return nil, nil
	}
	if err := json.Unmarshal(encoded, &balances); err != nil {
		return nil, fmt.Errorf("decode balances: %w", err)
	}
	return balances, nil
}
