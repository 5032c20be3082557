package cache

import (
	"sync"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// Told knows which rows of a table were told of, so that each is told once. R is a row,
// which is told of when it comes and has a number. It is safe for concurrent use.
type Told[R any] struct {
	entity syncer.Entity
	most   int // rows that a load has at most; 0: all
	number func(row *R) int64
	event  func(row *R) changefeed.Event

	mu        sync.Mutex
	published map[int64]uint64    // by number, the transaction of a notification, 0: from a read
	snapshot  changefeed.Snapshot // of the last load
	lowest    int64               // number of the first row of a load that may lack older ones
	loaded    bool                // and of this epoch
}

// NewKicks returns a copy that tells of requests to kick.
func NewKicks() *Told[syncer.Kick] {
	return &Told[syncer.Kick]{
		entity: syncer.EntityKick, published: map[int64]uint64{},
		number: func(kick *syncer.Kick) int64 { return kick.Number },
		event: func(kick *syncer.Kick) changefeed.Event {
			return changefeed.Event{Type: changefeed.EventKick, ID: kick.Player, Kick: kick}
		},
	}
}

// NewModLog returns a copy that tells of entries of the moderation log, of which a load has
// so many of the newest at most.
func NewModLog(most int) *Told[mindustry.ModEntry] {
	return &Told[mindustry.ModEntry]{
		entity: syncer.EntityModLog, most: most, published: map[int64]uint64{},
		number: func(entry *mindustry.ModEntry) int64 { return entry.Number },
		event: func(entry *mindustry.ModEntry) changefeed.Event {
			return changefeed.Event{Type: changefeed.EventModeration, Row: entry}
		},
	}
}

// Entity names the table.
func (c *Told[R]) Entity() syncer.Entity { return c.entity }

// Apply tells of a row that comes along and was not told of.
func (c *Told[R]) Apply(ch changefeed.Change) (changefeed.ApplyResult, []changefeed.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	row, carried := ch.Row.(*R)
	switch {
	case c.snapshot.Sees(ch.Xid):
		return changefeed.Unchanged, nil
	case !carried, !c.loaded:
		return changefeed.NeedsRead, nil
	}
	if _, published := c.published[c.number(row)]; published {
		return changefeed.Unchanged, nil
	}
	c.published[c.number(row)] = ch.Xid
	return changefeed.Applied, []changefeed.Event{c.event(row)}
}

// Load tells of the rows that it was not told of; of those before the first load nothing is
// told.
func (c *Told[R]) Load(snapshot changefeed.Snapshot, rows []changefeed.Row) []changefeed.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	var events []changefeed.Event
	published := map[int64]uint64{}
	lowest := int64(0)
	for _, row := range rows {
		row, ok := row.(*R)
		if !ok {
			continue
		}
		number := c.number(row)
		if _, known := c.published[number]; c.loaded && !known && number > c.lowest {
			events = append(events, c.event(row))
		}
		if c.most > 0 && len(rows) == c.most && (lowest == 0 || number < lowest) {
			lowest = number
		}
		published[number] = 0
	}
	for number, xid := range c.published {
		if c.loaded && xid != 0 && !snapshot.Sees(xid) {
			published[number] = xid
		}
	}
	c.published, c.snapshot, c.lowest, c.loaded = published, snapshot, lowest, true
	return events
}

// Distrust does nothing: what was told cannot be taken back.
func (c *Told[R]) Distrust(changefeed.Change) {}

// Advance does nothing: a row is told of when it comes.
func (c *Told[R]) Advance(changefeed.Snapshot) {}

// Reset makes the next load be the first.
func (c *Told[R]) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot, c.loaded = changefeed.Snapshot{}, false
}
