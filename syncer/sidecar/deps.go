package sidecar

import (
	"context"
	"iter"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
)

// Store is the database.
type Store interface {
	ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)
	CreatePlayers(ctx context.Context, ids []syncer.PlayerID) error
	EditPlayer(ctx context.Context, id syncer.PlayerID, edit merge.Edit, expected *int64) (changefeed.VersionedPlayer, []changefeed.Change, error)
	SaveBatch(ctx context.Context, batch merge.Batch) ([]changefeed.VersionedPlayer, []changefeed.Change, error)
	SearchPlayers(ctx context.Context, name string, size int, after string) ([]syncer.PlayerSummary, string, error)
	AddUSIDRejection(ctx context.Context, rejection mindustry.USIDRejection) error
}

// Fetch reads players from the database.
type Fetch = func(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)

// HeldPlayers is the copy of player rows in memory.
type HeldPlayers interface {
	Get(id syncer.PlayerID) (*syncer.Player, bool)
	Read(ctx context.Context, id syncer.PlayerID, fetch Fetch) (player *syncer.Player, fromMemory bool, err error)
	Reread(ctx context.Context, id syncer.PlayerID, fetch Fetch) (*syncer.Player, error)
	Hold(id syncer.PlayerID)
	Release(id syncer.PlayerID)
}

// Applier puts the result of an own write into the copies and tells subscribers.
// Begin is called before the write, and what it returns is handed to Wrote.
type Applier interface {
	Begin() changefeed.Generation
	Wrote(begun changefeed.Generation, readings []changefeed.VersionedPlayer, changes []changefeed.Change)
}

// Clock is what the feed knows of time.
type Clock interface {
	Now() time.Time           // the database's clock
	Following() bool          // the copies are known to equal the rows
	Staleness() time.Duration // since the copies were last known to be current
}

// Outbox keeps batches on disk while the database is away.
type Outbox interface {
	Add(batch merge.Batch) error
	Pending(ctx context.Context) iter.Seq2[merge.Batch, error]
	Remove(id [16]byte) error
	Refuse(id [16]byte, reason string) error
	Len() int
}

// Attendance hears of players that come to a game server and leave it. Its methods
// must return at once and not call the sidecar.
type Attendance interface {
	// Joined says that a player was let in. It may be said again while the player
	// is still there, for example because the game crashed.
	Joined(from syncer.GameServer, id syncer.PlayerID, request JoinRequest)
	// Left says that a player who had joined left.
	Left(from syncer.GameServer, id syncer.PlayerID)
}
