package cache

import (
	"sync"
	"sync/atomic"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// shard is an independent part of the players, by hash of the id.
type shard struct {
	mu         sync.RWMutex
	slots      map[syncer.PlayerID]*slot
	generation uint64 // number of resets
	limit      int    // of entries that nobody holds

	// ring holds the loaded slots that nobody holds, for the CLOCK algorithm: the
	// hand goes round and evicts those not used since it last passed them.
	ring []*slot
	hand int

	cached, held, inFlight int
	evictions              uint64

	hits, misses atomic.Uint64
	_            [64]byte // readers of neighbouring shards do not share a cache line
}

// getOrCreate returns the slot of an id and makes one if there is none.
func (s *shard) getOrCreate(id syncer.PlayerID) *slot {
	e := s.slots[id]
	if e == nil {
		e = &slot{id: id, position: -1}
		s.slots[id] = e
	}
	return e
}

// load gives a slot its first reading; it is settled later.
func (s *shard) load(e *slot, r changefeed.VersionedPlayer) (exact bool) {
	e.loaded, e.requested = true, false
	s.cached++
	e.balances.refresh(r)
	return e.record.load(r)
}

// unload forgets what a slot holds.
func (s *shard) unload(e *slot) {
	if e.loaded {
		s.cached--
	}
	e.loaded, e.requested = false, false
	e.renewed()
	e.record, e.balances, e.keyOnly = record{}, balanceSet{}, nil
}

// settle puts a slot where it belongs after a change of loaded, held or fetches:
// into the ring, out of it, or out of the shard.
func (s *shard) settle(e *slot) {
	switch evictable := e.loaded && e.held == 0; {
	case evictable && e.position < 0:
		s.evict(max(s.limit-1, 0))
		e.position = len(s.ring)
		e.used.Store(false)
		s.ring = append(s.ring, e)
	case !evictable && e.position >= 0:
		s.leaveRing(e)
	}
	if e.fetches > 0 {
		return
	}
	e.keyOnly = nil
	s.evict(s.limit)
	switch {
	case e.loaded:
	case e.held == 0:
		delete(s.slots, e.id)
	case !e.requested:
		s.unload(e) // no reading will use what was collected
	}
}

// evict removes entries until only so many, or only such with fetches in
// progress, are left.
func (s *shard) evict(most int) {
	for steps := 2 * len(s.ring); len(s.ring) > most && steps > 0; steps-- {
		e := s.ring[s.hand]
		if e.fetches > 0 || e.used.Swap(false) {
			s.hand = (s.hand + 1) % len(s.ring)
		} else {
			s.leaveRing(e)
			s.unload(e)
			delete(s.slots, e.id)
			s.evictions++
		}
	}
}

// leaveRing takes a slot out of the ring; the last one fills the gap.
func (s *shard) leaveRing(e *slot) {
	last := len(s.ring) - 1
	s.ring[e.position] = s.ring[last]
	s.ring[e.position].position = e.position
	s.ring[last] = nil
	s.ring = s.ring[:last]
	e.position = -1
	if s.hand >= last {
		s.hand = 0
	}
}

// reset is Players.Reset for one shard.
func (s *shard) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	for _, e := range s.slots {
		if e.loaded && e.held > 0 {
			e.record.forget()
			e.balances.forget()
			continue
		}
		s.unload(e)
		s.settle(e)
	}
}
