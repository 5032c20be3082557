package sidecar

import (
	"crypto/sha256"

	"playersync/syncer"
)

// partOf derives the id of one player's part of a batch. It must be the same
// after a restart, so that a part that was stored is recognised.
func partOf(batch [16]byte, id syncer.PlayerID) [16]byte {
	sum := sha256.Sum256(append(batch[:], id...))
	return [16]byte(sum[:16])
}
