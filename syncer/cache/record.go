package cache

import (
	"reflect"
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// record is what is known of one player: a reading, and over it the changes of
// transactions that the reading does not include. It has no lock; its shard's lock
// guards it. An example, where the first reading sees transactions up to 10:
//
//	step                                      base         over it               readers get
//	load                                      revision 1   -                     rank "player"
//	the row of 11 arrives, revision 2         revision 1   row of 11             rank "mod"
//	own write 12 adds a flag. It waited       revision 1   row of 11, write 12   rank "mod", flag
//	for 11 and returns revision 3
//	the feed reads; the snapshot sees 12      revision 3   -                     the same
//
// In the last step the reading includes both transactions and replaces all there was.
type record struct {
	base    changefeed.VersionedPlayer  // zero snapshot: of unknown age, see forget
	own     *changefeed.VersionedPlayer // newest own write that base does not include
	row     rowChange                   // newest row that a notification carried and base does not include
	history []historyChange             // added entries, likewise

	player *syncer.Player // all of that together: what readers get
}

// rowChange is a PlayerRow and the transaction that wrote it; nil row: none.
type rowChange struct {
	xid uint64
	row *changefeed.PlayerRow
}

// historyChange is what one transaction added to the history.
type historyChange struct {
	xid     uint64
	entries []syncer.HistoryEntry
}

// distrusted stands in place of the transaction that a notification named and that never
// was. Every snapshot sees it, so that any reading replaces what came with it.
const distrusted uint64 = 0

// includes reports whether the effects of the transaction are part of the reading.
func includes(r changefeed.VersionedPlayer, xid uint64) bool {
	return r.Snapshot.Sees(xid) || xid != 0 && xid == r.Xid
}

// apply puts one change on top of a loaded record.
func (r *record) apply(ch changefeed.Change) changefeed.ApplyResult {
	switch {
	case r.base.Snapshot.IsZero():
		return changefeed.NeedsRead
	case r.base.Snapshot.Sees(ch.Xid):
		return changefeed.Unchanged
	case ch.Row == nil && includes(r.base, ch.Xid):
		return changefeed.Unchanged
	case r.player == nil:
		return changefeed.NeedsRead
	}
	switch row := ch.Row.(type) {
	case *changefeed.PlayerRow:
		if row.Revision <= r.player.Revision {
			return changefeed.Unchanged
		}
	case *changefeed.HistoryRow:
		if includes(r.base, ch.Xid) {
			return changefeed.Unchanged
		}
	default:
		return changefeed.NeedsRead
	}
	entries := r.player.History
	r.remember(ch)
	r.render()
	if _, ok := ch.Row.(*changefeed.HistoryRow); ok && slices.Equal(r.player.History, entries) {
		return changefeed.Unchanged
	}
	return changefeed.Applied
}

// remember puts the row of a change over readings that do not include it. Of several
// rows only the newest counts: it includes the older changes.
func (r *record) remember(ch changefeed.Change) {
	switch row := ch.Row.(type) {
	case *changefeed.PlayerRow:
		if r.row.row == nil || row.Revision > r.row.row.Revision {
			r.row = rowChange{ch.Xid, row}
		}
	case *changefeed.HistoryRow:
		r.rememberHistory(ch.Xid, row.Entries)
	}
}

func (r *record) rememberHistory(xid uint64, entries []syncer.HistoryEntry) {
	for i, known := range r.history {
		if known.xid == xid {
			r.history[i].entries = syncer.UniteHistory(known.entries, entries)
			return
		}
	}
	r.history = append(r.history, historyChange{xid, entries})
}

// refresh takes in a reading. The record must be loaded.
func (r *record) refresh(in changefeed.VersionedPlayer) changefeed.ApplyResult {
	var exact bool
	switch {
	case r.base.Snapshot.IsZero() && in.Xid != 0:
		// Nothing tells what it adds to the copy, so it is shown as it is. It stays over
		// readings that do not include it.
		r.keepOwn(in)
		r.base.Player = r.own.Player
		r.render()
		return changefeed.NeedsRead
	case in.Xid != 0 && includes(r.base, in.Xid):
		return changefeed.Unchanged
	case in.Snapshot.NewerThan(r.base.Snapshot):
		exact = r.rebase(in)
	case in.Xid != 0:
		exact = r.keepOwn(in)
	case r.drop(in):
		exact = true // something distrusted: base is as new as the reading
	default:
		return changefeed.Unchanged
	}
	before := r.player
	switch exact = r.render() && exact; {
	case !exact:
		return changefeed.NeedsRead
	case reflect.DeepEqual(before, r.player):
		return changefeed.Unchanged
	default:
		return changefeed.Applied
	}
}

// load takes in the first reading, below what was collected before it. It reports
// whether the result certainly equals the row.
func (r *record) load(in changefeed.VersionedPlayer) bool {
	exact := r.rebase(in)
	return r.render() && exact
}

// rebase makes the reading the base. What the reading includes is dropped, the rest
// stays over it.
func (r *record) rebase(in changefeed.VersionedPlayer) (exact bool) {
	exact = true
	if r.base.Xid != 0 && !includes(in, r.base.Xid) {
		exact = r.keepOwn(r.base)
	}
	r.base = in
	r.drop(in)
	return exact
}

// drop forgets the changes that the reading includes, and reports whether there were any.
func (r *record) drop(in changefeed.VersionedPlayer) (dropped bool) {
	if r.own != nil && includes(in, r.own.Xid) {
		r.own, dropped = nil, true
	}
	if r.row.row != nil && includes(in, r.row.xid) {
		r.row, dropped = rowChange{}, true
	}
	entries := len(r.history)
	r.history = slices.DeleteFunc(r.history, func(h historyChange) bool { return includes(in, h.xid) })
	dropped = dropped || len(r.history) < entries
	if len(r.history) == 0 {
		r.history = nil
	}
	return dropped
}

// distrust lets every reading replace what a transaction is said to have written.
func (r *record) distrust(xid uint64) {
	if r.row.xid == xid {
		r.row.xid = distrusted
	}
	for i := range r.history {
		if r.history[i].xid == xid {
			r.history[i].xid = distrusted
		}
	}
}

// keepOwn puts the result of an own write over bases that do not include it. Of two
// such results the higher revision wins, but the row must be read as well: a write may
// keep the revision as it is, and history that only one of them saw may have been
// removed.
func (r *record) keepOwn(in changefeed.VersionedPlayer) (exact bool) {
	other := r.own
	r.own = &in
	if other == nil || other.Xid == in.Xid {
		return true
	}
	if other.Player.Revision > in.Player.Revision {
		r.own, other = other, r.own
	}
	r.rememberHistory(other.Xid, other.Player.History)
	return false
}

// render builds what readers get. It reports whether that certainly equals the row,
// as far as changes have been received.
func (r *record) render() (exact bool) {
	p, exact := r.withOwn()
	switch {
	case r.row.row == nil:
	case p == nil:
		exact = false
	case r.row.row.Revision > p.Revision:
		changed := *p
		changed.Synced, changed.Revision = r.row.row.Synced, r.row.row.Revision
		p = &changed
	}
	for _, added := range r.history {
		if p == nil {
			exact = false
			break
		}
		p = withHistory(p, added.entries)
	}
	r.player = p
	return exact
}

// withOwn returns the base together with the own write that it does not include. The
// write returned the row as its transaction left it, but the history as its older
// snapshot saw it: entries that only the write has may have been removed since.
func (r *record) withOwn() (p *syncer.Player, exact bool) {
	switch base, own := r.base.Player, r.own; {
	case own == nil:
		return base, true
	case base == nil:
		return own.Player, false
	case r.base.Xid != 0 && base.Revision >= own.Player.Revision:
		p = withHistory(base, own.Player.History)
		return p, p == base && base.Revision != own.Player.Revision
	default:
		p = withHistory(own.Player, base.History)
		return p, p == own.Player && len(p.History) == len(base.History)
	}
}

// withHistory returns p with the entries united into its history: p itself if
// it has them all.
func withHistory(p *syncer.Player, entries []syncer.HistoryEntry) *syncer.Player {
	united := syncer.NewestHistory(syncer.UniteHistory(p.History, entries))
	if slices.Equal(united, p.History) {
		return p
	}
	changed := *p
	changed.History = united
	return &changed
}

// forget makes the record one of unknown age: its player is still served, and
// any reading by the feed replaces it.
func (r *record) forget() {
	*r = record{base: changefeed.VersionedPlayer{ID: r.base.ID, Player: r.player}, player: r.player}
}
