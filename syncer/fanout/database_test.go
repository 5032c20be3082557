package fanout_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"playersync/syncer/changefeed"
	"playersync/syncer/fanout"
	"playersync/syncer/fanout/natstest"
	"playersync/syncer/postgres/pgtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(natstest.Main{Tests: m}) }

// heartbeat of the tests. It says nothing about how fast anything is.
const heartbeat = 100 * time.Millisecond

// database is a model of what forwarders need of PostgreSQL.
type database struct {
	mu      sync.Mutex
	epoch   changefeed.Epoch
	holders [2]*conn // of the places; [stranger] for somebody else
}

// stranger holds a place and does not forward.
var stranger = &conn{}

func newDatabase(epoch changefeed.Epoch) *database { return &database{epoch: epoch} }

// notify sends a notification to all who listen.
func (d *database) notify(payload string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, holder := range d.holders {
		if holder != nil && holder != stranger {
			holder.inbox <- payload
		}
	}
}

// hold gives both places to somebody.
func (d *database) hold(who *conn) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, holder := range d.holders {
		if holder != nil && holder != stranger {
			holder.end()
		}
	}
	d.holders = [2]*conn{who, who}
}

// forwarders returns how many places are held.
func (d *database) forwarders() (held int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, holder := range d.holders {
		if holder != nil {
			held++
		}
	}
	return held
}

func (d *database) FreeForwarderSlots(_ context.Context, slots []int) (free []int, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, slot := range slots {
		if d.holders[slot] == nil {
			free = append(free, slot)
		}
	}
	return free, nil
}

var (
	errTaken  = errors.New("taken")
	errBroken = errors.New("connection reset by peer")
)

func (d *database) OpenForward(_ context.Context, slot int) (fanout.Conn, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.holders[slot] != nil {
		return nil, errTaken
	}
	c := &conn{database: d, slot: slot, inbox: make(chan string, 1<<10), broken: make(chan struct{})}
	c.end = sync.OnceFunc(func() { close(c.broken) })
	d.holders[slot] = c
	return c, nil
}

const seal = "signed: "

func (d *database) Sign(message string) (string, bool) { return seal + message, true }

func (d *database) Verify(payload string) (string, bool) { return strings.CutPrefix(payload, seal) }

func (d *database) Now() time.Time { return time.Now() }

// conn implements fanout.Conn.
type conn struct {
	*database
	slot   int
	inbox  chan string
	broken chan struct{}
	end    func()
}

func (c *conn) Wait(ctx context.Context) (string, error) {
	select {
	case payload := <-c.inbox:
		if !strings.HasPrefix(payload, seal) {
			return "", changefeed.ErrForged
		}
		return payload, nil
	case <-c.broken:
		return "", errBroken
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (c *conn) Check(context.Context) (changefeed.Epoch, time.Time, error) {
	select {
	case <-c.broken:
		return "", time.Time{}, errBroken
	default:
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.epoch, time.Now(), nil
}

func (c *conn) Close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.holders[c.slot] == c {
		c.holders[c.slot] = nil
	}
}

// sidecar is a fan-out whose feed notes what it receives.
type sidecar struct {
	*fanout.Fanout
	t        testing.TB
	registry *prometheus.Registry
	stop     func()

	mu       sync.Mutex
	received map[string]int
	missed   int
}

// start runs a fan-out until the test ends.
func start(t testing.TB, d *database, config fanout.Config) *sidecar {
	t.Helper()
	config.Heartbeat, config.Timeout = heartbeat, pgtest.WaitTimeout
	registry := prometheus.NewRegistry()
	f, err := fanout.New(config, d, registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &sidecar{Fanout: f, t: t, registry: registry, received: map[string]int{}}
	var running sync.WaitGroup
	running.Go(func() {
		if err := f.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	running.Go(func() { s.follow(ctx, d) })
	s.stop = sync.OnceFunc(func() {
		cancel()
		running.Wait()
	})
	t.Cleanup(s.stop)
	return s
}

// follow does what a feed does.
func (s *sidecar) follow(ctx context.Context, d *database) {
	for ctx.Err() == nil {
		d.mu.Lock()
		epoch := d.epoch
		d.mu.Unlock()
		s.Follow(epoch)
		waiting, cancel := context.WithTimeout(ctx, heartbeat)
		payload, err := s.Next(waiting)
		cancel()
		s.mu.Lock()
		switch {
		case err == nil:
			s.received[payload]++
		case errors.Is(err, changefeed.ErrMissed):
			s.missed++
		}
		s.mu.Unlock()
	}
}

// says waits until the reason for silence contains a text; "": there is no reason.
func (s *sidecar) says(text string) {
	s.t.Helper()
	pgtest.Eventually(s.t, pgtest.WaitTimeout, func() error {
		silence := s.Silence()
		if (silence == "") != (text == "") || !strings.Contains(silence, text) {
			return errors.New("it says: " + silence)
		}
		return nil
	})
}

// has waits until a notification was received.
func (s *sidecar) has(payload string) {
	s.t.Helper()
	pgtest.Eventually(s.t, pgtest.WaitTimeout, func() error {
		if s.count(payload) == 0 {
			return errors.New("not received: " + payload)
		}
		return nil
	})
}

func (s *sidecar) count(payload string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.received[payload]
}

// misses counts how often the feed was told that it may have missed something.
func (s *sidecar) misses() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.missed
}

func (s *sidecar) metric(name string) float64 {
	s.t.Helper()
	families, err := s.registry.Gather()
	if err != nil {
		s.t.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			return family.GetMetric()[0].GetCounter().GetValue() + family.GetMetric()[0].GetGauge().GetValue()
		}
	}
	s.t.Fatalf("there is no metric %s", name)
	return 0
}
