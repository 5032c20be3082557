package cache

import (
	"sync"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// Patterns is the name patterns against bots. It is safe for concurrent use.
type Patterns struct {
	mu     sync.RWMutex
	byKind map[mindustry.PatternKind]*mindustry.AntibotPattern // nil: not read yet
}

// NewPatterns returns an empty copy.
func NewPatterns() *Patterns { return &Patterns{} }

// Entity names the table.
func (c *Patterns) Entity() syncer.Entity { return syncer.EntityAntibotPattern }

// Pattern returns the pattern of a kind, "" if there is none; false if the table
// has not been read yet.
func (c *Patterns) Pattern(kind mindustry.PatternKind) (pattern string, known bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if p := c.byKind[kind]; p != nil {
		pattern = p.Pattern
	}
	return pattern, c.byKind != nil
}

// Apply asks for the table to be read: it rarely changes.
func (c *Patterns) Apply(changefeed.Change) (changefeed.ApplyResult, []changefeed.Event) {
	return changefeed.NeedsRead, nil
}

// Load takes in the whole table as it was read, and returns an event for each pattern that
// is another than before.
func (c *Patterns) Load(_ changefeed.Snapshot, rows []changefeed.Row) []changefeed.Event {
	byKind := make(map[mindustry.PatternKind]*mindustry.AntibotPattern, len(rows))
	for _, row := range rows {
		if p, ok := row.(*mindustry.AntibotPattern); ok {
			byKind[p.Kind] = p
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	before := c.byKind
	c.byKind = byKind
	if before == nil {
		return nil
	}
	var events []changefeed.Event
	for _, kind := range []mindustry.PatternKind{mindustry.PatternBlacklist, mindustry.PatternGraylist} {
		was, is := before[kind], byKind[kind]
		switch {
		case is != nil && (was == nil || *was != *is):
			events = append(events, changefeed.Event{Type: changefeed.EventAntibot, Row: is})
		case is == nil && was != nil:
			cleared := &mindustry.AntibotPattern{Kind: kind}
			events = append(events, changefeed.Event{Type: changefeed.EventAntibot, Row: cleared})
		}
	}
	return events
}

// Distrust does nothing: changes do not carry patterns.
func (c *Patterns) Distrust(changefeed.Change) {}

// Advance does nothing: only reads change the copy.
func (c *Patterns) Advance(changefeed.Snapshot) {}

// Reset does nothing: the next read replaces all.
func (c *Patterns) Reset() {}
