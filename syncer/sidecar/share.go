package sidecar

import (
	"context"
	"time"
)

// Parts of the time that a request has, by which it is divided.
const (
	forReading = 2  // a player who joins
	forDetails = 20 // what a verdict does not depend on
)

// share returns a context that has only a part of the time left. One without a deadline stays
// without.
func share(ctx context.Context, part time.Duration) (context.Context, context.CancelFunc) {
	deadline, limited := ctx.Deadline()
	if !limited {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, time.Until(deadline)/part)
}
