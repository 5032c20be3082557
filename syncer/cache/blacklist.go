package cache

import (
	"maps"
	"slices"
	"sync"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// Blacklist is all blacklisted addresses. It is safe for concurrent use.
type Blacklist struct {
	mu       sync.Mutex
	listed   map[string]int64         // revision by address
	recent   map[string]recentListing // received since the cursor
	snapshot changefeed.Snapshot      // of the last load
	loaded   bool
	sorted   []string // the addresses; nil: to be sorted again
}

type recentListing struct {
	revision int64
	xid      uint64
	listed   bool
}

// NewBlacklist returns an empty copy.
func NewBlacklist() *Blacklist {
	return &Blacklist{listed: map[string]int64{}, recent: map[string]recentListing{}}
}

// Entity names the table.
func (c *Blacklist) Entity() syncer.Entity { return syncer.EntityBlacklist }

// Addresses returns all addresses, sorted and shared; false if they have not been
// read yet.
func (c *Blacklist) Addresses() ([]string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.sorted == nil {
		c.sorted = slices.AppendSeq(make([]string, 0, len(c.listed)), maps.Keys(c.listed))
		slices.Sort(c.sorted)
	}
	return c.sorted, c.loaded
}

// Has reports whether an address is listed, as far as is known.
func (c *Blacklist) Has(address string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, listed := c.listed[address]
	return listed
}

// Apply takes in that an address came or went.
func (c *Blacklist) Apply(ch changefeed.Change) (changefeed.ApplyResult, []changefeed.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.snapshot.Sees(ch.Xid) {
		return changefeed.Unchanged, nil
	}
	row, hasRow := ch.Row.(*mindustry.BlacklistRow)
	if !hasRow {
		return changefeed.NeedsRead, nil
	}
	if row.Revision <= max(c.listed[row.Address], c.recent[row.Address].revision) {
		return changefeed.Unchanged, nil
	}
	entry := recentListing{row.Revision, ch.Xid, row.Listed}
	c.recent[row.Address] = entry
	c.set(row.Address, entry)
	return changefeed.Applied, nil
}

func (c *Blacklist) set(address string, entry recentListing) {
	c.sorted = nil
	if entry.listed {
		c.listed[address] = entry.revision
	} else {
		delete(c.listed, address)
	}
}

// Load takes in the whole table as it was read.
func (c *Blacklist) Load(snapshot changefeed.Snapshot, rows []changefeed.Row) []changefeed.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot, c.loaded, c.sorted = snapshot, true, nil
	c.listed = make(map[string]int64, len(rows))
	for _, row := range rows {
		if row, ok := row.(*mindustry.BlacklistRow); ok {
			c.listed[row.Address] = row.Revision
		}
	}
	c.forget(snapshot)
	for address, entry := range c.recent {
		if entry.revision > c.listed[address] {
			c.set(address, entry)
		}
	}
	return nil
}

// Distrust lets the next load replace what came with a change that was never made.
func (c *Blacklist) Distrust(ch changefeed.Change) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for address, entry := range c.recent {
		if entry.xid == ch.Xid {
			entry.xid = distrusted
			c.recent[address] = entry
		}
	}
}

// Advance forgets what the cursor covers.
func (c *Blacklist) Advance(cursor changefeed.Snapshot) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.forget(cursor)
}

func (c *Blacklist) forget(seen changefeed.Snapshot) {
	maps.DeleteFunc(c.recent, func(_ string, entry recentListing) bool { return seen.Sees(entry.xid) })
}

// Reset makes the next load replace everything; until then the addresses stay.
func (c *Blacklist) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.snapshot = changefeed.Snapshot{}
	clear(c.recent)
}
