package mindustry

import (
	"playersync/syncer"
)

// QueuedWrite is a small write that waits on disk for the database. Exactly one of
// the pointers is set. It may be stored more than once with the same result.
type QueuedWrite struct {
	Number uint64 `json:"-"` // its place, given by the outbox

	Blacklist *BlacklistEdit      `json:"blacklist,omitempty"`
	ModEntry  *ModEntry           `json:"modEntry,omitempty"`
	Count     *syncer.CountReport `json:"count,omitempty"`
	MapReport *syncer.MapReport   `json:"mapReport,omitempty"`
	MapFinish *syncer.MapFinish   `json:"mapFinish,omitempty"`
}

// BlacklistEdit adds addresses to the connection blacklist or removes them.
type BlacklistEdit struct {
	Addresses []string `json:"addresses"`
	Listed    bool     `json:"listed"`       // false: remove
	By        string   `json:"by,omitempty"` // who adds
}
