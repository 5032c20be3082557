package merge

import (
	"playersync/syncer"
)

// Batch is a set of edits that is stored once, however often it is sent: the
// database remembers the id. Edits of one player must be joined into one.
type Batch struct {
	ID    [16]byte // a random UUID
	Edits map[syncer.PlayerID]Edit
}
