package changefeed

import (
	"playersync/syncer"
)

// VersionedPlayer is one player as read from the database, and how current the read is.
type VersionedPlayer struct {
	ID     syncer.PlayerID
	Player *syncer.Player // nil: no such row

	// Balances are the player's, unless Xid is set: writes of players do not
	// return them.
	Balances []syncer.Balance

	// Snapshot is what the read could see. A write also includes its own
	// transaction, which the snapshot it started with cannot see: Xid, else 0.
	Snapshot Snapshot
	Xid      uint64
}

// Generation counts how often a sidecar had to forget how old its copies are. What
// belongs to different ones, as transaction ids of two databases do, cannot be
// compared.
type Generation uint64
