package cache

import (
	"slices"
	"sync"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Messages is the newest part of the staff chat, in the order of the commits. It is
// safe for concurrent use.
type Messages struct {
	limit int

	mu           sync.RWMutex
	held         []heldMessage // by number
	mark         syncer.ChatMark
	snapshot     changefeed.Snapshot // of the last load
	loaded       bool
	otherHistory bool // the next load may be of another epoch
}

type heldMessage struct {
	*syncer.StaffMessage
	xid    uint64 // 0: from a read, not from a notification
	unsent bool   // only a forged notification told of it: the next load drops it
}

// NewMessages returns an empty copy that keeps at most limit messages.
func NewMessages(limit int) *Messages { return &Messages{limit: limit} }

// Entity names the table.
func (c *Messages) Entity() syncer.Entity { return syncer.EntityStaffMessage }

// Mark returns the position up to which the chat is known; false if it has not been
// read yet.
func (c *Messages) Mark() (syncer.ChatMark, bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.mark, c.loaded
}

// After returns the held messages with higher numbers, oldest first. They are shared.
func (c *Messages) After(number int64) []*syncer.StaffMessage {
	c.mu.RLock()
	defer c.mu.RUnlock()
	first, _ := slices.BinarySearchFunc(c.held, number+1, func(m heldMessage, n int64) int { return int(m.Number - n) })
	if first == len(c.held) {
		return nil
	}
	messages := make([]*syncer.StaffMessage, 0, len(c.held)-first)
	for _, m := range c.held[first:] {
		messages = append(messages, m.StaffMessage)
	}
	return messages
}

// Apply takes in a new message, if it is the next one.
func (c *Messages) Apply(ch changefeed.Change) (changefeed.ApplyResult, []changefeed.Event) {
	row, isNew := ch.Row.(*changefeed.NewMessage)
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.snapshot.Sees(ch.Xid), isNew && row.Number <= c.mark.Last && !c.otherHistory:
		return changefeed.Unchanged, nil
	case !isNew, !c.loaded, c.otherHistory, row.After > c.mark.Last:
		return changefeed.NeedsRead, nil
	}
	c.append(heldMessage{StaffMessage: &row.StaffMessage, xid: ch.Xid})
	return changefeed.Applied, []changefeed.Event{{Type: changefeed.EventChat, Message: &row.StaffMessage}}
}

// append adds the next message. The caller holds c.mu.
func (c *Messages) append(m heldMessage) {
	c.held = append(c.held, m)
	if excess := len(c.held) - c.limit; excess > 0 {
		c.held = slices.Delete(c.held, 0, excess)
	}
	c.mark.Last = m.Number
}

// Load takes in the newest messages as they were read, and returns an event for
// each that is new.
func (c *Messages) Load(snapshot changefeed.Snapshot, rows []changefeed.Row) []changefeed.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, known := c.mark.Last, c.loaded && !c.otherHistory
	received := c.held
	sent := c.lastSent()
	c.held, c.mark.Last = make([]heldMessage, 0, len(rows)), 0
	var events []changefeed.Event
	for _, row := range rows {
		m, ok := row.(*syncer.StaffMessage)
		if !ok {
			continue
		}
		c.append(heldMessage{StaffMessage: m})
		if known && m.Number > sent {
			events = append(events, changefeed.Event{Type: changefeed.EventChat, Message: m})
		}
	}
	for _, m := range received {
		if !c.otherHistory && m.xid != 0 && !m.unsent && m.Number > c.mark.Last && !snapshot.Sees(m.xid) {
			c.append(m)
		}
	}
	if c.mark.Last < before || c.otherHistory {
		c.mark.Rewinds++
		c.mark.Base = c.mark.Last
	}
	c.snapshot, c.loaded, c.otherHistory = snapshot, true, false
	return events
}

// lastSent returns the number of the last message that was really sent. The caller
// holds c.mu.
func (c *Messages) lastSent() int64 {
	last := c.mark.Last
	for i := len(c.held) - 1; i >= 0 && c.held[i].unsent; i-- {
		last = c.held[i].Number - 1
		if i > 0 {
			last = c.held[i-1].Number
		}
	}
	return last
}

// Distrust lets the next load drop a message that was never sent.
func (c *Messages) Distrust(ch changefeed.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i := range c.held {
		if c.held[i].xid == ch.Xid {
			c.held[i].unsent = true
		}
	}
}

// Advance does nothing: numbers have the order of the commits.
func (c *Messages) Advance(changefeed.Snapshot) {}

// Reset makes the next load replace everything; until then the messages stay.
func (c *Messages) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot, c.otherHistory = changefeed.Snapshot{}, true
}
