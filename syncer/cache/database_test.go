package cache

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// database imitates what matters of PostgreSQL: transactions that become visible
// in another order than they got their ids, row locks, revisions drawn under
// them, and triggers that report changes.
type database struct {
	t         *rapid.T
	xids      uint64
	revision  int64
	clock     int64
	committed []*transaction // in the order in which they became visible
	running   []*transaction
	rowLocks  map[syncer.PlayerID]*transaction
	keyShares map[syncer.PlayerID][]*transaction // history entries refer to the row
}

type transaction struct {
	xid      uint64
	snapshot changefeed.Snapshot // taken when it began
	own      bool                // of the sidecar under test: it gets to know the result
	effects  []effect
	changes  []changefeed.Change
}

// effect is what a transaction did to one player.
type effect struct {
	id      syncer.PlayerID
	row     *syncer.Player // the row afterwards, without history; nil: deleted or only history
	deleted bool
	added   []syncer.HistoryEntry
	removed []syncer.HistoryEntry
}

func newDatabase(t *rapid.T) *database {
	return &database{
		t: t, xids: 100,
		rowLocks:  map[syncer.PlayerID]*transaction{},
		keyShares: map[syncer.PlayerID][]*transaction{},
	}
}

func (d *database) snapshot() changefeed.Snapshot {
	var running []string
	xmin := d.xids + 1
	for _, tx := range d.running {
		running = append(running, fmt.Sprint(tx.xid))
		xmin = min(xmin, tx.xid)
	}
	s, err := changefeed.ParseSnapshot(fmt.Sprintf("%d:%d:%s", xmin, d.xids+1, strings.Join(running, ",")))
	if err != nil {
		d.t.Fatal(err)
	}
	return s
}

func (d *database) begin(own bool) *transaction {
	tx := &transaction{own: own, snapshot: d.snapshot()}
	d.xids++
	tx.xid = d.xids
	d.running = append(d.running, tx)
	return tx
}

// player returns a player as the statement sees it that sees these transactions.
func (d *database) player(id syncer.PlayerID, sees func(*transaction) bool) *syncer.Player {
	var p *syncer.Player
	for _, tx := range slices.Concat(d.committed, d.running) {
		if !sees(tx) {
			continue
		}
		for _, e := range tx.effects {
			if e.id == id {
				p = e.on(p)
			}
		}
	}
	return p
}

func (e effect) on(p *syncer.Player) *syncer.Player {
	if e.deleted {
		return nil
	}
	var next syncer.Player
	if e.row != nil {
		next = *e.row
		next.History = []syncer.HistoryEntry{}
		if p != nil {
			next.History = p.History
		}
	} else if p == nil {
		return nil
	} else {
		next = *p
	}
	next.History = slices.DeleteFunc(syncer.UniteHistory(next.History, e.added), func(h syncer.HistoryEntry) bool {
		return slices.Contains(e.removed, h)
	})
	return &next
}

// read returns a reading at the snapshot.
func (d *database) read(id syncer.PlayerID, s changefeed.Snapshot) changefeed.VersionedPlayer {
	p := d.player(id, func(tx *transaction) bool { return s.Sees(tx.xid) })
	return changefeed.VersionedPlayer{ID: id, Snapshot: s, Player: p}
}

// newest returns the row that a write by tx finds once it has the row's lock.
func (d *database) newest(id syncer.PlayerID, tx *transaction) *syncer.Player {
	return d.player(id, func(other *transaction) bool { return other == tx || slices.Contains(d.committed, other) })
}

// result returns what a write statement of tx returns: the row under its lock,
// however new, but the history as the snapshot saw it.
func (d *database) result(id syncer.PlayerID, tx *transaction) changefeed.VersionedPlayer {
	r := changefeed.VersionedPlayer{ID: id, Snapshot: tx.snapshot, Xid: tx.xid}
	row := d.newest(id, tx)
	if row == nil {
		return r
	}
	p := *row
	p.History = []syncer.HistoryEntry{}
	if seen := d.read(id, tx.snapshot).Player; seen != nil {
		p.History = seen.History
	}
	for _, e := range tx.effects {
		if e.id == id {
			p.History = syncer.UniteHistory(p.History, e.added)
		}
	}
	r.Player = &p
	return r
}

// write does something to a player, unless another transaction holds its row.
func (d *database) write(tx *transaction, id syncer.PlayerID) {
	if holder := d.rowLocks[id]; holder != nil && holder != tx {
		return
	}
	shared := slices.ContainsFunc(d.keyShares[id], func(other *transaction) bool { return other != tx })
	row := d.newest(id, tx)
	actions := []string{"update", "add history", "update", "remove history", "unsynced", "delete"}
	if row == nil {
		actions = []string{"insert"}
	}
	e := effect{id: id}
	change := changefeed.Change{Entity: syncer.EntityPlayer, Key: string(id), Xid: tx.xid}
	switch action := rapid.SampledFrom(actions).Draw(d.t, "write"); {
	case action == "insert" && !shared:
		p := syncer.NewPlayer(id)
		e.row = d.touched(&p)
	case action == "delete" && !tx.own && !shared:
		e.deleted = true
	case action == "update":
		e.row = d.touched(row)
		change.Row = &changefeed.PlayerRow{Revision: e.row.Revision, Synced: e.row.Synced}
	case action == "unsynced":
		p := *row
		p.Gamemodes = maps.Clone(p.Gamemodes)
		p.Gamemodes["pvp"] = syncer.GamemodeRecord{Stats: map[string]int64{"kills": kills(row) + 1}}
		e.row = &p
	case action == "add history":
		d.clock++
		e.added = []syncer.HistoryEntry{{Action: "kick", By: "Steve", Time: syncer.Millis(d.clock % 7)}}
		change.Row = &changefeed.HistoryRow{Entries: e.added}
		d.keyShares[id] = append(d.keyShares[id], tx)
	case action == "remove history" && !tx.own && len(row.History) > 0:
		e.removed = row.History[:1]
		d.keyShares[id] = append(d.keyShares[id], tx)
	default:
		return
	}
	if e.row != nil || e.deleted {
		d.rowLocks[id] = tx
	}
	tx.effects = append(tx.effects, e)
	if saved := tx.own && change.Row == nil && e.row != nil && row != nil; saved {
		return // a sidecar's save of unsynced maps is not reported
	}
	if change.Row != nil && rapid.IntRange(0, 5).Draw(d.t, "too large") == 0 {
		change.Row = nil
	}
	tx.changes = append(tx.changes, change)
}

// touched returns the row with another name and a new revision.
func (d *database) touched(row *syncer.Player) *syncer.Player {
	d.revision++
	p := *row
	p.Revision = d.revision
	p.Name = fmt.Sprintf("Steve %d", d.revision)
	return &p
}

func kills(p *syncer.Player) int64 { return p.Gamemodes["pvp"].Stats["kills"] }

// end commits or aborts.
func (d *database) end(tx *transaction, commit bool) {
	d.running = slices.DeleteFunc(d.running, func(other *transaction) bool { return other == tx })
	maps.DeleteFunc(d.rowLocks, func(_ syncer.PlayerID, holder *transaction) bool { return holder == tx })
	for id, holders := range d.keyShares {
		d.keyShares[id] = slices.DeleteFunc(holders, func(other *transaction) bool { return other == tx })
	}
	if commit {
		d.committed = append(d.committed, tx)
	}
}

// changedSince returns the keys of the change table that the cursor has not seen.
func (d *database) changedSince(cursor, now changefeed.Snapshot) []syncer.PlayerID {
	var ids []syncer.PlayerID
	for _, tx := range d.committed {
		if cursor.Sees(tx.xid) || !now.Sees(tx.xid) {
			continue
		}
		for _, ch := range tx.changes {
			ids = append(ids, syncer.PlayerID(ch.Key))
		}
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}
