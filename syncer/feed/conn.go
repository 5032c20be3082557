package feed

import (
	"context"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
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
	// committed: what commits later is notified. It is not called in poll-only mode,
	// nor with a [Fanout].
	Listen(ctx context.Context) error

	// Wait returns the changes of the next notification, one that arrived during
	// another call included. A message that cannot be decoded comes as nil, nil; one
	// that somebody else sent comes as [changefeed.ErrForged], and the connection
	// stays usable.
	// When ctx ends first, Wait fails with ctx's error, e.g.
	// [context.DeadlineExceeded], and the connection stays usable. What has arrived
	// already is returned even if ctx has ended.
	Wait(ctx context.Context) ([]changefeed.Change, error)

	// ReadKey learns the key that signs notifications, as Listen does. With it, Decode
	// reads a notification that came by a [Fanout], with the results of Wait.
	ReadKey(ctx context.Context) error
	Decode(payload string) ([]changefeed.Change, error)

	// Watch returns when the connection ends, or with ctx's error, after which the
	// connection stays usable. Decode, and no other method, may be called meanwhile.
	Watch(ctx context.Context) error

	// Poll says, in one statement, where the feed is and what became visible since
	// the cursor, unless that is more than most changes. For the zero cursor only the
	// position counts; Changes and Overflow are ignored. It must also work with a
	// cursor of another epoch.
	Poll(ctx context.Context, cursor changefeed.Snapshot, most int) (Position, error)

	// Received returns how many bytes have come from the database so far. It may be called
	// while another call is under way.
	Received() int64

	// PlayerSizes returns about how many bytes the database stores of each player; those
	// without a row may be left out.
	PlayerSizes(ctx context.Context, ids []syncer.PlayerID) (map[syncer.PlayerID]int64, error)

	// ReadPlayers returns one reading for each id, with a nil Player where there
	// is no row.
	ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)

	// ReadBans returns the open bans of the targets, expired or not, and the
	// snapshot they were read at.
	ReadBans(ctx context.Context, targets []syncer.Target) (changefeed.Snapshot, []syncer.ActiveBan, error)

	// LoadBans calls keep for every open ban, expired or not, and returns the
	// snapshot they were all read at.
	LoadBans(ctx context.Context, keep func(syncer.ActiveBan)) (changefeed.Snapshot, error)

	// ReadTable returns what is held in memory of a further table, and the snapshot
	// it was read at.
	ReadTable(ctx context.Context, entity syncer.Entity) (changefeed.Snapshot, []changefeed.Row, error)

	// Settle makes the database forget transaction ids that came in a dump of
	// another one, and so begin a new epoch.
	Settle(ctx context.Context) error

	// Prune deletes recorded changes that are older than keep, some at a time.
	Prune(ctx context.Context, keep time.Duration) error

	// Close ends the connection without waiting for the network.
	Close()
}

// Position is what one poll found.
type Position = changefeed.Position

// Players is the part of the player cache that the feed keeps current. It must
// be safe for concurrent use.
type Players interface {
	// Get returns the copy of a player; nil with ok: known not to exist.
	Get(id syncer.PlayerID) (p *syncer.Player, ok bool)

	// Balances returns the balances of a player whose copy is held.
	Balances(id syncer.PlayerID) (balances syncer.Balances, ok bool)

	// Apply takes in a change. changefeed.NeedsRead: only a read shows its effect.
	Apply(ch changefeed.Change) changefeed.ApplyResult

	// Distrust says that a change that was applied was never made: the next reading
	// replaces what came with it.
	Distrust(ch changefeed.Change)

	// Wanted returns those of ids that are held, cached or being fetched, and All
	// returns all such ids.
	Wanted(ids []syncer.PlayerID) []syncer.PlayerID
	All() []syncer.PlayerID

	// Refresh takes in a read. changefeed.NeedsRead: it was not enough, read again.
	Refresh(r changefeed.VersionedPlayer) changefeed.ApplyResult

	// Outdate says that a write was acknowledged that left the player like this, nil if that is
	// not known, and whose result cannot be taken in: requests are not answered from memory, as
	// long as they can be otherwise, until a reading that begins later is there.
	Outdate(id syncer.PlayerID, written *syncer.Player)

	// Reset forgets how old copies are: snapshots to come are of another epoch.
	Reset()
}

// Bans is the part of the ban cache that the feed keeps current. It must be safe
// for concurrent use.
type Bans interface {
	// Lookup returns the open ban of exactly this target.
	Lookup(t syncer.Target) (syncer.ActiveBan, bool)

	// Apply takes in a change. changefeed.NeedsRead: only a read shows its effect.
	Apply(ch changefeed.Change) changefeed.ApplyResult

	// Distrust says that a change that was applied was never made: the next read
	// replaces what came with it.
	Distrust(ch changefeed.Change)

	// Assume takes in what an own write was acknowledged for that cannot be compared with the
	// cursor: it is shown until a read that begins after the next Wanted.
	Assume(ch changefeed.Change)

	// Wanted returns the targets that must be read after Assume.
	Wanted() []syncer.Target

	// Refresh takes in a read of targets, of which those in open have an open ban,
	// and returns the targets that changed by it.
	Refresh(snapshot changefeed.Snapshot, targets []syncer.Target, open []syncer.ActiveBan) (changed []syncer.Target)

	// LoadFrom replaces all by the bans that read hands to keep, but keeps the changes
	// that it received and that the snapshot which read returns does not see. If read
	// fails, nothing changes, and the error is read's.
	LoadFrom(read func(keep func(syncer.ActiveBan)) (changefeed.Snapshot, error)) error

	// Advance says that everything the cursor sees has been applied. A cursor older
	// than the last load does nothing.
	Advance(cursor changefeed.Snapshot)

	// Reset forgets how old the copy is: snapshots to come are of another epoch.
	Reset()
}
