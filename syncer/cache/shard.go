package cache

import (
	"sync"
	"sync/atomic"

	"playersync/syncer"
)

// shard is an independent part of the players, by hash of the id.
type shard struct {
	mu         sync.RWMutex
	slots      map[syncer.PlayerID]*slot
	generation uint64 // number of resets
	limit      int    // of entries that nobody holds

	// ring holds the loaded slots that nobody holds; the hand sweeps it as a
	// clock and evicts what was not used since it last came by.
	ring []*slot
	hand int

	cached, held, inFlight int
	evictions              uint64

	hits, misses atomic.Uint64
	_            [64]byte // readers of neighbouring shards do not share a cache line
}

// slot is the place of one id that is cached, held or in flight.
type slot struct {
	id     syncer.PlayerID
	record record
	loaded bool // record has a base; else it only remembers changes for flights

	held    int      // by how many
	flights int      // fetches in progress
	flight  *flight  // the one that further readers wait for, if any
	bare    []uint64 // transactions that changed it in ways only a read tells, meanwhile

	position int         // in the ring; -1: not there
	used     atomic.Bool // since the hand last came by
}

// at returns the slot of an id and makes one if there is none.
func (s *shard) at(id syncer.PlayerID) *slot {
	e := s.slots[id]
	if e == nil {
		e = &slot{id: id, position: -1}
		s.slots[id] = e
	}
	return e
}

// load gives a slot its first reading; it is settled later.
func (s *shard) load(e *slot, r syncer.Reading) (exact bool) {
	e.loaded, e.bare = true, nil
	s.cached++
	return e.record.load(r)
}

// unload forgets what a slot holds.
func (s *shard) unload(e *slot) {
	if e.loaded {
		s.cached--
	}
	e.loaded, e.record, e.bare = false, record{}, nil
}

// settle puts a slot where it belongs after a change of loaded, held or flights:
// into the ring, out of it, or out of the shard.
func (s *shard) settle(e *slot) {
	switch evictable := e.loaded && e.held == 0; {
	case evictable && e.position < 0:
		e.position = len(s.ring)
		e.used.Store(true)
		s.ring = append(s.ring, e)
		s.evict()
	case !evictable && e.position >= 0:
		s.leaveRing(e)
	}
	if !e.loaded && e.flights == 0 {
		s.unload(e)
		if e.held == 0 {
			delete(s.slots, e.id)
		}
	}
}

// evict removes entries until the ring is within its limit or only fetches in
// progress keep it above.
func (s *shard) evict() {
	for steps := 2 * len(s.ring); len(s.ring) > s.limit && steps > 0; steps-- {
		if s.hand >= len(s.ring) {
			s.hand = 0
		}
		e := s.ring[s.hand]
		if e.flights > 0 || e.used.Swap(false) {
			s.hand++
			continue
		}
		s.leaveRing(e)
		s.unload(e)
		delete(s.slots, e.id)
		s.evictions++
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
}

// reset is Players.Reset for one shard.
func (s *shard) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.generation++
	for _, e := range s.slots {
		if e.loaded && e.held > 0 {
			e.record.forget()
			continue
		}
		s.unload(e)
		s.settle(e)
	}
}
