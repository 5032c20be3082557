package cache

import (
	"maps"
	"sync"

	"playersync/syncer/changefeed"
)

// received is the part of a copy of a table that remembers what came with notifications and
// may be newer than what the next load reads: the rows since the cursor, by their key.
type received[K comparable, R any] struct {
	mu       sync.Mutex // guards the copy too
	recent   map[K]receivedRow[R]
	snapshot changefeed.Snapshot // of the last load
}

type receivedRow[R any] struct {
	row R
	xid uint64 // of the transaction, or distrusted
}

// Distrust lets the next load replace what came with a change that was never made.
func (c *received[K, R]) Distrust(ch changefeed.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for key, entry := range c.recent {
		if entry.xid == ch.Xid {
			c.recent[key] = receivedRow[R]{entry.row, distrusted}
		}
	}
}

// Advance forgets what the cursor covers.
func (c *received[K, R]) Advance(cursor changefeed.Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(cursor)
}

// forget forgets what a snapshot sees. The caller holds c.mu.
func (c *received[K, R]) forget(seen changefeed.Snapshot) {
	maps.DeleteFunc(c.recent, func(_ K, entry receivedRow[R]) bool { return seen.Sees(entry.xid) })
}

// Reset makes the next load replace everything; until then the copy stays.
func (c *received[K, R]) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot = changefeed.Snapshot{}
	clear(c.recent)
}
