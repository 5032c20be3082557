package events

import (
	"context"
	"sync"

	"playersync/syncer/changefeed"
)

// Subscription is one reader's place in a [Broker]. Next is for one goroutine at
// a time; Close may be called from any.
type Subscription struct {
	broker *Broker
	seen   uint64 // number of the event returned last
	resync bool   // the next event is a resync
	done   chan struct{}
	close  func()
}

// Subscribe returns a subscription that begins behind lastID, as the package
// comment describes. It holds no resources but memory; Close ends a waiting Next.
func (b *Broker) Subscribe(lastID string) *Subscription {
	done := make(chan struct{})
	s := &Subscription{broker: b, done: done, close: sync.OnceFunc(func() { close(done) })}
	b.mu.Lock()
	defer b.mu.Unlock()
	s.seen = b.last
	if lastID != "" {
		if n, ok := b.number(lastID); ok {
			s.seen = n
		} else {
			s.resync = true
		}
	}
	return s
}

// Close ends the subscription: a waiting and every later Next fails with
// [ErrClosed]. It may be called more than once.
func (s *Subscription) Close() { s.close() }

// Next returns the next event and waits for it if there is none yet. It fails with ctx's
// error, with [ErrLagging], and with [ErrClosed] once the subscription or the
// broker was closed, also when there are events left.
func (s *Subscription) Next(ctx context.Context) (Numbered, error) {
	for {
		select {
		case <-s.done:
			return Numbered{}, ErrClosed
		case <-s.broker.closed:
			return Numbered{}, ErrClosed
		default:
		}
		next, wake, err := s.advance()
		if err != nil || wake == nil {
			return next, err
		}
		select {
		case <-wake:
		case <-s.done:
		case <-s.broker.closed:
		case <-ctx.Done():
			return Numbered{}, ctx.Err()
		}
	}
}

// tryNext returns the next event if there is one.
func (s *Subscription) tryNext() (Numbered, bool) {
	next, wake, err := s.advance()
	return next, wake == nil && err == nil
}

// advance returns the next event, or else the channel that announces one.
func (s *Subscription) advance() (Numbered, <-chan struct{}, error) {
	b := s.broker
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case s.resync:
		s.resync = false
		return Numbered{ID: b.id(s.seen), Event: changefeed.Event{Type: changefeed.EventResync}}, nil, nil
	case s.seen == b.last:
		return Numbered{}, b.waker(), nil
	case b.last-s.seen > uint64(len(b.ring)):
		return Numbered{}, nil, ErrLagging
	}
	s.seen++
	return Numbered{ID: b.id(s.seen), Event: b.ring[s.seen%uint64(len(b.ring))]}, nil, nil
}
