package cache

import (
	"context"
	"fmt"

	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Fetch reads players from the database: one reading for each id, in any order,
// also for ids without a row. It may be called several times.
type Fetch = func(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error)

// A fetch whose results keep missing changes is given up after so many tries.
// Where the changes named no row, the result is returned but not kept.
const maxFetches = 4

// flight is a fetch that several readers wait for.
type flight struct {
	done   chan struct{} // closed when the rest is set
	player *syncer.Player
	err    error
	ended  bool // the fetching reader's context has ended: nobody else's failure
}

// Read returns the copy of a player, or fetches it. A nil player means that
// there is no such row. Concurrent readers of one id share a fetch; one whose
// context ends leaves the others unharmed. The error is fetch's or the
// context's; nothing is kept of a failed fetch.
func (c *Players) Read(ctx context.Context, id syncer.PlayerID, fetch Fetch) (p *syncer.Player, fromMemory bool, err error) {
	if p, ok := c.Get(id); ok {
		return p, true, nil
	}
	s := c.shard(id)
	for {
		s.mu.Lock()
		e := s.at(id)
		if e.loaded {
			defer s.mu.Unlock()
			return e.record.player, true, nil
		}
		other := e.flight
		if other == nil {
			f := s.takeOff(e)
			s.mu.Unlock()
			s.fly(ctx, e, f, fetch)
			return f.player, false, f.err
		}
		s.mu.Unlock()
		select {
		case <-other.done:
			if !other.ended {
				return other.player, false, other.err
			}
		case <-ctx.Done():
			return nil, false, fmt.Errorf("read player: %w", context.Cause(ctx))
		}
	}
}

// Reread fetches a player even if there is a copy, for callers that need the
// unsynced maps as they are now, and returns the copy as it is afterwards: at
// least as new as the start of the call.
func (c *Players) Reread(ctx context.Context, id syncer.PlayerID, fetch Fetch) (*syncer.Player, error) {
	s := c.shard(id)
	s.mu.Lock()
	e := s.at(id)
	f := s.takeOff(e)
	s.mu.Unlock()
	s.fly(ctx, e, f, fetch)
	return f.player, f.err
}

// takeOff registers a fetch. From now on the slot stays and collects changes.
func (s *shard) takeOff(e *slot) *flight {
	f := &flight{done: make(chan struct{})}
	e.flights++
	s.inFlight++
	if e.flight == nil {
		e.flight = f
	}
	return f
}

// fly fetches until the result holds, and lands: whatever happens, also if
// fetch panics, the flight ends.
func (s *shard) fly(ctx context.Context, e *slot, f *flight, fetch Fetch) {
	f.err = fmt.Errorf("read player: fetch did not return")
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f.ended = f.err != nil && ctx.Err() != nil
		e.flights--
		s.inFlight--
		if e.flight == f {
			e.flight = nil
		}
		s.settle(e)
		close(f.done)
	}()
	for tries := 1; ; tries++ {
		s.mu.RLock()
		generation := s.generation
		s.mu.RUnlock()
		reading, err := fetchOne(ctx, e.id, fetch)
		if err != nil {
			f.err = fmt.Errorf("read player: %w", err)
			return
		}
		if s.land(e, f, reading, generation, tries >= maxFetches) {
			return
		}
	}
}

// land takes in what a fetch returned. It reports false if that must be fetched
// again because of a reset, or of a change that the result does not include.
func (s *shard) land(e *slot, f *flight, r changefeed.VersionedPlayer, generation uint64, last bool) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.generation != generation {
		return false
	}
	if !e.loaded && e.misses(r) {
		if last {
			f.player, f.err = r.Player, nil
		}
		return last
	}
	var exact bool
	if e.loaded {
		exact = e.refresh(r) != changefeed.NeedsRead
	} else {
		exact = s.load(e, r)
	}
	f.player, f.err = e.record.player, nil
	return exact && !e.lags() || last
}

func fetchOne(ctx context.Context, id syncer.PlayerID, fetch Fetch) (changefeed.VersionedPlayer, error) {
	readings, err := fetch(ctx, []syncer.PlayerID{id})
	if err != nil {
		return changefeed.VersionedPlayer{}, err
	}
	for _, r := range readings {
		if r.ID == id {
			return r, nil
		}
	}
	return changefeed.VersionedPlayer{}, fmt.Errorf("fetch left out the player asked for")
}
