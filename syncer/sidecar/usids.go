package sidecar

import (
	"context"
	"log/slog"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// USIDs are the proofs of identity that game servers rejected and administrators may
// approve. It is safe for concurrent use.
type USIDs struct {
	USIDReads

	store   USIDStore
	players Rereader
	log     *slog.Logger
}

// USIDReads are the reads of rejections that need no rule of this package; the store
// has them.
type USIDReads interface {
	// RejectedUSIDs returns up to size proofs of identity that servers rejected and
	// nobody has approved, newest first.
	RejectedUSIDs(ctx context.Context, size int) ([]mindustry.RejectedUSID, error)
}

// USIDStore is what rejections need of the database.
type USIDStore interface {
	USIDReads
	ApproveUSID(ctx context.Context, code, address string) (mindustry.RejectedUSID, error)
	ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)
}

// Rereader reads players anew into memory.
type Rereader interface {
	Reread(ctx context.Context, id syncer.PlayerID, fetch Fetch) (*syncer.Player, error)
}

// NewUSIDs returns the rejections in the store.
func NewUSIDs(store USIDStore, players Rereader, log *slog.Logger) *USIDs {
	return &USIDs{USIDReads: store, store: store, players: players, log: log}
}

// ApproveUSID makes a rejected proof of identity the right one for the server that
// rejected it, from the player's next join on: at once on the servers of this sidecar,
// within seconds on others. Without an address the code must be open
// at one server only. Errors: not_found, conflict if it was approved already, invalid,
// database_unavailable, outcome_unknown.
func (u *USIDs) ApproveUSID(ctx context.Context, code, address string) (mindustry.RejectedUSID, error) {
	approved, err := u.store.ApproveUSID(ctx, code, address)
	if err != nil {
		return approved, err
	}
	if _, err := u.players.Reread(ctx, approved.ID, u.store.ReadPlayers); err != nil {
		u.log.Debug("cannot read an approved usid; it is read when a server asks", "player", approved.ID, "error", err)
	}
	return approved, nil
}
