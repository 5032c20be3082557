package sidecar

import (
	"context"
	"fmt"
	"sync"

	"playersync/syncer"
)

// maxStatements is how many statements of one gatherer run at once.
const maxStatements = 2

// gatherer joins what is asked of single players at the same time into few statements: when
// everybody joins at once, after a restart, nobody has to wait for a connection of his own.
// Who is alone does not wait. It is safe for concurrent use.
type gatherer[R any] struct {
	// do asks for several players, each once, after it was called.
	do func(ctx context.Context, ids []syncer.PlayerID) (map[syncer.PlayerID]R, error)

	mu      sync.Mutex
	waiting []*gathering[R] // for a statement, in order; all but the last are full
	running int             // statements
}

// gathering is what one statement asks for.
type gathering[R any] struct {
	ids  []syncer.PlayerID
	has  map[syncer.PlayerID]bool
	done chan struct{} // closed when the rest is set

	results map[syncer.PlayerID]R
	err     error
}

// one asks for one player, by a statement that begins after the call. Its end does not
// depend on ctx, which may belong to others too; the wait for it does. Errors: those of do,
// and database_unavailable if ctx ends.
func (g *gatherer[R]) one(ctx context.Context, id syncer.PlayerID) (result R, err error) {
	mine := g.enter(context.WithoutCancel(ctx), id)
	select {
	case <-mine.done:
		return mine.results[id], mine.err
	case <-ctx.Done():
		return result, syncer.Unavailable(fmt.Errorf("wait for player: %w", context.Cause(ctx)))
	}
}

// enter returns the gathering that asks for a player.
func (g *gatherer[R]) enter(ctx context.Context, id syncer.PlayerID) *gathering[R] {
	g.mu.Lock()
	defer g.mu.Unlock()
	if n := len(g.waiting); n == 0 || len(g.waiting[n-1].ids) == maxBatch {
		g.waiting = append(g.waiting, &gathering[R]{has: map[syncer.PlayerID]bool{}, done: make(chan struct{})})
	}
	last := g.waiting[len(g.waiting)-1]
	if !last.has[id] {
		last.ids, last.has[id] = append(last.ids, id), true
	}
	if g.running < maxStatements {
		g.running++
		go g.run(ctx)
	}
	return last
}

// run works off what waits.
func (g *gatherer[R]) run(ctx context.Context) {
	for {
		g.mu.Lock()
		if len(g.waiting) == 0 {
			g.running--
			g.mu.Unlock()
			return
		}
		next := g.waiting[0]
		g.waiting = g.waiting[1:]
		g.mu.Unlock()
		next.results, next.err = g.do(ctx, next.ids)
		close(next.done)
	}
}
