package feed

import (
	"context"
	"iter"
	"time"

	"playersync/syncer"
)

// Source opens connections for the feed.
type Source interface {
	// Open connects, straight to the primary and not out of a pool. It keeps to
	// ctx's deadline.
	Open(ctx context.Context) (Conn, error)
}

// Conn is one connection to the database. One goroutine uses it. Every method
// returns when its ctx ends; except for Wait, the connection may then be broken.
// After any other error it is closed and not used again.
type Conn interface {
	// Listen subscribes to change notifications and returns once that is
	// committed: what commits later is notified. It is not called in poll-only mode.
	Listen(ctx context.Context) error

	// Wait returns the changes of the next notification, one that arrived during
	// another call included. A message that cannot be decoded comes as nil, nil.
	// When ctx ends first, Wait fails with ctx's error, e.g.
	// [context.DeadlineExceeded], and the connection stays usable.
	Wait(ctx context.Context) ([]syncer.Change, error)

	// Poll says, in one statement, where the feed is and what became visible since
	// the cursor, unless that is more than most changes. The zero cursor only asks
	// where the feed is; Changes and Overflow are then not looked at. A cursor of
	// another epoch must not make it fail.
	Poll(ctx context.Context, cursor syncer.Snapshot, most int) (Position, error)

	// ReadPlayers returns one reading for each id, with a nil Player where there
	// is no row.
	ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]syncer.Reading, error)

	// ReadBans returns the open bans of the targets, expired or not, and the
	// snapshot they were read at.
	ReadBans(ctx context.Context, targets []syncer.Target) (syncer.Snapshot, []syncer.Standing, error)

	// LoadBans calls keep for every open ban, expired or not, and returns the
	// snapshot they were all read at.
	LoadBans(ctx context.Context, keep func(syncer.Standing)) (syncer.Snapshot, error)

	// Settle makes the database forget transaction ids that came in a dump of
	// another one, and so begin a new epoch.
	Settle(ctx context.Context) error

	// Prune deletes recorded changes that are older than keep.
	Prune(ctx context.Context, keep time.Duration) error

	// Close ends the connection without waiting for the network.
	Close()
}

// Position is what one poll found.
type Position struct {
	Snapshot syncer.Snapshot // what the poll could see; the next cursor
	Now      time.Time       // the database's clock
	Epoch    syncer.Epoch
	Floor    uint64 // recorded changes of transactions below it are gone

	AtHome     bool // false: recorded transaction ids are another database's; see Conn.Settle
	InRecovery bool // a standby
	Listening  bool // the connection is subscribed to notifications

	Triggers        string // changes whenever a feed trigger is altered
	TriggersEnabled int    // feed triggers that fire always

	Oldest   time.Duration   // age of the oldest recorded change, 0 if there is none
	Changes  []syncer.Change // without rows
	Overflow bool            // there are more than asked for; Changes may be empty
}

// Players is the part of the player cache that the feed keeps current. It must
// be safe for concurrent use.
type Players interface {
	Get(id syncer.PlayerID) (p *syncer.Player, ok bool)
	Apply(ch syncer.Change) syncer.Effect
	Wanted(ids []syncer.PlayerID) []syncer.PlayerID
	All() []syncer.PlayerID
	Refresh(r syncer.Reading) syncer.Effect
	Reset()
}

// Bans is the part of the ban cache that the feed keeps current. It must be safe
// for concurrent use.
type Bans interface {
	Lookup(t syncer.Target) (syncer.Standing, bool)
	Apply(ch syncer.Change) syncer.Effect
	Refresh(snapshot syncer.Snapshot, targets []syncer.Target, open []syncer.Standing) (changed []syncer.Target)
	Load(snapshot syncer.Snapshot, open iter.Seq[syncer.Standing])
	Advance(cursor syncer.Snapshot)
	Reset()
}
