package fanout

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/prometheus/client_golang/prometheus"
	"golang.org/x/sync/errgroup"

	"playersync/syncer/changefeed"
)

// Config says where NATS is. Zero values of times mean the defaults given.
type Config struct {
	URL         string // of one server or several, by commas; user:password@ or token@ included
	Credentials string // file with a user's JWT and its key; "" for none
	CA          string // file with the authorities that certificates are checked against; "": the system's
	Cert, Key   string // files with this client's certificate; "" for none
	Name        string // shown to NATS behind "playersync"

	Heartbeat time.Duration // twice in it forwarders give signs of life: 5 s
	Timeout   time.Duration // for statements of a forwarder, and for connecting to NATS: 2 s
}

func (c Config) withDefaults() Config {
	if c.Heartbeat <= 0 {
		c.Heartbeat = 5 * time.Second
	}
	if c.Timeout <= 0 {
		c.Timeout = 2 * time.Second
	}
	return c
}

// Source is what a forwarder needs of the database. It must be safe for concurrent use.
type Source interface {
	// FreeForwarderSlots returns those of the places that nobody holds at this moment.
	FreeForwarderSlots(ctx context.Context, slots []int) ([]int, error)

	// OpenForward connects, takes the place until the connection ends, and listens. It
	// fails if somebody holds the place.
	OpenForward(ctx context.Context, slot int) (Conn, error)

	// Sign returns the notification that says message; false: no key is known yet.
	Sign(message string) (payload string, ok bool)

	// Verify returns what a notification says, and whether it is signed with the key.
	Verify(payload string) (message string, genuine bool)

	// Now returns the time by the database's clock.
	Now() time.Time
}

// Conn is the connection of a forwarder. One goroutine uses it.
type Conn interface {
	// Wait returns the next notification as it was sent, or ctx's error once it ends; the
	// connection stays usable then. One that is not signed comes as [changefeed.ErrForged].
	Wait(ctx context.Context) (payload string, err error)

	// Check says to which database the connection leads, and the time there. It fails if
	// the connection brings no notifications.
	Check(ctx context.Context) (changefeed.Epoch, time.Time, error)

	// Close ends the connection, and so gives the place back.
	Close()
}

// The capacities of what waits. What does not fit is dropped, and a poll follows.
const (
	maxReceived  = 8192
	maxPublished = 1024
)

// Fanout carries notifications of one sidecar. See the package comment.
type Fanout struct {
	config  Config
	options []nats.Option
	source  Source
	log     *slog.Logger
	metrics *metrics
	random  func() float64 // in [0, 1)

	own    chan string   // notifications of own writes, to be published
	missed chan struct{} // something may have been lost on its way here; one at most

	mu           sync.Mutex
	conn         *nats.Conn // nil: not yet
	failure      string     // why NATS is away
	forbidden    string     // what NATS does not permit on this connection
	epoch        changefeed.Epoch
	subscription *nats.Subscription
	inbox        chan *nats.Msg     // of the epoch; nil: none yet
	heard        [places]signOfLife // of each forwarder, on this connection and of this epoch
	forwarding   bool
}

// New returns a fan-out, and registers its metrics. Nothing happens before [Fanout.Run]. The
// error is of a configuration that can never work.
func New(config Config, source Source, registry prometheus.Registerer, log *slog.Logger) (*Fanout, error) {
	f := &Fanout{
		config: config.withDefaults(), source: source, log: log, random: rand.Float64,
		own: make(chan string, maxPublished), missed: make(chan struct{}, 1), failure: "not connected yet",
	}
	var err error
	if f.options, err = f.connectOptions(); err != nil {
		return nil, err
	}
	f.metrics = newMetrics(f, registry)
	return f, nil
}

// Run connects to NATS, publishes, and forwards while this sidecar has a place to. It returns
// nil once ctx ends; faults do not end it.
func (f *Fanout) Run(ctx context.Context) error {
	conn, err := nats.Connect(f.config.URL, f.options...)
	if err != nil {
		return fmt.Errorf("connect to NATS: %w", err) // of the options: what fails later is tried again
	}
	defer conn.Close()
	f.use(conn)
	var parts errgroup.Group
	parts.Go(func() error { f.publishOwn(ctx, conn); return nil })
	parts.Go(func() error { f.stand(ctx, conn); return nil })
	return parts.Wait()
}

// Publish passes on a notification of an own write. It does not block: what finds no room is
// left to the forwarders.
func (f *Fanout) Publish(payload string) {
	select {
	case f.own <- payload:
	default:
		f.metrics.dropped.Inc()
	}
}

func (f *Fanout) publishOwn(ctx context.Context, conn *nats.Conn) {
	for {
		select {
		case payload := <-f.own:
			f.publish(conn, f.followed(), partChanges, payload)
		case <-ctx.Done():
			return
		}
	}
}

// publish sends a message to those who follow the epoch, if NATS is there.
func (f *Fanout) publish(conn *nats.Conn, epoch changefeed.Epoch, part, payload string) {
	if epoch == "" || !conn.IsConnected() {
		return
	}
	if err := conn.Publish(subject(epoch, part), []byte(payload)); err != nil {
		f.metrics.dropped.Inc()
		return
	}
	f.metrics.published.Inc()
}

// followed returns the epoch that the feed follows, "" if none is known yet.
func (f *Fanout) followed() changefeed.Epoch {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.epoch
}

// sleep waits for a random part of a duration. It reports whether ctx still lasts.
func (f *Fanout) sleep(ctx context.Context, longest time.Duration) bool {
	timer := time.NewTimer(time.Duration(f.random() * float64(longest)))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
