package cache

import (
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// balanceSet is what is known of one player's balances: a reading, and over it the
// changes that were received from transactions that the reading does not include.
// Within one currency the higher revision is newer. Like a [record] it has no lock;
// its shard's lock guards it.
type balanceSet struct {
	snapshot changefeed.Snapshot // of the reading; zero: of unknown age
	base     []syncer.Balance    // the reading's
	overlay  []balanceChange     // the newest of each currency that the reading does not see

	balances syncer.Balances // all of that together; never changed, only replaced
}

// balanceChange is a balance and the transaction that wrote it.
type balanceChange struct {
	xid uint64
	syncer.Balance
}

// apply puts one change on top of a loaded set.
func (s *balanceSet) apply(ch changefeed.Change) changefeed.ApplyResult {
	row, hasRow := ch.Row.(*changefeed.BalanceRow)
	switch {
	case s.snapshot.IsZero():
		return changefeed.NeedsRead
	case s.snapshot.Sees(ch.Xid):
		return changefeed.Unchanged
	case !hasRow:
		return changefeed.NeedsRead
	}
	if !s.remember(ch.Xid, row.Balances) {
		return changefeed.Unchanged
	}
	s.render()
	return changefeed.Applied
}

// remember puts balances over readings that do not include them, and reports whether
// one of them is newer than what was known.
func (s *balanceSet) remember(xid uint64, balances []syncer.Balance) (isNew bool) {
	for _, b := range balances {
		if s.revision(b.Currency) >= b.Revision {
			continue
		}
		isNew = true
		s.overlay = slices.DeleteFunc(s.overlay, func(h balanceChange) bool { return h.Currency == b.Currency })
		s.overlay = append(s.overlay, balanceChange{xid, b})
	}
	return isNew
}

// revision returns the newest known one of a currency, 0 for none.
func (s *balanceSet) revision(currency string) (newest int64) {
	for _, b := range s.base {
		if b.Currency == currency {
			newest = b.Revision
		}
	}
	for _, h := range s.overlay {
		if h.Currency == currency {
			newest = max(newest, h.Revision)
		}
	}
	return newest
}

// refresh takes in a reading, unless it is older than the one before. The results of
// writes of players are ignored: they do not include balances.
func (s *balanceSet) refresh(r changefeed.VersionedPlayer) {
	if r.Xid != 0 {
		return
	}
	if !s.snapshot.NewerThan(r.Snapshot) {
		s.snapshot, s.base = r.Snapshot, r.Balances
	}
	s.overlay = slices.DeleteFunc(s.overlay, func(h balanceChange) bool { return r.Snapshot.Sees(h.xid) })
	s.render()
}

// distrust lets every reading replace what a transaction is said to have written.
func (s *balanceSet) distrust(xid uint64) {
	for i := range s.overlay {
		if s.overlay[i].xid == xid {
			s.overlay[i].xid = distrusted
		}
	}
}

// render builds what readers get.
func (s *balanceSet) render() {
	s.balances = make(syncer.Balances, len(s.base)+len(s.overlay))
	for _, b := range s.base {
		s.balances[b.Currency] = b.Amount
	}
	for _, h := range s.overlay {
		s.balances[h.Currency] = h.Amount
	}
}

// forget makes the balances of unknown age: they are still served, and any reading
// replaces them.
func (s *balanceSet) forget() { *s = balanceSet{balances: s.balances} }
