package cache

import (
	"slices"
	"sync/atomic"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// slot is the place of one id that is cached, held or in flight. Until it is loaded,
// it only collects changes that the reading under way may not include.
type slot struct {
	id       syncer.PlayerID
	record   record
	balances balanceSet
	loaded   bool // record and balances have a base

	held      int          // number of holders
	fetches   int          // fetches in progress
	joinable  *sharedFetch // the one that further readers wait for, if any
	keyOnly   []uint64     // transactions of changes without a row, received during the fetches
	requested bool         // not loaded or outdated, and the feed is going to read it

	outdated   bool           // loaded, but a read that has not begun yet is needed; see Players.Outdate
	outdatings int            // how often that was said
	written    *syncer.Player // what the newest write left that made it outdated; nil: not known

	position int         // in the ring; -1: not there
	used     atomic.Bool // since the hand last came by
}

// request records that the feed begins to read the id.
func (e *slot) request() { e.requested = !e.loaded || e.outdated }

// outdate demands a read that has not begun yet, for a write that left this.
func (e *slot) outdate(written *syncer.Player) {
	e.outdated, e.requested = e.loaded, false
	e.outdatings++
	if e.outdated && written != nil && (e.written == nil || written.Revision >= e.written.Revision) {
		e.written = written
	}
}

// renewed ends that.
func (e *slot) renewed() { e.outdated, e.written = false, nil }

// collect takes in a change of an id that is not loaded.
func (e *slot) collect(ch changefeed.Change) changefeed.ApplyResult {
	switch underWay := e.fetches > 0 || e.requested; {
	case ch.Row != nil && underWay:
		e.remember(ch)
	case e.fetches > 0:
		e.keyOnly = append(e.keyOnly, ch.Xid)
	}
	if e.fetches > 0 {
		return changefeed.Unchanged
	}
	return changefeed.NeedsRead
}

// remember keeps the row of a change for the reading under way.
func (e *slot) remember(ch changefeed.Change) {
	if row, ok := ch.Row.(*changefeed.BalanceRow); ok {
		e.balances.remember(ch.Xid, row.Balances)
		return
	}
	e.record.remember(ch)
}

// apply takes in a change of an id that is loaded.
func (e *slot) apply(ch changefeed.Change) changefeed.ApplyResult {
	if ch.Entity == syncer.EntityBalance {
		return e.balances.apply(ch)
	}
	return e.record.apply(ch)
}

// refresh takes in a reading of an id that is loaded. The result is that for the
// player, not for its balances.
func (e *slot) refresh(r changefeed.VersionedPlayer) changefeed.ApplyResult {
	e.balances.refresh(r)
	return e.record.refresh(r)
}

// collectOwn takes in the result of an own write of an id that is not loaded. It
// cannot become the copy by itself: changes since its snapshot may have been ignored.
func (e *slot) collectOwn(r changefeed.VersionedPlayer) changefeed.ApplyResult {
	underWay := e.fetches > 0 || e.requested
	if underWay && e.record.keepOwn(r) && e.fetches > 0 {
		return changefeed.Unchanged
	}
	return changefeed.NeedsRead
}

// lacksChange reports whether a change that came without a row is not part of r.
func (e *slot) lacksChange(r changefeed.VersionedPlayer) bool {
	return slices.ContainsFunc(e.keyOnly, func(xid uint64) bool { return !includes(r, xid) })
}

// isBehind reports whether such a change is not part of the copy.
func (e *slot) isBehind() bool {
	return e.lacksChange(e.record.base) || e.lacksChange(changefeed.VersionedPlayer{Snapshot: e.balances.snapshot})
}
