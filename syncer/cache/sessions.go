package cache

import (
	"maps"
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Sessions are the open sessions of all players on all game servers of the network. They
// are safe for concurrent use.
type Sessions struct {
	received[sessionKey, *changefeed.SessionRow]

	online map[sessionKey]*changefeed.SessionRow // open sessions
	sorted []*changefeed.SessionRow              // going, by revision; nil: to be sorted again
}

type sessionKey struct {
	server string
	id     syncer.PlayerID
}

// NewSessions returns an empty copy.
func NewSessions() *Sessions {
	c := &Sessions{online: map[sessionKey]*changefeed.SessionRow{}}
	c.recent = map[sessionKey]receivedRow[*changefeed.SessionRow]{}
	return c
}

// Entity names the table.
func (c *Sessions) Entity() syncer.Entity { return syncer.EntitySession }

// All returns the open sessions in the order in which they were stored. The slice is
// shared.
func (c *Sessions) All() []*changefeed.SessionRow {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sorted == nil {
		c.sorted = slices.SortedFunc(maps.Values(c.online), byRevision)
	}
	return c.sorted
}

// Apply takes in the beginning or the end of a session.
func (c *Sessions) Apply(ch changefeed.Change) (changefeed.ApplyResult, []changefeed.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.snapshot.Sees(ch.Xid) {
		return changefeed.Unchanged, nil
	}
	row, hasRow := ch.Row.(*changefeed.SessionRow)
	if !hasRow {
		return changefeed.NeedsRead, nil
	}
	key := sessionKey{row.Server, row.ID}
	if row.Revision <= max(revisionOf(c.online[key]), revisionOf(c.recent[key].row)) {
		return changefeed.Unchanged, nil
	}
	c.recent[key] = receivedRow[*changefeed.SessionRow]{row, ch.Xid}
	return changefeed.Applied, c.set(key, row)
}

func revisionOf(row *changefeed.SessionRow) int64 {
	if row == nil {
		return 0
	}
	return row.Revision
}

// set stores the newest row of a key and returns the events that follow from it.
func (c *Sessions) set(key sessionKey, row *changefeed.SessionRow) []changefeed.Event {
	c.sorted = nil
	before := c.online[key]
	if row.Online {
		c.online[key] = row
	} else {
		delete(c.online, key)
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
	for key, entry := range c.recent {
		switch {
		case entry.row.Revision <= revisionOf(read[key]):
		case entry.row.Online:
			read[key] = entry.row
		default:
			delete(read, key)
		}
	}
	for _, row := range slices.SortedFunc(maps.Values(c.online), byRevision) {
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
