package sidecar

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"playersync/syncer"
)

const (
	maxSteps    = 2  // of one batcher under way at once
	maxTogether = 64 // important changes in one step

	briefly = 50 * time.Millisecond // that a lone request may keep the others from a step of their own
)

// batcher joins requests that come at the same time into few steps of the database, of which
// each is one statement or transaction. Who is alone does not wait; those who come while steps
// are under way share the next one. A step that takes too long makes the next one half as large.
// Its fields are set before the first request. It is safe for concurrent use.
type batcher[Q, A any] struct {
	most int              // requests of one step
	keys func(Q) []string // what a request changes; nil: nothing

	// repeats says that a step may be done twice, so that one that took too long is done again,
	// in halves. Requests have no keys then.
	repeats bool

	// together does several requests, no two of which have a key in common, and answers those
	// that are done. Unless it fails, the others are done alone. Its error is that of all; if it
	// is invalid, of one of them at least.
	together func(ctx context.Context, asked []Q, answer func(i int, a A, err error)) error
	alone    func(ctx context.Context, asked Q) (A, error) // does one; nil: together does
	// lost is the error of who ends the wait while his request is under way.
	lost func(cause error) error

	mu      sync.Mutex
	waiting []*request[Q, A] // in the order in which they came
	busy    map[string]bool  // keys of requests under way
	running int              // steps
	now     int              // requests of the next step, as far as the time allows; 0: most
}

// request is what somebody asks, and what became of it.
type request[Q, A any] struct {
	ctx   context.Context // who asks; without an end
	asked Q
	begun bool          // guarded by batcher.mu, as the next one
	gone  bool          // nobody waits for it any more
	done  chan struct{} // closed when the rest is set

	answer A
	err    error
}

// one does one request, in a step that begins after the call. Requests with a key in common
// are done one after the other, in the order in which they came. The end of a step does not
// depend on ctx, since it belongs to others too; the wait for it does. Errors: those of the
// step; if ctx ends, database_unavailable before the step, then what lost says.
func (b *batcher[Q, A]) one(ctx context.Context, asked Q) (none A, _ error) {
	if ctx.Err() != nil {
		return none, notBegun(context.Cause(ctx))
	}
	mine := &request[Q, A]{ctx: context.WithoutCancel(ctx), asked: asked, done: make(chan struct{})}
	b.mu.Lock()
	b.waiting = append(b.waiting, mine)
	b.wake()
	b.mu.Unlock()
	select {
	case <-mine.done:
		return mine.answer, mine.err
	case <-ctx.Done():
		return none, b.leave(mine, context.Cause(ctx))
	}
}

// leave takes a request back that is not under way yet. It says whether it was.
func (b *batcher[Q, A]) leave(r *request[Q, A], cause error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if r.gone = true; r.begun {
		return b.lost(cause)
	}
	b.waiting = slices.DeleteFunc(b.waiting, func(other *request[Q, A]) bool { return other == r })
	return notBegun(cause)
}

// notBegun is the error of who stops waiting before his request is under way.
func notBegun(cause error) error {
	return syncer.Unavailable(fmt.Errorf("wait for the database: %w", cause))
}

// wake begins a step if there is something to do. It is called with b.mu held.
func (b *batcher[Q, A]) wake() {
	if b.running < maxSteps && len(b.waiting) > 0 {
		b.running++
		go b.run()
	}
}

// run does step after step while there is something to do.
func (b *batcher[Q, A]) run() {
	for {
		next := b.take()
		if len(next) == 0 {
			return
		}
		b.do(next)
	}
}

// take returns the requests of the next step; none ends the caller. A request whose key is
// busy waits, and so does each behind it that shares one with it.
func (b *batcher[Q, A]) take() (next []*request[Q, A]) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.busy == nil {
		b.busy = map[string]bool{}
	}
	behind := maps.Clone(b.busy) // keys under way, and those of whoever waits in front
	var left []*request[Q, A]
	for i, r := range b.waiting {
		if len(next) == b.size() {
			left = append(left, b.waiting[i:]...)
			break
		}
		keys := b.keysOf(r)
		waits := slices.ContainsFunc(keys, func(key string) bool { return behind[key] })
		if waits {
			left = append(left, r)
		} else {
			next = append(next, r)
			r.begun = true
		}
		for _, key := range keys {
			behind[key] = true
			if !waits {
				b.busy[key] = true
			}
		}
	}
	b.waiting = left
	if len(next) == 0 {
		b.running--
	}
	return next
}

// size is how many requests the next step may have. It is called with b.mu held.
func (b *batcher[Q, A]) size() int { return cmp.Or(b.now, b.most) }

// took sets how large the next step may be by how the last one went. It reports whether that
// one is to be done again, as smaller ones.
func (b *batcher[Q, A]) took(requests []*request[Q, A], err error) (again bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	many := len(requests)
	if !errors.Is(err, context.DeadlineExceeded) {
		if err == nil && many >= b.size() {
			b.now = min(2*many, b.most)
		}
		return false
	}
	b.now = max(min(many/2, b.size()), 1)
	if !b.repeats || many == 1 {
		return false
	}
	waiting := slices.DeleteFunc(requests, func(r *request[Q, A]) bool { r.begun = false; return r.gone })
	b.waiting = slices.Concat(waiting, b.waiting)
	return true
}

func (b *batcher[Q, A]) keysOf(r *request[Q, A]) []string {
	if b.keys == nil {
		return nil
	}
	return b.keys(r.asked)
}

// do does requests in one step; if one of them is invalid, in two, and so on.
func (b *batcher[Q, A]) do(requests []*request[Q, A]) {
	if len(requests) == 1 && b.alone != nil {
		b.doBriefly(requests[0])
		return
	}
	asked := make([]Q, len(requests))
	for i, r := range requests {
		asked[i] = r.asked
	}
	answered := make([]bool, len(requests))
	err := b.together(requests[0].ctx, asked, func(i int, a A, err error) {
		answered[i] = true
		b.finish(requests[i], a, err)
	})
	if b.took(requests, err) {
		return
	}
	if syncer.CodeOf(err) == syncer.CodeInvalid && len(requests) > 1 {
		half := len(requests) / 2
		b.doHalf(requests[:half])
		b.doHalf(requests[half:])
		return
	}
	for i, r := range requests {
		switch {
		case answered[i]:
		case err != nil || b.alone == nil:
			var none A
			b.finish(r, none, err)
		default:
			go b.doAlone(r) // it may wait for somebody else, the others do not
		}
	}
}

// doHalf does half of the requests of a step. Who is left alone may wait for somebody else; the
// other half does not.
func (b *batcher[Q, A]) doHalf(requests []*request[Q, A]) {
	if len(requests) == 1 && b.alone != nil {
		go b.doAlone(requests[0])
		return
	}
	b.do(requests)
}

// doBriefly does one, and returns before its end if that takes long: it may wait for somebody
// else, and counts as a step no more.
func (b *batcher[Q, A]) doBriefly(r *request[Q, A]) {
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		b.doAlone(r)
	}()
	timer := time.NewTimer(briefly)
	defer timer.Stop()
	select {
	case <-ended:
	case <-timer.C:
	}
}

func (b *batcher[Q, A]) doAlone(r *request[Q, A]) {
	a, err := b.alone(r.ctx, r.asked)
	b.finish(r, a, err)
}

// finish answers a request and lets those go on that waited for its keys.
func (b *batcher[Q, A]) finish(r *request[Q, A], a A, err error) {
	r.answer, r.err = a, err
	close(r.done)
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, key := range b.keysOf(r) {
		delete(b.busy, key)
	}
	b.wake()
}

// unknownOutcome is the error of who stops waiting for a write that is under way.
func unknownOutcome(cause error) error {
	return &syncer.Error{
		Code:    syncer.CodeOutcomeUnknown,
		Message: "the database did not answer in time; read before repeating, the change may have been stored",
		Cause:   cause,
	}
}
