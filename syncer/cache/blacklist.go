package cache

import (
	"maps"
	"slices"
	"strings"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// Blacklist is all blacklisted addresses. It is safe for concurrent use.
type Blacklist struct {
	received[string, mindustry.BlacklistRow] // by address

	listed map[string]int64 // revision by address
	loaded bool
	sorted []string // the addresses; nil: to be sorted again
}

// NewBlacklist returns an empty copy.
func NewBlacklist() *Blacklist {
	c := &Blacklist{listed: map[string]int64{}}
	c.recent = map[string]receivedRow[mindustry.BlacklistRow]{}
	return c
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
	if row.Revision <= max(c.listed[row.Address], c.recent[row.Address].row.Revision) {
		return changefeed.Unchanged, nil
	}
	_, listed := c.listed[row.Address]
	c.recent[row.Address] = receivedRow[mindustry.BlacklistRow]{*row, ch.Xid}
	c.set(*row)
	if listed == row.Listed || !c.loaded {
		return changefeed.Applied, nil
	}
	return changefeed.Applied, []changefeed.Event{blacklistEvent(*row)}
}

func (c *Blacklist) set(row mindustry.BlacklistRow) {
	c.sorted = nil
	if row.Listed {
		c.listed[row.Address] = row.Revision
	} else {
		delete(c.listed, row.Address)
	}
}

// mostBlacklistEvents is how many addresses a load tells of singly.
const mostBlacklistEvents = 1000

// Load takes in the whole table as it was read, and returns an event for each address that
// came or went, or a resync if those are very many.
func (c *Blacklist) Load(snapshot changefeed.Snapshot, rows []changefeed.Row) []changefeed.Event {
	c.mu.Lock()
	defer c.mu.Unlock()
	before, known := c.listed, c.loaded
	c.snapshot, c.loaded, c.sorted = snapshot, true, nil
	c.listed = make(map[string]int64, len(rows))
	for _, row := range rows {
		if row, ok := row.(*mindustry.BlacklistRow); ok {
			c.listed[row.Address] = row.Revision
		}
	}
	c.forget(snapshot)
	for address, entry := range c.recent {
		if entry.row.Revision > c.listed[address] {
			c.set(entry.row)
		}
	}
	if !known {
		return nil
	}
	events := c.differences(before)
	if len(events) > mostBlacklistEvents {
		return []changefeed.Event{{Type: changefeed.EventResync}}
	}
	return events
}

// differences returns an event for each address that is listed now and was not before, or the
// other way round, by address. The caller holds c.mu.
func (c *Blacklist) differences(before map[string]int64) []changefeed.Event {
	var rows []mindustry.BlacklistRow
	for address, revision := range c.listed {
		if _, was := before[address]; !was {
			rows = append(rows, mindustry.BlacklistRow{Address: address, Listed: true, Revision: revision})
		}
	}
	for address, revision := range before {
		if _, is := c.listed[address]; !is {
			rows = append(rows, mindustry.BlacklistRow{Address: address, Revision: revision})
		}
	}
	slices.SortFunc(rows, func(a, b mindustry.BlacklistRow) int { return strings.Compare(a.Address, b.Address) })
	events := make([]changefeed.Event, len(rows))
	for i, row := range rows {
		events[i] = blacklistEvent(row)
	}
	return events
}

func blacklistEvent(row mindustry.BlacklistRow) changefeed.Event {
	return changefeed.Event{Type: changefeed.EventBlacklist, Row: &row}
}
