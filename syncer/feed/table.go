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
// changed; rows that notifications carry only make it faster. It must be safe for
// concurrent use. The events that it returns are published in their order.
type Table interface {
	// Entity names the table in changes.
	Entity() syncer.Entity

	// Apply takes in a change. changefeed.NeedsRead: only a read shows its effect.
	Apply(ch changefeed.Change) (changefeed.ApplyResult, []changefeed.Event)

	// Distrust says that a change that was applied was never made: the next load
	// replaces what came with it.
	Distrust(ch changefeed.Change)

	// Load replaces all by a read, but keeps the changes that it received and that
	// the snapshot does not see.
	Load(snapshot changefeed.Snapshot, rows []changefeed.Row) []changefeed.Event

	// Advance says that everything the cursor sees has been applied.
	Advance(cursor changefeed.Snapshot)

	// Reset forgets how old the copy is: snapshots to come are of another epoch.
	Reset()
}

// table returns the copy of the further table that an entity names, or nil.
func (a *Applier) table(entity syncer.Entity) Table {
	if i := slices.IndexFunc(a.tables, func(t Table) bool { return t.Entity() == entity }); i >= 0 {
		return a.tables[i]
	}
	return nil
}

// receiveTable is receive for a change of a further table.
func (a *Applier) receiveTable(t Table, ch changefeed.Change) (isNew, mustRead bool) {
	isNew = a.tracker.receive(ch)
	result, events := t.Apply(ch)
	a.publishAll(events)
	if result == changefeed.NeedsRead {
		return isNew, true
	}
	a.tracker.markPublished(ch)
	return isNew, false
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
	a.markPublished(w.tables[t.Entity()])
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
		err := f.whileAnswered(ctx, conn, func(ctx context.Context) error {
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
