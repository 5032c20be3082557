package store

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	// maxConnecting is how many connections are opened at once. A server that is short of
	// time starts a few sessions sooner than many at once.
	maxConnecting = 2

	maxPatience       = 15 * time.Second       // for opening a connection, however often it took too long
	firstConnectDelay = 50 * time.Millisecond  // after the second failure in a row; it doubles with each
	maxConnectDelay   = 800 * time.Millisecond // however often connecting fails
)

// connector decides when the next connection may be opened, and how long that may take: few
// at a time, the feed's before those of the pool, with more patience the longer it takes. A
// session that is given up costs the server as much as one that is used, so a server that is
// short of time gets more of it, not more connections.
//
// After two failures in a row the pool opens no connection for a short random time. Whoever
// asks for one in it is answered at once, as if the server had refused again.
type connector struct {
	first  time.Duration  // patience at first
	random func() float64 // in [0, 1)

	mu       sync.Mutex
	open     int        // being opened
	feeds    []*waiting // in line; before the others
	others   []*waiting
	patience time.Duration
	failures int       // in a row
	failure  error     // the last of them
	retryAt  time.Time // the pool opens none before
}

// waiting is one who wants to open a connection. Turn is closed once it may.
type waiting struct{ turn chan struct{} }

func newConnector(patience time.Duration) *connector {
	return &connector{first: patience, patience: patience, random: rand.Float64}
}

// enterFeed waits until the feed may open a connection, and returns how long that may take.
// Leave must follow unless there is an error: ctx ended.
func (c *connector) enterFeed(ctx context.Context) (patience time.Duration, err error) {
	return c.enter(ctx, &c.feeds)
}

// enterPool is enterFeed for the pool. It fails too if connecting has failed just now.
func (c *connector) enterPool(ctx context.Context) (patience time.Duration, err error) {
	if err := c.refusal(); err != nil {
		return 0, err
	}
	if patience, err = c.enter(ctx, &c.others); err != nil {
		return 0, err
	}
	if err := c.refusal(); err != nil { // while it waited
		c.pass()
		return 0, err
	}
	return patience, nil
}

func (c *connector) enter(ctx context.Context, line *[]*waiting) (patience time.Duration, err error) {
	c.mu.Lock()
	w := &waiting{turn: make(chan struct{})}
	*line = append(*line, w)
	c.admit()
	c.mu.Unlock()
	select {
	case <-w.turn:
	case <-ctx.Done():
		if !c.quit(line, w) {
			c.pass()
		}
		return 0, ctx.Err()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.patience, nil
}

// admit lets in whoever is next, as long as there is room. The caller holds c.mu.
func (c *connector) admit() {
	for c.open < maxConnecting && len(c.feeds)+len(c.others) > 0 {
		line := &c.feeds
		if len(*line) == 0 {
			line = &c.others
		}
		close((*line)[0].turn)
		*line = slices.Delete(*line, 0, 1)
		c.open++
	}
}

// quit leaves the line; false: it was let in already.
func (c *connector) quit(line *[]*waiting, w *waiting) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.Index(*line, w)
	if i >= 0 {
		*line = slices.Delete(*line, i, i+1)
	}
	return i >= 0
}

// pass gives the turn to the next one.
func (c *connector) pass() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.open--
	c.admit()
}

// refusal returns why connecting failed a moment ago, nil if it may be tried.
func (c *connector) refusal() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Now().Before(c.retryAt) {
		return fmt.Errorf("connecting has failed %d times in a row, the last time: %w", c.failures, c.failure)
	}
	return nil
}

// leave ends what an enter began, and learns from how it went.
func (c *connector) leave(took time.Duration, err error) {
	c.learn(took, err)
	c.pass()
}

// learn takes in how opening a connection went.
func (c *connector) learn(took time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	most := max(c.first, maxPatience)
	if err == nil {
		c.patience = min(max(c.first, 4*took), most)
		c.failures, c.failure, c.retryAt = 0, nil, time.Time{}
		return
	}
	if pgconn.Timeout(err) {
		c.patience = min(2*c.patience, most)
	}
	c.failure = err
	if c.failures++; c.failures > 1 {
		longest := min(maxConnectDelay, firstConnectDelay<<min(c.failures-2, 10))
		c.retryAt = time.Now().Add(time.Duration(float64(longest) * (0.5 + c.random()/2)))
	}
}

// beforeConnect is a hook of the pool.
func (c *connector) beforeConnect(ctx context.Context, config *pgx.ConnConfig) error {
	patience, err := c.enterPool(ctx)
	if err != nil {
		return err
	}
	config.ConnectTimeout, config.Tracer = patience, connectTracer{c, time.Now()}
	return nil
}

// connectTracer is told by the driver when the pool has opened a connection or failed to.
type connectTracer struct {
	*connector
	begun time.Time
}

// TraceConnectStart does nothing: beforeConnect has entered.
func (t connectTracer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	return ctx
}

// TraceConnectEnd lets the next one in.
func (t connectTracer) TraceConnectEnd(_ context.Context, data pgx.TraceConnectEndData) {
	t.leave(time.Since(t.begun), data.Err)
}

// TraceQueryStart does nothing; the driver takes no tracer without it.
func (t connectTracer) TraceQueryStart(
	ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData,
) context.Context {
	return ctx
}

// TraceQueryEnd does nothing.
func (t connectTracer) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
