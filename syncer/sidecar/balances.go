package sidecar

import (
	"cmp"
	"context"
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Balances is what players own. Nothing is ever computed from a copy: a change is a
// difference, and the database decides whether there is enough.
type Balances struct {
	BalanceReads

	store   BalanceStore
	players HeldBalances
	applier Applier
	moves   batcher[syncer.Transfer, syncer.TransferResult]
}

// BalanceReads are the reads that need no rule of this package; the store has them.
type BalanceReads interface {
	// Ledger returns up to size changes of a player's balances below a number, newest
	// first; for 0 the newest. With a currency, only of that one.
	Ledger(
		ctx context.Context, id syncer.PlayerID, currency string, before int64, size int,
	) ([]syncer.LedgerEntry, error)
	// Currencies returns all currencies by name.
	Currencies(ctx context.Context) ([]syncer.Currency, error)
}

// BalanceStore is what balances need of the database.
type BalanceStore interface {
	BalanceReads
	ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)
	MoveBalance(ctx context.Context, m syncer.Transfer) (syncer.TransferResult, []changefeed.Change, error)
	// MoveBalances does the same of several players in one step. What it does not return it
	// did not do.
	MoveBalances(ctx context.Context, moves []syncer.Transfer) ([]syncer.MoveOutcome, []changefeed.Change, error)
	AddCurrency(ctx context.Context, name string) (added bool, err error)
	TopBalances(ctx context.Context, currency string, size int, after string) ([]syncer.TopBalance, string, error)
}

// HeldBalances is the copies of players in memory, with their balances.
type HeldBalances interface {
	Read(ctx context.Context, id syncer.PlayerID, fetch Fetch) (player *syncer.Player, fromMemory bool, err error)
	Balances(id syncer.PlayerID) (balances syncer.Balances, ok bool)
}

// NewBalances returns the balances of players, some of which are in memory.
func NewBalances(store BalanceStore, players HeldBalances, applier Applier) *Balances {
	b := &Balances{BalanceReads: store, store: store, players: players, applier: applier}
	b.moves.most, b.moves.keys, b.moves.lost = maxTogether, keysOfMove, unknownOutcome
	b.moves.alone, b.moves.together = b.move, b.moveTogether
	return b
}

// Of returns a player's balances, from memory if its copy is there. Errors:
// not_found, and database_unavailable if they must be read.
func (b *Balances) Of(ctx context.Context, id syncer.PlayerID) (syncer.Balances, Source, error) {
	player, fromMemory, err := b.players.Read(ctx, id, b.store.ReadPlayers)
	if err != nil {
		return nil, "", err
	}
	if held, ok := b.players.Balances(id); ok && player != nil {
		return held, sourceOf(fromMemory), nil
	}
	readings, err := b.store.ReadPlayers(ctx, []syncer.PlayerID{id}) // evicted already, or perhaps joined elsewhere
	if err != nil {
		return nil, "", err
	}
	balances := syncer.Balances{}
	for _, reading := range readings {
		if reading.Player == nil {
			return nil, "", syncer.NotFound("no player %q", id)
		}
		for _, balance := range reading.Balances {
			balances[balance.Currency] = balance.Amount
		}
	}
	return balances, FromDatabase, nil
}

// Transfer changes balances in the database and in memory, together with others that come
// meanwhile. A broken connection makes it try again, which the key makes safe. Errors: those
// of the store.
func (b *Balances) Transfer(ctx context.Context, m syncer.Transfer) (syncer.TransferResult, error) {
	if err := m.Validate(); err != nil {
		return syncer.TransferResult{}, err
	}
	m.By = cmp.Or(m.By, syncer.AttributionOf(ctx).By)
	var moved syncer.TransferResult
	err := syncer.RepeatUnknown(func() (err error) {
		moved, err = b.moves.one(ctx, m)
		return err
	})
	return moved, err
}

// keysOfMove names the players and the key of a move: those that share one have an order.
func keysOfMove(m syncer.Transfer) []string {
	keys := []string{"key " + m.Key}
	for _, id := range []syncer.PlayerID{m.Payer, m.Payee} {
		if id != "" {
			keys = append(keys, "player "+string(id))
		}
	}
	return keys
}

// move does a move that waits for others if it has to.
func (b *Balances) move(ctx context.Context, m syncer.Transfer) (syncer.TransferResult, error) {
	begun := b.applier.Begin()
	moved, changes, err := b.store.MoveBalance(ctx, m)
	if err == nil {
		b.applier.Wrote(begun, nil, changes)
	}
	return moved, err
}

// moveTogether does moves of different players.
func (b *Balances) moveTogether(
	ctx context.Context, moves []syncer.Transfer, answer func(i int, moved syncer.TransferResult, err error),
) error {
	begun := b.applier.Begin()
	outcomes, changes, err := b.store.MoveBalances(ctx, moves)
	if err != nil {
		return err
	}
	b.applier.Wrote(begun, nil, changes)
	for _, outcome := range outcomes {
		answer(outcome.Move, outcome.Result, outcome.Err)
	}
	return nil
}

// Top returns a page of the players who have most of a currency, the richest first; who has
// nothing is not among them. Errors: not_found for an unknown currency.
func (b *Balances) Top(ctx context.Context, currency string, page Page) ([]syncer.TopBalance, string, error) {
	top, next, err := b.store.TopBalances(ctx, currency, page.Size, page.After)
	if err != nil || len(top) > 0 {
		return top, next, err
	}
	known, err := b.store.Currencies(ctx)
	if err == nil && !slices.ContainsFunc(known, func(c syncer.Currency) bool { return c.Name == currency }) {
		err = syncer.NotFound("there is no currency %q", currency)
	}
	return top, "", err
}

// AddCurrency adds a currency; it reports false if there is one of that name.
func (b *Balances) AddCurrency(ctx context.Context, name string) (added bool, err error) {
	if err := syncer.CheckCurrency("currency", name); err != nil {
		return false, err
	}
	return b.store.AddCurrency(ctx, name)
}
