package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"playersync/syncer"
)

// pollConnections are shared by all pollers: each needs one for a moment only.
const pollConnections = 4

// pollers ask for a player's rank, each at its own moment of the interval.
type pollers struct {
	count   int
	pool    *pgxpool.Pool
	finish  finish
	wanted  atomic.Pointer[syncer.PlayerID] // nil: ask nothing
	stop    context.CancelFunc
	running sync.WaitGroup
}

func startPollers(ctx context.Context, address string, count int, interval time.Duration) (*pollers, error) {
	config, err := pgxpool.ParseConfig(address)
	if err != nil {
		return nil, fmt.Errorf("parse database url: %w", err)
	}
	config.MaxConns = pollConnections
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("open pollers: %w", err)
	}
	polling, stop := context.WithCancel(context.WithoutCancel(ctx))
	p := &pollers{count: count, pool: pool, stop: stop}
	for range count {
		p.running.Go(func() { p.poll(polling, interval) })
	}
	return p, nil
}

// poll asks at each tick. The first comes at random, the others an interval apart.
func (p *pollers) poll(ctx context.Context, interval time.Duration) {
	if !rest(ctx, rand.N(interval)) {
		return
	}
	place := runner{finish: &p.finish}
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return
		}
		if id := p.wanted.Load(); id != nil {
			var rank string
			if err := p.pool.QueryRow(ctx, "select rank from player where uuid = $1",
				string(*id)).Scan(&rank); err == nil {
				place.sees(rank)
			} // else it asks again at the next tick
		}
	}
}

// sample times a change until the last poller has seen it.
func (p *pollers) sample(
	ctx context.Context, writer *pgx.Conn, id syncer.PlayerID, mark string,
) (sample, error) {
	p.wanted.Store(&id)
	defer p.wanted.Store(nil)
	return p.finish.clock(ctx, p.count, mark, func() error { return update(ctx, writer, id, mark) })
}

func (p *pollers) close() {
	p.stop()
	p.running.Wait()
	p.pool.Close()
}

// rest waits, and reports false if ctx ended first.
func rest(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
