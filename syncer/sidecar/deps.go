package sidecar

import (
	"context"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Fetch reads players from the database.
type Fetch = func(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)

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
