package bench

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	kneeLimit  = 50.0      // milliseconds that p99 may take
	firstRate  = 50.0      // operations a second
	rateGrowth = 1.4       // from one step to the next
	maxRate    = 1_000_000 // beyond which it is no measurement any more
	// triesOfRate is how often a rate may fail: something else may have held up the machine.
	triesOfRate = 2
	// maxWaiting is how many operations may be under way: beyond it the rate is too high.
	maxWaiting = 4096
)

// knee raises the rate of operations step by step until p99 takes too long or one fails, and
// returns the highest rate before, with p99 at each. Operations begin at their time whether the
// ones before have ended or not, and count from then. They are numbered from n on.
func knee(
	ctx context.Context, lasts time.Duration, n int, do func(ctx context.Context, n int) error,
) (best float64, points []Point, failed error) {
	for rate := firstRate; rate < maxRate && ctx.Err() == nil; rate *= rateGrowth {
		var p99 float64
		var err error
		for range triesOfRate {
			var samples []time.Duration
			samples, err = atRate(ctx, rate, lasts, &n, do)
			if p99 = figureOf(samples).P99; err == nil && p99 <= kneeLimit {
				break
			}
		}
		points = append(points, Point{X: rate, Y: p99})
		if err != nil || p99 > kneeLimit {
			return best, points, err
		}
		best = rate
	}
	return best, points, ctx.Err()
}

// atRate does operations for a while, so many a second, and returns how long each took and the
// first error.
func atRate(
	ctx context.Context, rate float64, lasts time.Duration, n *int, do func(ctx context.Context, n int) error,
) ([]time.Duration, error) {
	many := max(int(rate*lasts.Seconds()), 1)
	samples := make([]time.Duration, many)
	var (
		running sync.WaitGroup
		waiting atomic.Int64
		failed  error
		once    sync.Once
	)
	began := time.Now()
	for i := range many {
		due := began.Add(time.Duration(float64(i) / rate * float64(time.Second)))
		if wait := time.Until(due); wait > 0 && !rest(ctx, wait) {
			break
		}
		if waiting.Add(1) > maxWaiting {
			once.Do(func() { failed = errTooMany })
			break
		}
		number := *n
		*n++
		running.Go(func() {
			err := do(ctx, number)
			samples[i] = time.Since(due)
			waiting.Add(-1)
			if err != nil {
				once.Do(func() { failed = err })
			}
		})
	}
	running.Wait()
	return samples, failed
}
