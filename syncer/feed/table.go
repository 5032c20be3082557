package feed

import (
	"context"
	"fmt"
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Table is the copy of a further table, or of its newest part, that the feed keeps
// current. It is small enough to be read whole whenever a poll finds that it has
// changed; what changes carry only makes it faster. It must be safe for concurrent
// use, and what it returns as events is published in that order.
type Table interface {
	// Entity names the table in changes.
	Entity() syncer.Entity

	// Apply takes in a change. changefeed.NeedsRead: only a read tells what it did.
	Apply(ch changefeed.Change) (changefeed.ApplyResult, []changefeed.Event)

	// Load replaces all by a read, but keeps what it was told of later than the
	// snapshot.
	Load(snapshot changefeed.Snapshot, rows []changefeed.Row) []changefeed.Event

	// Advance says that everything the cursor sees was taken in.
	Advance(cursor changefeed.Snapshot)

	// Reset forgets how old the copy is: snapshots to come are of another epoch.
	Reset()
}

// table returns the copy of the table that an entity names, nil if it is none of
// the further ones.
func (a *Applier) table(entity syncer.Entity) Table {
	if i := slices.IndexFunc(a.tables, func(t Table) bool { return t.Entity() == entity }); i >= 0 {
		return a.tables[i]
	}
	return nil
}

// hearTable is hear for a change of a further table.
func (a *Applier) hearTable(t Table, ch changefeed.Change) (isNews, mustRead bool) {
	isNews = a.notes.heard(ch)
	effect, events := t.Apply(ch)
	a.publishAll(events)
	if effect == changefeed.NeedsRead {
		return isNews, true
	}
	a.notes.told(ch)
	return isNews, false
}

func (a *Applier) publishAll(events []changefeed.Event) {
	for _, e := range events {
		a.publish(e)
	}
}

// loadTable takes in a whole table that the feed has read for w.
func (a *Applier) loadTable(w work, t Table, snapshot changefeed.Snapshot, rows []changefeed.Row) {
	a.mu.Lock()
	defer a.mu.Unlock()
	events := t.Load(snapshot, rows)
	a.tellAll(w.tables[t.Entity()])
	if !w.whole() {
		a.publishAll(events)
	}
}

// readTables reads the further tables that changed, or all.
func (f *Feed) readTables(ctx context.Context, conn Conn, w work) error {
	for _, t := range f.applier.tables {
		if _, changed := w.tables[t.Entity()]; !changed && !w.allTables {
			continue
		}
		err := f.bounded(ctx, f.config.ReloadTimeout, func(ctx context.Context) error {
			snapshot, rows, err := conn.ReadTable(ctx, t.Entity())
			if err == nil {
				f.applier.loadTable(w, t, snapshot, rows)
			}
			return err
		})
		if err != nil {
			return fmt.Errorf("read %s: %w", t.Entity(), err)
		}
	}
	return nil
}
