package main

import (
	"context"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/sidecar"
	"playersync/syncer/store"
)

// useCases are those behind the HTTP API, for one command: what it asks obeys the same
// rules. Reads without a rule go to the store.
type useCases struct {
	store *store.Store
	now   time.Time // by the database's clock, when the command began

	edits       *sidecar.Edits
	bans        *sidecar.Bans
	banTransfer *sidecar.BanTransfer
	balances    *sidecar.Balances
	audit       *sidecar.Audit
	chat        *sidecar.Chat
	kicks       *sidecar.Kicks
	patterns    *sidecar.Patterns
}

func newUseCases(s *store.Store, now time.Time) *useCases {
	memory := noMemory{now}
	return &useCases{
		store: s, now: now,
		edits:       sidecar.NewEdits(s, memory, memory),
		bans:        sidecar.NewBans(s, nil, memory, memory),
		banTransfer: sidecar.NewBanTransfer(s, memory),
		balances:    sidecar.NewBalances(s, memory, memory),
		audit:       sidecar.NewAudit(sidecar.AuditConfig{}, s, memory, slog.New(slog.DiscardHandler)),
		kicks:       sidecar.NewKicks(s),
		patterns:    sidecar.NewPatterns(s),
		chat:        sidecar.NewChat(s, nil, slog.New(slog.DiscardHandler)),
	}
}

// withUseCases is withStore for commands that need the use-cases.
func (a *app) withUseCases(command *cobra.Command, use func(ctx context.Context, u *useCases) error) error {
	return a.withStore(command, func(ctx context.Context, s *store.Store, now time.Time) error {
		return use(ctx, newUseCases(s, now))
	})
}

// noMemory stands for the copies of a sidecar, which a command does not have: it reads
// from the database, and nothing has to follow what it writes.
type noMemory struct{ now time.Time }

// Begin starts a write.
func (noMemory) Begin() changefeed.Generation { return 0 }

// Wrote does nothing: there are no copies.
func (noMemory) Wrote(changefeed.Generation, []changefeed.VersionedPlayer, []changefeed.Change) {}

// Now returns the time at which the command began.
func (m noMemory) Now() time.Time { return m.now }

// Following reports true: what is read from the database is current.
func (noMemory) Following() bool { return true }

// Staleness is none.
func (noMemory) Staleness() time.Duration { return 0 }

// Read reads a player from the database; nil if there is none.
func (noMemory) Read(ctx context.Context, id syncer.PlayerID, fetch sidecar.Fetch) (*syncer.Player, bool, error) {
	readings, err := fetch(ctx, []syncer.PlayerID{id})
	if err != nil {
		return nil, false, err
	}
	return readings[0].Player, false, nil
}

// Balances returns none: they are read from the database.
func (noMemory) Balances(syncer.PlayerID) (syncer.Balances, bool) { return nil, false }
