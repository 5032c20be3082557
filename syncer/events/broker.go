// Package events passes changes on to subscribers: game servers that stream or poll
// for them.
//
// A [Broker] keeps the last events in a ring and numbers them. Each subscriber reads
// the ring at its own speed, and a slow one never delays the others: once its next
// event is overwritten it gets [ErrLagging] and must subscribe again. Ids have the
// form "<boot>-<number>", with a boot drawn at random for each Broker. A subscriber
// that returns with the last id it saw continues behind it or, where that is not
// possible without a gap, starts with an [changefeed.EventResync]:
//
//	last id                         begins with
//	empty                           what is published from now on
//	of this broker, in the ring     the event after it
//	of this broker, overtaken       resync
//	of another broker, or malformed resync
//
// A resync has the id of the newest event at that moment. A subscriber that then
// reads again what it keeps, and continues behind that id, has missed nothing.
package events

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"strings"
	"sync"

	"playersync/syncer/changefeed"
)

// ErrLagging reports a subscriber that was slower than the ring is long. The
// subscription yields nothing more; a new one begins with a resync.
var ErrLagging = errors.New("subscriber lags behind: events were overwritten before it read them")

// ErrClosed reports that the subscription or its broker was closed.
var ErrClosed = errors.New("subscription closed")

// Numbered is an event and the id by which a subscriber names what it saw last.
type Numbered struct {
	ID    string
	Event changefeed.Event
}

// Broker fans events out to any number of subscribers. It is safe for concurrent
// use.
type Broker struct {
	boot string

	mu     sync.Mutex
	ring   []changefeed.Event // event n lies at n modulo its length
	last   uint64             // number of the newest event; 0: none yet
	wake   chan struct{}      // closed by the next publication; nil: nobody waits
	closed chan struct{}
}

// NewBroker returns a broker that remembers the last capacity events, at least one.
func NewBroker(capacity int) *Broker {
	return &Broker{
		boot:   rand.Text(),
		ring:   make([]changefeed.Event, max(capacity, 1)),
		closed: make(chan struct{}),
	}
}

// Publish appends an event. It never waits for a subscriber. After [Broker.Close]
// it has no visible effect.
func (b *Broker) Publish(e changefeed.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.last++
	b.ring[b.last%uint64(len(b.ring))] = e
	if b.wake != nil {
		close(b.wake)
		b.wake = nil
	}
}

// LastID returns the id of the newest event, behind which a new client begins.
func (b *Broker) LastID() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.id(b.last)
}

// Close ends all subscriptions and waiting calls with [ErrClosed]. It may be
// called more than once.
func (b *Broker) Close() {
	b.mu.Lock()
	defer b.mu.Unlock()
	select {
	case <-b.closed:
	default:
		close(b.closed)
	}
}

// Since returns the events behind lastID, oldest first and at most the given
// number (one if that is less), and waits for the first if there are none. It
// fails with ctx's error when that ends first, and with [ErrClosed].
//
// A client that begins with an empty id must get [Broker.LastID] from before the
// call, else it misses what is published between two polls.
func (b *Broker) Since(ctx context.Context, lastID string, most int) ([]Numbered, error) {
	s := b.Subscribe(lastID)
	defer s.Close()
	first, err := s.Next(ctx)
	if errors.Is(err, ErrLagging) { // overtaken between the call and here
		return []Numbered{b.resync()}, nil
	}
	if err != nil {
		return nil, err
	}
	found := []Numbered{first}
	for len(found) < most {
		next, ok := s.tryNext()
		if !ok {
			break
		}
		found = append(found, next)
	}
	return found, nil
}

// resync returns a resync that stands for everything published so far.
func (b *Broker) resync() Numbered {
	return Numbered{ID: b.LastID(), Event: changefeed.Event{Type: changefeed.EventResync}}
}

// id returns the id of event n.
func (b *Broker) id(n uint64) string { return b.boot + "-" + strconv.FormatUint(n, 10) }

// number returns the number in an id of this broker, if the ring still holds every
// later event. The caller holds the lock.
func (b *Broker) number(id string) (uint64, bool) {
	text, ours := strings.CutPrefix(id, b.boot+"-")
	if !ours {
		return 0, false
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil || n > b.last || b.last-n > uint64(len(b.ring)) {
		return 0, false
	}
	return n, true
}

// waker returns a channel that the next publication closes. The caller holds
// the lock.
func (b *Broker) waker() <-chan struct{} {
	if b.wake == nil {
		b.wake = make(chan struct{})
	}
	return b.wake
}
