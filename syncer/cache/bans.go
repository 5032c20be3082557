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
// I/O. The bans handed out have no revision: keeping it would double their size.
type Bans struct {
	mu     sync.RWMutex
	set    *banSet
	cursor changefeed.Snapshot // set equals the rows as of here, except for recent
	recent map[syncer.Target]recentBan

	// assumed are targets whose state comes from an own write that cannot be compared with the
	// cursor. It stays until a read that was asked for since: then true.
	assumed map[syncer.Target]bool
}

// recentBan says how the state of a target, which is in the set, became known since
// the cursor.
type recentBan struct {
	read changefeed.Snapshot // the target was last read at it; zero: not since the cursor

	// The newest row that a notification carried and that the read does not see.
	xid      uint64 // 0: none
	revision int64

	distrusted bool // such a row was never written: any read replaces it
}

// BanCounts are the numbers of open bans, expired ones included.
type BanCounts struct{ IDs, Addresses, Ranges int }

// NewBans returns an empty set.
func NewBans() *Bans {
	return &Bans{set: newBanSet(), recent: map[syncer.Target]recentBan{}, assumed: map[syncer.Target]bool{}}
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
	known := b.recent[target]
	row, ok := ch.Row.(*changefeed.BanRow)
	switch {
	case b.readAt(known).Sees(ch.Xid):
		return changefeed.Unchanged
	case !ok:
		return changefeed.NeedsRead
	case known.xid == ch.Xid && known.revision >= row.Revision:
		return changefeed.Unchanged
	case known.xid != 0 && known.revision >= row.Revision:
		// Most likely it is only late. But successive bans of one target are different
		// rows, and their revisions may have another order than their commits.
		return changefeed.NeedsRead
	}
	known.xid, known.revision = ch.Xid, row.Revision
	b.recent[target] = known
	if !b.assign(target, row.Open, row.ExpiresAt) {
		return changefeed.Unchanged
	}
	return changefeed.Applied
}

// Distrust is called for a change that a notification brought and that was never made.
// What came with it stays until the next read of its target, which replaces it whatever
// its transaction and its revision.
func (b *Bans) Distrust(ch changefeed.Change) {
	target, err := syncer.ParseTargetKey(ch.Key)
	if err != nil {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if known := b.recent[target]; known.xid == ch.Xid {
		b.recent[target] = recentBan{read: known.read, distrusted: true}
	}
}

// Assume takes in what an own write of a ban was acknowledged for, though memory was reset since
// it began, so that its transaction says nothing. Whoever was told that somebody is banned is not
// told otherwise, until a read that begins after the next [Bans.Wanted] says what holds.
func (b *Bans) Assume(ch changefeed.Change) {
	target, err := syncer.ParseTargetKey(ch.Key)
	row, ok := ch.Row.(*changefeed.BanRow)
	if err != nil || !ok {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.assumed[target] = false
	b.assign(target, row.Open, row.ExpiresAt)
}

// Wanted returns the targets of [Bans.Assume] that must be read. Only the feed may call it, each
// time before it reads.
func (b *Bans) Wanted() (targets []syncer.Target) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for target := range b.assumed {
		b.assumed[target] = true
		targets = append(targets, target)
	}
	return targets
}

// readAt returns the snapshot at which a target was last read.
func (b *Bans) readAt(n recentBan) changefeed.Snapshot {
	if n.read.NewerThan(b.cursor) {
		return n.read
	}
	return b.cursor
}

// assign sets the state of a target and reports whether it changed.
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
// open had an open ban. It returns the targets whose ban changed by it. Newer
// knowledge stays: the state of a target that was read at a newer snapshot, and a
// received change whose transaction the snapshot does not see.
func (b *Bans) Refresh(
	snapshot changefeed.Snapshot, targets []syncer.Target, open []syncer.ActiveBan,
) (changed []syncer.Target) {
	active := make(map[syncer.Target]syncer.ActiveBan, len(open))
	for _, s := range open {
		active[s.Target] = s
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, t := range targets {
		known := b.recent[t]
		wanted, assumed := b.assumed[t]
		if assumed != wanted || !assumed && !snapshot.NewerThan(b.readAt(known)) && !known.distrusted {
			continue
		}
		delete(b.assumed, t)
		known.read, known.distrusted = snapshot, false
		if known.xid != 0 && !snapshot.Sees(known.xid) {
			b.recent[t] = known
			continue
		}
		known.xid, known.revision = 0, 0
		b.recent[t] = known
		s, isOpen := active[t]
		if b.assign(t, isOpen, s.ExpiresAt) {
			changed = append(changed, t)
		}
	}
	return changed
}

// Load is [Bans.LoadFrom] for a list that is at hand. The zero snapshot is for one of
// unknown age: any later load or read is newer.
func (b *Bans) Load(snapshot changefeed.Snapshot, open iter.Seq[syncer.ActiveBan]) {
	_ = b.LoadFrom(func(keep func(syncer.ActiveBan)) (changefeed.Snapshot, error) { // it does not fail
		for s := range open {
			keep(s)
		}
		return snapshot, nil
	})
}

// LoadFrom replaces the set by the bans that read hands to keep, one after the other: those
// that were open at the snapshot which it returns. More recent states of single targets
// stay. Readers see the old set until the new one is complete. A load older than the cursor
// is ignored. The error is read's; then nothing changes.
func (b *Bans) LoadFrom(read func(keep func(syncer.ActiveBan)) (changefeed.Snapshot, error)) error {
	var load banLoad
	snapshot, err := read(func(s syncer.ActiveBan) { load.add(s.Target, expiryOf(s.ExpiresAt)) })
	if err != nil {
		return err
	}
	loaded := load.set()
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.cursor.NewerThan(snapshot) {
		return nil
	}
	b.advance(snapshot)
	keep := func(t syncer.Target) {
		if e, ok := b.set.get(t); ok {
			loaded.put(t, e)
		} else {
			loaded.remove(t)
		}
	}
	for t := range b.recent {
		keep(t)
	}
	for t := range b.assumed {
		keep(t)
	}
	b.set = loaded
	return nil
}

// Advance says that the set equals the rows at the cursor: everything that changed
// until then was read again. What was kept to order those changes is forgotten. An
// older cursor does nothing.
func (b *Bans) Advance(cursor changefeed.Snapshot) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if cursor.NewerThan(b.cursor) {
		b.advance(cursor)
	}
}

func (b *Bans) advance(cursor changefeed.Snapshot) {
	b.cursor = cursor
	for t, n := range b.recent {
		if !n.read.NewerThan(cursor) && (n.xid == 0 || cursor.Sees(n.xid)) {
			delete(b.recent, t)
		}
	}
}

// Reset prepares for another epoch or for a cursor below the floor. The old set still
// answers until [Bans.Load].
func (b *Bans) Reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.cursor = changefeed.Snapshot{}
	clear(b.recent)
	for t := range b.assumed {
		b.assumed[t] = false
	}
}

// Len returns the numbers of open bans.
func (b *Bans) Len() BanCounts {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.set.counts()
}
