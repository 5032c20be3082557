package cache

import (
	"iter"
	"net/netip"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Bans holds every open ban. All methods are safe for concurrent use; none does
// I/O. Standings handed out have no revision: keeping it would double their size.
type Bans struct {
	mu     sync.RWMutex
	set    *banSet
	cursor changefeed.Snapshot // set equals the rows as of here, but for what notes says
	notes  map[syncer.Target]note
}

// note is what is known of a target beyond the cursor. Its state is in the set.
type note struct {
	read changefeed.Snapshot // the target was last read at it; zero: not since the cursor

	// The newest row that travelled and was not visible to the read.
	xid      uint64 // 0: none
	revision int64
}

// BanCounts are the numbers of open bans, expired ones included.
type BanCounts struct{ IDs, Addresses, Ranges int }

// NewBans returns an empty set.
func NewBans() *Bans {
	return &Bans{set: newBanSet(&banSet{}), notes: map[syncer.Target]note{}}
}

// Check returns the bans that forbid joining now, by the database's clock: the
// id's, the address's, and every range that contains the address. An empty id or
// an invalid address is not checked. The result is nil, and nothing is
// allocated, if there is none.
func (b *Bans) Check(id syncer.PlayerID, address netip.Addr, now time.Time) []syncer.ActiveBan {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.set.check(id, address, now)
}

// Lookup returns the open ban of exactly this target, expired or not.
func (b *Bans) Lookup(t syncer.Target) (syncer.ActiveBan, bool) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	e, ok := b.set.get(t)
	if !ok {
		return syncer.ActiveBan{}, false
	}
	return syncer.ActiveBan{Target: t, ExpiresAt: e.time()}, true
}

// Apply takes in one committed change of a ban; changes of other entities and of
// keys that name no target are ignored. changefeed.NeedsRead asks for a read of the
// target, or for [Bans.Load] after a change of the whole table.
func (b *Bans) Apply(ch changefeed.Change) changefeed.ApplyResult {
	if ch.Entity != syncer.EntityBan {
		return changefeed.Unchanged
	}
	if ch.IsWhole() {
		return changefeed.NeedsRead
	}
	target, err := syncer.ParseTargetKey(ch.Key)
	if err != nil {
		return changefeed.Unchanged
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	known := b.notes[target]
	row, ok := ch.Row.(*changefeed.BanRow)
	switch {
	case b.readAt(known).Sees(ch.Xid):
		return changefeed.Unchanged
	case !ok:
		return changefeed.NeedsRead
	case known.xid == ch.Xid && known.revision >= row.Revision:
		return changefeed.Unchanged
	case known.xid != 0 && known.revision >= row.Revision:
		// Most likely only late. But bans of one target are different rows, whose
		// revisions may be drawn in another order than they commit in.
		return changefeed.NeedsRead
	}
	known.xid, known.revision = ch.Xid, row.Revision
	b.notes[target] = known
	if !b.assign(target, row.Open, row.ExpiresAt) {
		return changefeed.Unchanged
	}
	return changefeed.Applied
}

// readAt returns the snapshot at which a target with this note was last read.
func (b *Bans) readAt(n note) changefeed.Snapshot {
	if n.read.NewerThan(b.cursor) {
		return n.read
	}
	return b.cursor
}

// assign sets the state of a target and reports whether it was another before.
func (b *Bans) assign(t syncer.Target, open bool, expiresAt syncer.Time) (changed bool) {
	before, was := b.set.get(t)
	switch e := expiryOf(expiresAt); {
	case !open && was:
		b.set.remove(t)
	case open && (!was || before != e):
		b.set.put(t, e)
	default:
		return false
	}
	return true
}

// Refresh takes in a read: at the snapshot, of these targets exactly those in
// open had an open ban. It returns the targets whose ban is now another than
// before. A target read at a newer snapshot keeps what that found; one that a
// transaction the snapshot does not see has changed keeps that change.
func (b *Bans) Refresh(snapshot changefeed.Snapshot, targets []syncer.Target, open []syncer.ActiveBan) (changed []syncer.Target) {
	standing := make(map[syncer.Target]syncer.ActiveBan, len(open))
	for _, s := range open {
		standing[s.Target] = s
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range targets {
		known := b.notes[t]
		if !snapshot.NewerThan(b.readAt(known)) {
			continue
		}
		known.read = snapshot
		if known.xid != 0 && !snapshot.Sees(known.xid) {
			b.notes[t] = known
			continue
		}
		known.xid, known.revision = 0, 0
		b.notes[t] = known
		s, isOpen := standing[t]
		if b.assign(t, isOpen, s.ExpiresAt) {
			changed = append(changed, t)
		}
	}
	return changed
}

// Load replaces everything by the bans that were open at the snapshot, except
// where more recent is known. Readers see the old set, then the new one. The
// zero snapshot is for a list of unknown age: whatever comes next is newer. A
// load older than the cursor is ignored.
func (b *Bans) Load(snapshot changefeed.Snapshot, open iter.Seq[syncer.ActiveBan]) {
	b.mu.RLock()
	loaded := newBanSet(b.set)
	b.mu.RUnlock()
	for s := range open {
		loaded.load(s.Target, expiryOf(s.ExpiresAt))
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cursor.NewerThan(snapshot) {
		return
	}
	b.advance(snapshot)
	for t := range b.notes {
		if e, ok := b.set.get(t); ok {
			loaded.put(t, e)
		} else {
			loaded.remove(t)
		}
	}
	b.set = loaded
}

// Advance says that the set equals the rows at the cursor, as it does once
// everything that changed until then was read again. What was noted to order
// those changes is forgotten. Going back does nothing.
func (b *Bans) Advance(cursor changefeed.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cursor.NewerThan(b.cursor) {
		b.advance(cursor)
	}
}

func (b *Bans) advance(cursor changefeed.Snapshot) {
	b.cursor = cursor
	for t, n := range b.notes {
		if !n.read.NewerThan(cursor) && (n.xid == 0 || cursor.Sees(n.xid)) {
			delete(b.notes, t)
		}
	}
}

// Reset prepares for another epoch or a cursor that is no longer served. The set
// answers on as it is until [Bans.Load].
func (b *Bans) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cursor = changefeed.Snapshot{}
	clear(b.notes)
}

// Len returns the numbers of open bans.
func (b *Bans) Len() BanCounts {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.set.counts()
}
