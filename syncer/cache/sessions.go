package cache

import (
	"maps"
	"slices"
	"sync"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Sessions is who is on which game server of the network. It is safe for
// concurrent use.
type Sessions struct {
	mu       sync.Mutex
	going    map[sessionKey]*changefeed.SessionRow // those that go on
	notes    map[sessionKey]noteOfSession          // what was told since the cursor
	snapshot changefeed.Snapshot                   // of the last load
	sorted   []*changefeed.SessionRow              // going, by revision; nil: to be sorted again
}

type sessionKey struct {
	server string
	id     syncer.PlayerID
}

type noteOfSession struct {
	row *changefeed.SessionRow
	xid uint64
}

// NewSessions returns an empty copy.
func NewSessions() *Sessions {
	return &Sessions{going: map[sessionKey]*changefeed.SessionRow{}, notes: map[sessionKey]noteOfSession{}}
}

// Entity names the table.
func (c *Sessions) Entity() syncer.Entity { return syncer.EntitySession }

// All returns who is online, in the order in which that was stored. The slice is
// shared.
func (c *Sessions) All() []*changefeed.SessionRow {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sorted == nil {
		c.sorted = slices.SortedFunc(maps.Values(c.going), byRevision)
	}
	return c.sorted
}

// Apply takes in that a session began or ended.
func (c *Sessions) Apply(ch changefeed.Change) (changefeed.ApplyResult, []changefeed.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.snapshot.Sees(ch.Xid) {
		return changefeed.Unchanged, nil
	}
	row, told := ch.Row.(*changefeed.SessionRow)
	if !told {
		return changefeed.NeedsRead, nil
	}
	key := sessionKey{row.Server, row.ID}
	if row.Revision <= max(revisionOf(c.going[key]), revisionOf(c.notes[key].row)) {
		return changefeed.Unchanged, nil
	}
	c.notes[key] = noteOfSession{row, ch.Xid}
	return changefeed.Applied, c.set(key, row)
}

func revisionOf(row *changefeed.SessionRow) int64 {
	if row == nil {
		return 0
	}
	return row.Revision
}

// set takes over what is known of a key and returns what that means for
// subscribers.
func (c *Sessions) set(key sessionKey, row *changefeed.SessionRow) []changefeed.Event {
	c.sorted = nil
	before := c.going[key]
	if row.Online {
		c.going[key] = row
	} else {
		delete(c.going, key)
	}
	switch {
	case row.Online && (before == nil || before.Session != row.Session):
		return []changefeed.Event{{Type: changefeed.EventPresence, Session: &row.Session, Online: true}}
	case !row.Online && before != nil:
		return []changefeed.Event{{Type: changefeed.EventPresence, Session: &before.Session}}
	}
	return nil
}

// Load takes in the whole table as it was read, and returns an event for each
// session that began or ended.
func (c *Sessions) Load(snapshot changefeed.Snapshot, rows []changefeed.Row) (events []changefeed.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot = snapshot
	c.forget(snapshot)
	read := make(map[sessionKey]*changefeed.SessionRow, len(rows))
	for _, row := range rows {
		if row, ok := row.(*changefeed.SessionRow); ok {
			read[sessionKey{row.Server, row.ID}] = row
		}
	}
	for key, note := range c.notes {
		switch {
		case note.row.Revision <= revisionOf(read[key]):
		case note.row.Online:
			read[key] = note.row
		default:
			delete(read, key)
		}
	}
	for _, row := range slices.SortedFunc(maps.Values(c.going), byRevision) {
		if key := (sessionKey{row.Server, row.ID}); read[key] == nil {
			events = append(events, c.set(key, &changefeed.SessionRow{Session: row.Session})...)
		}
	}
	for _, row := range slices.SortedFunc(maps.Values(read), byRevision) {
		events = append(events, c.set(sessionKey{row.Server, row.ID}, row)...)
	}
	return events
}

func byRevision(a, b *changefeed.SessionRow) int { return int(a.Revision - b.Revision) }

// Advance forgets what the cursor covers.
func (c *Sessions) Advance(cursor changefeed.Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(cursor)
}

func (c *Sessions) forget(seen changefeed.Snapshot) {
	maps.DeleteFunc(c.notes, func(_ sessionKey, note noteOfSession) bool { return seen.Sees(note.xid) })
}

// Reset makes the next load count whatever was told before; until then the
// sessions stay.
func (c *Sessions) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot = changefeed.Snapshot{}
	clear(c.notes)
}
