package bench

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// deliveryTimeout is how long a change may take to arrive before the run fails: longer
// than the poll that finds changes whose notification was lost.
const deliveryTimeout = 30 * time.Second

// race is one change on its way to a number of runners.
type race struct {
	mark string // the value that the change sets
	left atomic.Int32
	last chan time.Time // when the last runner arrived
}

// finish is where runners report what they have seen. One race is run at a time.
type finish struct{ current atomic.Pointer[race] }

// start begins a race.
func (f *finish) start(mark string, runners int) *race {
	r := &race{mark: mark, last: make(chan time.Time, 1)}
	r.left.Store(int32(runners)) //nolint:gosec // a few hundred
	f.current.Store(r)
	return r
}

// wait returns when the last runner arrived.
func (r *race) wait(ctx context.Context) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, deliveryTimeout)
	defer cancel()
	select {
	case at := <-r.last:
		return at, nil
	case <-ctx.Done():
		return time.Time{}, fmt.Errorf("wait for change %s, still missing in %d places: %w", r.mark, r.left.Load(),
			context.Cause(ctx))
	}
}

// runner reports to a finish for one place. One goroutine uses it.
type runner struct {
	finish *finish
	last   string // what it has seen last
}

// sees reports that a value is there now.
func (r *runner) sees(mark string) {
	current := r.finish.current.Load()
	if current == nil || mark != current.mark || mark == r.last {
		return
	}
	r.last = mark
	if current.left.Add(-1) == 0 {
		current.last <- time.Now()
	}
}

// clock times a change from its start to the last runner's arrival and to its own return, and
// returns after both.
func (f *finish) clock(ctx context.Context, runners int, mark string, change func() error) (sample, error) {
	r := f.start(mark, runners)
	started := time.Now()
	if err := change(); err != nil {
		return sample{}, fmt.Errorf("change a player: %w", err)
	}
	written := time.Since(started)
	last, err := r.wait(ctx)
	return sample{arrived: last.Sub(started), written: written}, err
}
