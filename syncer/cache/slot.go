package cache

import (
	"slices"
	"sync/atomic"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// slot is the place of one id that is cached, held or in flight. Until it is
// loaded it only collects what the reading under way may not include.
type slot struct {
	id       syncer.PlayerID
	record   record
	balances balanceSet
	loaded   bool // record and balances have a base

	held    int      // by how many
	flights int      // fetches in progress
	flight  *flight  // the one that further readers wait for, if any
	bare    []uint64 // changes that only a read can tell, reported during the flights
	asked   bool     // not loaded, and the feed was told to read it

	position int         // in the ring; -1: not there
	used     atomic.Bool // since the hand last came by
}

// ask notes that the feed begins to read the id.
func (e *slot) ask() { e.asked = !e.loaded }

// collect takes in a change of an id that is not loaded.
func (e *slot) collect(ch changefeed.Change) changefeed.ApplyResult {
	switch underWay := e.flights > 0 || e.asked; {
	case ch.Row != nil && underWay:
		e.remember(ch)
	case e.flights > 0:
		e.bare = append(e.bare, ch.Xid)
	}
	if e.flights > 0 {
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

// refresh takes in a reading of an id that is loaded. The effect is that on the player.
func (e *slot) refresh(r changefeed.VersionedPlayer) changefeed.ApplyResult {
	e.balances.refresh(r)
	return e.record.refresh(r)
}

// collectOwn takes in the result of an own write of an id that is not loaded.
// Alone it cannot be the copy: changes since its snapshot may have passed by.
func (e *slot) collectOwn(r changefeed.VersionedPlayer) changefeed.ApplyResult {
	underWay := e.flights > 0 || e.asked
	if underWay && e.record.keepOwn(r) && e.flights > 0 {
		return changefeed.Unchanged
	}
	return changefeed.NeedsRead
}

// misses reports whether a change that only a read can tell is not part of r.
func (e *slot) misses(r changefeed.VersionedPlayer) bool {
	return slices.ContainsFunc(e.bare, func(xid uint64) bool { return !includes(r, xid) })
}

// lags reports whether such a change is not part of the copy.
func (e *slot) lags() bool {
	return e.misses(e.record.base) || e.misses(changefeed.VersionedPlayer{Snapshot: e.balances.snapshot})
}
