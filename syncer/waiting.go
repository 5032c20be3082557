package syncer

// Waiting is a small write that waits on disk for the database. Exactly one of
// the pointers is set. It may be stored more than once with the same result.
type Waiting struct {
	Number uint64 `json:"-"` // its place, given by the outbox

	Blacklist *BlacklistEdit `json:"blacklist,omitempty"`
	ModEntry  *ModEntry      `json:"modEntry,omitempty"`
	Count     *CountReport   `json:"count,omitempty"`
	MapReport *MapReport     `json:"mapReport,omitempty"`
	MapFinish *MapFinish     `json:"mapFinish,omitempty"`
}

// BlacklistEdit adds addresses to the connection blacklist or removes them.
type BlacklistEdit struct {
	Addresses []string `json:"addresses"`
	Listed    bool     `json:"listed"`       // false: remove
	By        string   `json:"by,omitempty"` // who adds
}
