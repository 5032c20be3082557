package sidecar

import (
	"context"
	"log/slog"
	"math/rand/v2"
	"time"
)

// pruneInterval is how often what is old is deleted, by any of the sidecars.
const pruneInterval = time.Hour

// pruneHourly calls prune about every hour until ctx ends. What fails is logged, with
// the name of what should have been deleted, and done an hour later.
func pruneHourly(ctx context.Context, log *slog.Logger, what string, prune func(context.Context) error) {
	timer := time.NewTimer(time.Duration((0.5 + rand.Float64()) * float64(pruneInterval)))
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			timer.Reset(pruneInterval)
			if err := prune(ctx); err != nil && ctx.Err() == nil {
				log.Warn("cannot delete what is old; trying again later", "of", what, "error", err)
			}
		case <-ctx.Done():
			return
		}
	}
}
