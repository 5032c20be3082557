package cache

import (
	"sync"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Kicks knows which requests to kick a player were told of, so that each is told once. It
// is safe for concurrent use.
type Kicks struct {
	mu       sync.Mutex
	told     map[int64]uint64    // by number, the transaction of a notification, 0: from a read
	snapshot changefeed.Snapshot // of the last load
	loaded   bool                // and of this epoch
}

// NewKicks returns a copy that knows no request yet.
func NewKicks() *Kicks { return &Kicks{told: map[int64]uint64{}} }

// Entity names the table.
func (c *Kicks) Entity() syncer.Entity { return syncer.EntityKick }

// Apply tells of a request that comes with its row and was not told of.
func (c *Kicks) Apply(ch changefeed.Change) (changefeed.ApplyResult, []changefeed.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	kick, carried := ch.Row.(*syncer.Kick)
	switch {
	case c.snapshot.Sees(ch.Xid):
		return changefeed.Unchanged, nil
	case !carried, !c.loaded:
		return changefeed.NeedsRead, nil
	}
	if _, told := c.told[kick.Number]; told {
		return changefeed.Unchanged, nil
	}
	c.told[kick.Number] = ch.Xid
	return changefeed.Applied, []changefeed.Event{kickEvent(kick)}
}

// Load tells of the requests that it was not told of; of those before the first load
// nothing is told.
func (c *Kicks) Load(snapshot changefeed.Snapshot, rows []changefeed.Row) []changefeed.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	var events []changefeed.Event
	told := map[int64]uint64{}
	for _, row := range rows {
		kick, ok := row.(*syncer.Kick)
		if !ok {
			continue
		}
		if _, known := c.told[kick.Number]; c.loaded && !known {
			events = append(events, kickEvent(kick))
		}
		told[kick.Number] = 0
	}
	for number, xid := range c.told {
		if c.loaded && xid != 0 && !snapshot.Sees(xid) {
			told[number] = xid
		}
	}
	c.told, c.snapshot, c.loaded = told, snapshot, true
	return events
}

// Distrust does nothing: what was told cannot be taken back.
func (c *Kicks) Distrust(changefeed.Change) {}

// Advance does nothing: a request is told of when it comes.
func (c *Kicks) Advance(changefeed.Snapshot) {}

// Reset makes the next load be the first.
func (c *Kicks) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot, c.loaded = changefeed.Snapshot{}, false
}

func kickEvent(kick *syncer.Kick) changefeed.Event {
	return changefeed.Event{Type: changefeed.EventKick, ID: kick.Player, Kick: kick}
}
