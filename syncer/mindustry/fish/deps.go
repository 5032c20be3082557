package fish

import (
	"time"

	"playersync/syncer/changefeed"
)

// Applier puts the result of an own write into the copies in memory and tells
// subscribers. Begin is called before the write, and what it returns is handed to Wrote.
type Applier interface {
	Begin() changefeed.Generation
	Wrote(begun changefeed.Generation, readings []changefeed.VersionedPlayer, changes []changefeed.Change)
}

// Clock is what the feed knows of time.
type Clock interface {
	Now() time.Time  // the database's clock
	Following() bool // the copies are known to equal the rows
}
