package changefeed

import (
	"errors"
	"time"

	"playersync/syncer"
)

// Change is one committed change as the feed reports it: by the trigger's
// notification, by the writer after its commit, or from the change table. A
// change without a Row says only that the key must be read again.
type Change struct {
	Entity syncer.Entity
	Key    string    // player id, [syncer.Target.Key], number, address, …; empty: the whole table
	Xid    uint64    // the transaction that made it
	At     time.Time // the database's clock shortly before the commit

	// Row is the new state where it travelled along, else nil.
	Row Row
}

// ErrForged stands for a notification that none of the database's triggers and no
// sidecar has sent. The next one may be waited for.
var ErrForged = errors.New("a notification that is not signed with the database's key")

// ErrMissed stands for notifications that may have been lost on their way. Later ones may be
// waited for; a poll finds what is missing.
var ErrMissed = errors.New("notifications may have been missed")

// Why a server is not followed, and its connections are not used.
var (
	ErrStandby  = errors.New("the database is a standby: point database.url at the primary, or promote this one")
	ErrReplaced = errors.New("this server was replaced by a standby that was promoted: stop it or make it a standby; " +
		"if an older backup was put back on purpose, restart syncer")
	ErrElsewhere = errors.New("this server is not the one that is followed: database.url leads to several primaries; " +
		"leave only one of them running")
)

// Row is what a [Change] carries: *[PlayerRow], *[BanRow], *[HistoryRow],
// *[BalanceRow], *[NewMessage], *[SessionRow] or *[syncer.Kick], and for the tables of one game the
// type that its package names. Tables that are read as a whole are read as
// *[syncer.StaffMessage], *[SessionRow], *[syncer.Kick] or such a type.
type Row any

// PlayerRow is the shared part of a player that was updated. It is complete but
// for history and what is unsynced.
type PlayerRow struct {
	Revision int64
	Synced   syncer.Synced
}

// HistoryRow holds entries added to the history of the change's player.
type HistoryRow struct{ Entries []syncer.HistoryEntry }

// BalanceRow holds balances of the change's player that came or changed.
type BalanceRow struct{ Balances []syncer.Balance }

// BanRow is the new state of a target: whether a ban is open, and until when.
type BanRow struct {
	Open      bool
	ExpiresAt syncer.Time
	Revision  int64
}

// NewMessage is a message that was sent, and the number of the one before it:
// where that is not the last one known, others are missing.
type NewMessage struct {
	syncer.StaffMessage
	After int64 `json:"after"`
}

// IsWhole reports whether the change concerns every row of its table.
func (c Change) IsWhole() bool { return c.Key == "" }

// Epoch identifies the history of one database: system identifier, timeline,
// database oid, last crash and a stored uuid. Transaction ids and snapshots of different
// epochs have nothing to do with each other, so on a difference everything is
// read anew. Epochs are opaque and compared with ==.
type Epoch string

// Position is where the feed stood at one moment, as one statement saw it.
type Position struct {
	Snapshot     Snapshot  // the next cursor
	Now          time.Time // the database's clock
	Epoch        Epoch
	SameDatabase bool   // transaction ids stored in the database are its own
	InRecovery   bool   // a standby: it cannot be followed
	Listening    bool   // the connection receives notifications
	Floor        uint64 // changes of transactions below it were deleted
	Strayed      bool   // since the last poll, statements of this sidecar went to other servers

	Triggers        string        // differs if a feed trigger was altered
	TriggersEnabled int           // how many are enabled ALWAYS
	Oldest          time.Duration // age of the oldest change kept
	QueueUsage      float64       // share of the server's queue of notifications that is full, 0 to 1

	Changes  []Change // visible now and not at the cursor, without rows
	Overflow bool     // there were more than asked for: Changes is incomplete
}
