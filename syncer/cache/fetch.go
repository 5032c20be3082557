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

// maxFetches bounds how often one fetch asks the database, if changes that are not
// in the result keep arriving. If only their keys are known, the last result is
// returned but not cached.
const maxFetches = 4

// sharedFetch is a fetch that several readers of one id wait for. An example, with the
// row at revision 1 before and transaction 9 setting revision 2:
//
//	fetch                        meanwhile                    slot
//	beginFetch                                                collects changes
//	SELECT, snapshot sees up to 8
//	                             9 commits, its row arrives   row of 9 collected
//	finishFetch with revision 1                               cached: revision 2
//
// Had only the key of 9 arrived, finishFetch would have asked for another SELECT.
type sharedFetch struct {
	done      chan struct{} // closed when the rest is set
	player    *syncer.Player
	err       error
	cancelled bool // the fetching reader's context has ended; others fetch anew
}

// Read returns the copy of a player, or fetches it. A nil player means that
// there is no such row. Concurrent readers of one id share a fetch; if the context of
// one ends, the others still get their answer. The error is fetch's or the context's;
// a failed fetch leaves nothing in the cache.
func (c *Players) Read(
	ctx context.Context, id syncer.PlayerID, fetch Fetch,
) (p *syncer.Player, fromMemory bool, err error) {
	if p, ok := c.get(id, false); ok {
		return p, true, nil
	}
	p, fromMemory, err = c.readAnew(ctx, id, fetch)
	if err != nil { // better an outdated copy than none
		if copied, ok := c.latest(id); ok {
			return copied, true, nil
		}
	}
	return p, fromMemory, err
}

// latest returns the newest that is known of a player: the copy or, where that lacks a write that
// was acknowledged, what the write left.
func (c *Players) latest(id syncer.PlayerID) (p *syncer.Player, ok bool) {
	s := c.shard(id)
	s.mu.RLock()
	defer s.mu.RUnlock()
	switch e := s.slots[id]; {
	case e == nil || !e.loaded:
		return nil, false
	case e.written != nil:
		return e.written, true
	default:
		return e.record.player, true
	}
}

// readAnew is Read for an id without a copy that could be the answer.
func (c *Players) readAnew(
	ctx context.Context, id syncer.PlayerID, fetch Fetch,
) (p *syncer.Player, fromMemory bool, err error) {
	s := c.shard(id)
	for {
		s.mu.Lock()
		e := s.getOrCreate(id)
		if e.loaded && !e.outdated {
			defer s.mu.Unlock()
			return e.record.player, true, nil
		}
		other := e.joinable
		if other == nil {
			f := s.beginFetch(e)
			s.mu.Unlock()
			s.runFetch(ctx, e, f, fetch)
			return f.player, false, f.err
		}
		s.mu.Unlock()
		select {
		case <-other.done:
			if !other.cancelled {
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
	e := s.getOrCreate(id)
	f := s.beginFetch(e)
	s.mu.Unlock()
	s.runFetch(ctx, e, f, fetch)
	return f.player, f.err
}

// beginFetch registers a fetch. From now on the slot stays and collects changes.
func (s *shard) beginFetch(e *slot) *sharedFetch {
	f := &sharedFetch{done: make(chan struct{})}
	e.fetches++
	s.inFlight++
	if e.joinable == nil {
		e.joinable = f
	}
	return f
}

// runFetch fetches until finishFetch accepts the result. The fetch ends in any case,
// even if the function panics.
func (s *shard) runFetch(ctx context.Context, e *slot, f *sharedFetch, fetch Fetch) {
	f.err = fmt.Errorf("read player: fetch did not return")
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		f.cancelled = f.err != nil && ctx.Err() != nil
		e.fetches--
		s.inFlight--
		if e.joinable == f {
			e.joinable = nil
		}
		s.settle(e)
		close(f.done)
	}()
	for tries := 1; ; tries++ {
		s.mu.RLock()
		begun := fetchStart{s.generation, e.outdatings}
		s.mu.RUnlock()
		reading, err := fetchOne(ctx, e.id, fetch)
		if err != nil {
			f.err = fmt.Errorf("read player: %w", err)
			return
		}
		if s.finishFetch(e, f, reading, begun, tries >= maxFetches) {
			return
		}
	}
}

// fetchStart is what a fetch must not have missed since its SELECT began.
type fetchStart struct {
	generation uint64 // of the shard
	outdatings int    // of the slot
}

// finishFetch takes in what a fetch returned and reports whether the fetch is done. It
// is not if there was a reset meanwhile or the copy was outdated, nor, unless this try is
// the last, if there was a change that the result does not include.
func (s *shard) finishFetch(
	e *slot, f *sharedFetch, r changefeed.VersionedPlayer, begun fetchStart, last bool,
) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if begun != (fetchStart{s.generation, e.outdatings}) {
		return false
	}
	if !e.loaded && e.lacksChange(r) {
		if last {
			f.player, f.err = r.Player, nil
		}
		return last
	}
	var exact bool
	if e.loaded {
		e.renewed()
		exact = e.refresh(r) != changefeed.NeedsRead
	} else {
		exact = s.load(e, r)
	}
	f.player, f.err = e.record.player, nil
	return exact && !e.isBehind() || last
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
