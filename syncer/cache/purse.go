package cache

import (
	"slices"

	"playersync/syncer"
)

// purse is what is known of one player's balances: a reading, and on top of it what
// was heard of transactions that the reading does not include. Within one currency
// the higher revision is newer. Like a [record] it knows nothing of locks.
type purse struct {
	snapshot syncer.Snapshot  // of the reading; zero: of unknown age
	base     []syncer.Balance // the reading's
	heard    []balanceChange  // the newest of each currency that the reading does not see

	balances syncer.Balances // all of that together; never changed, only replaced
}

// balanceChange is a balance and the transaction that wrote it.
type balanceChange struct {
	xid uint64
	syncer.Balance
}

// apply puts one change on top of a loaded purse.
func (p *purse) apply(ch syncer.Change) syncer.Effect {
	row, travelled := ch.Row.(*syncer.BalanceRow)
	switch {
	case p.snapshot.IsZero():
		return syncer.EffectNeedsRead
	case p.snapshot.Sees(ch.Xid):
		return syncer.EffectNone
	case !travelled:
		return syncer.EffectNeedsRead
	}
	if !p.remember(ch.Xid, row.Balances) {
		return syncer.EffectNone
	}
	p.render()
	return syncer.EffectApplied
}

// remember keeps balances for the readings that do not see them, and reports
// whether one is newer than what was known.
func (p *purse) remember(xid uint64, balances []syncer.Balance) (isNews bool) {
	for _, b := range balances {
		if p.revision(b.Currency) >= b.Revision {
			continue
		}
		isNews = true
		p.heard = slices.DeleteFunc(p.heard, func(h balanceChange) bool { return h.Currency == b.Currency })
		p.heard = append(p.heard, balanceChange{xid, b})
	}
	return isNews
}

// revision returns the newest known one of a currency, 0 for none.
func (p *purse) revision(currency string) (newest int64) {
	for _, b := range p.base {
		if b.Currency == currency {
			newest = b.Revision
		}
	}
	for _, h := range p.heard {
		if h.Currency == currency {
			newest = max(newest, h.Revision)
		}
	}
	return newest
}

// refresh takes in a reading, unless it is older than the one before. Results of
// writes say nothing of balances.
func (p *purse) refresh(r syncer.Reading) {
	if r.Xid != 0 || !p.snapshot.IsZero() && !r.Snapshot.NewerThan(p.snapshot) {
		return
	}
	p.snapshot, p.base = r.Snapshot, r.Balances
	p.heard = slices.DeleteFunc(p.heard, func(h balanceChange) bool { return r.Snapshot.Sees(h.xid) })
	p.render()
}

// render builds what readers get.
func (p *purse) render() {
	p.balances = make(syncer.Balances, len(p.base)+len(p.heard))
	for _, b := range p.base {
		p.balances[b.Currency] = b.Amount
	}
	for _, h := range p.heard {
		p.balances[h.Currency] = h.Amount
	}
}

// forget makes the purse one of unknown age: it is served on, and any reading
// replaces it.
func (p *purse) forget() { *p = purse{balances: p.balances} }
