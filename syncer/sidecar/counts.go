package sidecar

import (
	"context"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/writequeue"
)

// CountStore is what player counts need of the database.
type CountStore interface {
	AddPlayerCount(ctx context.Context, report syncer.CountReport) error
	PlayerCounts(ctx context.Context, r syncer.CountRange, most int) ([]syncer.PlayerCount, error)
}

// Counts is how many players were on each server over time. It is safe for
// concurrent use.
type Counts struct {
	store   CountStore
	reports *writequeue.Kind[syncer.CountReport]
	clock   Clock

	mu      sync.Mutex
	highest map[string]slotCount // by server: what was last written, to spare writing less
}

type slotCount struct {
	slot    time.Time
	players int
}

// maxCounted bounds the servers remembered: anyone who may ask can invent them.
const maxCounted = 1024

// MaxCounts bounds how many counts one answer holds.
const MaxCounts = 100_000

// NewCounts returns player counts that are written through the queue.
func NewCounts(store CountStore, queue *writequeue.Queue, clock Clock) *Counts {
	reports := writequeue.Register(queue, "player count", store.AddPlayerCount)
	return &Counts{store: store, reports: reports, clock: clock, highest: map[string]slotCount{}}
}

// Report counts the players on a server, by the database's clock unless the report
// says when. Of each slot the highest report is kept: one that is not higher than
// the last one written costs nothing. It is in the database when Report returns or,
// while that is away, on disk. Errors: invalid.
func (c *Counts) Report(ctx context.Context, report syncer.CountReport) error {
	now := c.clock.Now()
	if report.At.IsZero() {
		report.At = syncer.TimeOf(now)
	}
	if err := report.Validate(now); err != nil {
		return err
	}
	count := slotCount{slot: report.Slot(), players: report.Players}
	if c.isCovered(report.Server, count) {
		return nil
	}
	if err := c.reports.Write(ctx, report); err != nil {
		return err
	}
	c.note(report.Server, count)
	return nil
}

// isCovered reports whether as many were written for the slot already.
func (c *Counts) isCovered(server string, count slotCount) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.highest[server]
	return ok && known.slot.Equal(count.slot) && known.players >= count.players
}

// note remembers what was written, for the latest slot of each server.
func (c *Counts) note(server string, count slotCount) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known, ok := c.highest[server]
	if ok && (known.slot.After(count.slot) || known.slot.Equal(count.slot) && known.players >= count.players) {
		return
	}
	if !ok && len(c.highest) >= maxCounted {
		clear(c.highest)
	}
	c.highest[server] = count
}

// Export returns the counts of a range, oldest first, then by server. Errors:
// invalid, also if there are more than [MaxCounts]; database_unavailable.
func (c *Counts) Export(ctx context.Context, r syncer.CountRange) (syncer.CountRange, []syncer.PlayerCount, error) {
	r, err := r.Normalize()
	if err != nil {
		return r, nil, err
	}
	counts, err := c.store.PlayerCounts(ctx, r, MaxCounts+1)
	if err != nil {
		return r, nil, err
	}
	if len(counts) > MaxCounts {
		return r, nil, syncer.Invalid("to",
			"the range has more than %d samples: ask for less of it at a time, or for longer steps", MaxCounts)
	}
	return r, counts, nil
}
