package merge

import (
	"playersync/syncer"
)

// PlayerEdit is an edit of one player that is stored at once, for whom it is told.
type PlayerEdit struct {
	ID   syncer.PlayerID
	Edit Edit
	// Expected is the revision that the row must still have; nil for any.
	Expected *int64
	// Attribution says who makes the edit, for the audit.
	Attribution syncer.Attribution
}
