package cache

import (
	"hash/maphash"
	"math/bits"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Players holds exact copies of player rows. All methods are safe for concurrent
// use and none does I/O, except for the fetch that Read and Reread are given.
//
// Players handed out are shared and must not be changed.
type Players struct {
	seed   maphash.Seed
	mask   uint64
	shards []shard
}

// PlayerStats are figures for metrics. Hits, Misses and Evictions count since
// the start.
type PlayerStats struct {
	Cached   int // copies in memory, also of players known not to exist
	Held     int // ids that somebody holds
	InFlight int // fetches in progress

	Hits, Misses, Evictions uint64
}

// Shards are worth it only where each has entries enough to be filled evenly.
const (
	maxShards       = 64
	entriesPerShard = 256
)

// NewPlayers returns an empty cache that keeps at most limit copies of players
// that nobody holds. Held ones are not counted.
func NewPlayers(limit int) *Players {
	limit = max(limit, 0)
	count := min(max(limit/entriesPerShard, 1), maxShards)
	count = 1 << (bits.Len(uint(count)) - 1)
	c := &Players{seed: maphash.MakeSeed(), mask: uint64(count - 1), shards: make([]shard, count)}
	for i := range c.shards {
		c.shards[i].slots = map[syncer.PlayerID]*slot{}
		c.shards[i].limit = limit / count
	}
	return c
}

func (c *Players) shard(id syncer.PlayerID) *shard {
	return &c.shards[maphash.String(c.seed, string(id))&c.mask]
}

// Get returns the copy of a player. A nil player with ok means that the row is
// known not to exist; not ok, that nothing is known. It never waits for I/O.
func (c *Players) Get(id syncer.PlayerID) (p *syncer.Player, ok bool) { return c.get(id, true) }

func (c *Players) get(id syncer.PlayerID, evenOutdated bool) (p *syncer.Player, ok bool) {
	s := c.shard(id)
	s.mu.RLock()
	if e := s.slots[id]; e != nil && e.loaded && (evenOutdated || !e.outdated) {
		p, ok = e.record.player, true
		if !e.used.Load() {
			e.used.Store(true)
		}
	}
	s.mu.RUnlock()
	if ok {
		s.hits.Add(1)
	} else {
		s.misses.Add(1)
	}
	return p, ok
}

// Balances returns the balances of a player whose copy is held; not ok, that
// nothing is known. Not nil if ok. It never waits for I/O.
func (c *Players) Balances(id syncer.PlayerID) (balances syncer.Balances, ok bool) {
	s := c.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	e := s.slots[id]
	if e == nil || !e.loaded {
		return nil, false
	}
	e.used.Store(true)
	return e.balances.balances, true
}

// Hold keeps a player's copy, once it is there, from being evicted until
// [Players.Release] was called as often. A held id without a copy is read by the
// feed after the next change of it, and by Read at the next call.
func (c *Players) Hold(id syncer.PlayerID) {
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.getOrCreate(id)
	if e.held == 0 {
		s.held++
	}
	e.held++
	s.settle(e)
}

// Release takes back one [Players.Hold]; without one it does nothing.
func (c *Players) Release(id syncer.PlayerID) {
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.slots[id]
	if e == nil || e.held == 0 {
		return
	}
	if e.held--; e.held == 0 {
		s.held--
		s.settle(e)
	}
}

// Apply takes in one committed change of a player, of its history or its balances;
// changes of other entities are ignored. changefeed.NeedsRead asks for a read of the
// key, or of [Players.All] after a change of the whole table. A change that arrives
// during a fetch is collected, and taken into account when the fetch returns.
func (c *Players) Apply(ch changefeed.Change) changefeed.ApplyResult {
	if ch.Entity != syncer.EntityPlayer && ch.Entity != syncer.EntityBalance {
		return changefeed.Unchanged
	}
	if ch.IsWhole() {
		return changefeed.NeedsRead
	}
	id := syncer.PlayerID(ch.Key)
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch e := s.slots[id]; {
	case e == nil:
		return changefeed.Unchanged
	case e.loaded:
		return e.apply(ch)
	default:
		return e.collect(ch)
	}
}

// Distrust is called for a change that a notification brought and that was never made.
// What came with it stays until the next reading, which replaces it whatever its
// transaction and its revision.
func (c *Players) Distrust(ch changefeed.Change) {
	s := c.shard(syncer.PlayerID(ch.Key))
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.slots[syncer.PlayerID(ch.Key)]; e != nil {
		e.record.distrust(ch.Xid)
		e.balances.distrust(ch.Xid)
	}
}

// Outdate says that a write of a player was acknowledged whose result cannot be compared
// with the copy: the player that it left, nil if that is not known. Until a reading that begins
// after this call was taken in, Read answers from memory only while none succeeds, and then what
// was written. [Players.Get] answers the copy.
func (c *Players) Outdate(id syncer.PlayerID, written *syncer.Player) {
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	if e := s.slots[id]; e != nil {
		e.outdate(written)
	}
}

// Refresh takes in a reading by the feed, or the result of an own write after
// its commit (then Xid is set). Readings by others go through [Players.Read] or
// [Players.Reread], which collect the changes from before the SELECT on.
//
// changefeed.Applied means that the copy, not counting balances, differs from before.
// changefeed.NeedsRead means that it includes the reading, but may lack another
// change or still contain something that was removed.
func (c *Players) Refresh(r changefeed.VersionedPlayer) changefeed.ApplyResult {
	s := c.shard(r.ID)
	s.mu.Lock()
	defer s.mu.Unlock()
	e := s.slots[r.ID]
	switch {
	case e == nil:
		return changefeed.Unchanged
	case r.Xid != 0 && r.Player == nil:
		return changefeed.NeedsRead
	case e.loaded && (r.Xid != 0 || !e.outdated):
		return e.refresh(r)
	case r.Xid != 0:
		return e.collectOwn(r)
	case !e.requested:
		// It began too early: for an earlier holder, since when changes may have been
		// ignored, or before the copy was outdated.
		e.request()
		return changefeed.NeedsRead
	case e.loaded:
		e.renewed()
		e.requested = false
		return e.refresh(r)
	}
	exact := s.load(e, r)
	s.settle(e)
	if !exact {
		return changefeed.NeedsRead
	}
	return changefeed.Applied
}

// Wanted returns those of ids that are cached, held or in flight, and must therefore
// be read after a change. Only the feed may call it, each time before it reads: from
// this call on changes of an id without a copy are collected, so that the reading can
// become the copy.
func (c *Players) Wanted(ids []syncer.PlayerID) []syncer.PlayerID {
	var wanted []syncer.PlayerID
	for _, id := range ids {
		s := c.shard(id)
		s.mu.Lock()
		if e := s.slots[id]; e != nil {
			wanted = append(wanted, id)
			e.request()
		}
		s.mu.Unlock()
	}
	return wanted
}

// All returns every id that is cached, held or in flight; see [Players.Wanted].
func (c *Players) All() []syncer.PlayerID {
	var all []syncer.PlayerID
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for id, e := range s.slots {
			all = append(all, id)
			e.request()
		}
		s.mu.Unlock()
	}
	return all
}

// Reset prepares for another epoch or for a cursor below the floor: copies that nobody
// holds are dropped; held ones are still served until the next reading, whatever its
// snapshot, replaces them; fetches in progress start again.
func (c *Players) Reset() {
	for i := range c.shards {
		c.shards[i].reset()
	}
}

// Stats returns the current figures.
func (c *Players) Stats() PlayerStats {
	var stats PlayerStats
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.RLock()
		stats.Cached += s.cached
		stats.Held += s.held
		stats.InFlight += s.inFlight
		stats.Evictions += s.evictions
		s.mu.RUnlock()
		stats.Hits += s.hits.Load()
		stats.Misses += s.misses.Load()
	}
	return stats
}
