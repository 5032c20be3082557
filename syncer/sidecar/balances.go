package sidecar

import (
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
	return &Balances{BalanceReads: store, store: store, players: players, applier: applier}
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

// Transfer changes balances in the database and in memory. A broken connection makes it
// try again, which the key makes safe. Errors: those of the store.
func (b *Balances) Transfer(ctx context.Context, m syncer.Transfer) (syncer.TransferResult, error) {
	if err := m.Validate(); err != nil {
		return syncer.TransferResult{}, err
	}
	begun := b.applier.Begin()
	var moved syncer.TransferResult
	var changes []changefeed.Change
	err := syncer.RepeatUnknown(func() (err error) {
		moved, changes, err = b.store.MoveBalance(ctx, m)
		return err
	})
	if err != nil {
		return syncer.TransferResult{}, err
	}
	b.applier.Wrote(begun, nil, changes)
	return moved, nil
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
