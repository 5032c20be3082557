package cache

import (
	"sync"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Kicks knows which requests to kick a player were told of, so that each is told once. It
// is safe for concurrent use.
type Kicks struct {
	mu        sync.Mutex
	published map[int64]uint64    // by number, the transaction of a notification, 0: from a read
	snapshot  changefeed.Snapshot // of the last load
	loaded    bool                // and of this epoch
}

// NewKicks returns a copy that knows no request yet.
func NewKicks() *Kicks { return &Kicks{published: map[int64]uint64{}} }

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
	if _, published := c.published[kick.Number]; published {
		return changefeed.Unchanged, nil
	}
	c.published[kick.Number] = ch.Xid
	return changefeed.Applied, []changefeed.Event{kickEvent(kick)}
}

// Load tells of the requests that it was not told of; of those before the first load
// nothing is told.
func (c *Kicks) Load(snapshot changefeed.Snapshot, rows []changefeed.Row) []changefeed.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	var events []changefeed.Event
	published := map[int64]uint64{}
	for _, row := range rows {
		kick, ok := row.(*syncer.Kick)
		if !ok {
			continue
		}
		if _, known := c.published[kick.Number]; c.loaded && !known {
			events = append(events, kickEvent(kick))
		}
		published[kick.Number] = 0
	}
	for number, xid := range c.published {
		if c.loaded && xid != 0 && !snapshot.Sees(xid) {
			published[number] = xid
		}
	}
	c.published, c.snapshot, c.loaded = published, snapshot, true
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
