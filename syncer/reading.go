package syncer

// Reading is one player as read from the database, and how current the read is.
type Reading struct {
	ID     PlayerID
	Player *Player // nil: no such row

	// Balances are the player's, unless Xid is set: writes of players do not
	// return them.
	Balances []Balance

	// Snapshot is what the read could see. A write also includes its own
	// transaction, which the snapshot it started with cannot see: Xid, else 0.
	Snapshot Snapshot
	Xid      uint64
}

// Generation counts how often a sidecar had to forget how old its copies are. What
// belongs to different ones, as transaction ids of two databases do, cannot be
// compared.
type Generation uint64

// Batch is a set of edits that is stored once, however often it is sent: the
// database remembers the id. Edits of one player must be joined into one.
type Batch struct {
	ID    [16]byte // a random UUID
	Edits map[PlayerID]Edit
}

// NewBan is a request to ban. The zero ExpiresAt bans until lifted.
type NewBan struct {
	Target    Target
	Reason    string
	By        string
	ExpiresAt Time
}

// PlayerSummary is a player as a search lists it.
type PlayerSummary struct {
	ID   PlayerID `json:"uuid"`
	Name string   `json:"name"`
	Rank string   `json:"rank"`
}
