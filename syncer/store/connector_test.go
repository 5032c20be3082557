package store_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

func TestConnectionsAreOpenedFewAtATimeAndTheFeedsFirst(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := store.NewConnector(2 * time.Second)
		var mu sync.Mutex
		var order []string
		enter := func(name string, enter func(context.Context) (time.Duration, error)) {
			go func() {
				_, err := enter(t.Context())
				mu.Lock()
				defer mu.Unlock()
				order = append(order, fmt.Sprint(name, err))
			}()
			synctest.Wait()
		}
		for range 4 {
			enter("pool", c.EnterPool)
		}
		enter("feed", c.EnterFeed)
		if want := []string{"pool<nil>", "pool<nil>"}; !slices.Equal(order, want) {
			t.Fatalf("connections are being opened for %v, want %v", order, want)
		}
		for i, next := range []string{"feed<nil>", "pool<nil>", "pool<nil>"} {
			c.Leave(time.Millisecond, nil)
			synctest.Wait()
			if len(order) != 3+i || order[2+i] != next {
				t.Fatalf("connections were opened for %v, want %s after %d", order, next, 2+i)
			}
		}
	})
}

// Who gives up waiting leaves his place to the next one.
func TestWhoeverGivesUpWaitingForAConnectionHoldsUpNobody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := store.NewConnector(2 * time.Second)
		for range 2 {
			if _, err := c.EnterFeed(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		short, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := c.EnterPool(short); !errors.Is(err, context.DeadlineExceeded) {
			t.Fatalf("waiting for a place: %v", err)
		}
		c.Leave(0, nil)
		if _, err := c.EnterPool(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// A server that refuses connections is asked seldom; whoever wants one meanwhile, or waits
// for one, is answered at once.
func TestAfterFailuresThePoolConnectsSeldom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := store.NewConnector(2 * time.Second)
		refused := errors.New("refused")
		tries := 0
		for begun := time.Now(); time.Since(begun) < 10*time.Second; {
			asked := time.Now()
			switch _, err := c.EnterPool(t.Context()); {
			case err == nil:
				tries++
				c.Leave(0, refused)
			case !errors.Is(err, refused) || time.Since(asked) > 0:
				t.Fatalf("after %v: %v", time.Since(asked), err)
			default:
				<-time.After(time.Millisecond)
			}
		}
		if tries < 10 || tries > 18 { // 2, then after 50, 100, 200, 400 and each 800 ms
			t.Errorf("%d tries in 10 s", tries)
		}
		if _, err := c.EnterFeed(t.Context()); err != nil {
			t.Fatalf("the feed: %v", err)
		}
		c.Leave(0, nil)
		if _, err := c.EnterPool(t.Context()); err != nil {
			t.Errorf("after the feed has connected: %v", err)
		}
	})
}

func TestPatienceGrowsWhileConnectingTakesTooLong(t *testing.T) {
	t.Parallel()
	c := store.NewConnector(2 * time.Second)
	tooLong := timeoutOf(t)
	var got []time.Duration
	connect := func(took time.Duration, err error) {
		patience, entered := c.EnterFeed(t.Context())
		if entered != nil {
			t.Fatal(entered)
		}
		got = append(got, patience)
		c.Leave(took, err)
	}
	for _, err := range []error{tooLong, tooLong, errors.New("refused"), tooLong, tooLong} {
		connect(0, err)
	}
	connect(3*time.Second, nil)
	connect(time.Millisecond, nil)
	connect(0, nil)
	want := []time.Duration{
		2 * time.Second, 4 * time.Second, 8 * time.Second, 8 * time.Second, 15 * time.Second, 15 * time.Second,
		12 * time.Second, 2 * time.Second,
	}
	if !slices.Equal(got, want) {
		t.Errorf("patience was %v, want %v", got, want)
	}
}

// timeoutOf returns the driver's error of a connection that took too long.
func timeoutOf(t *testing.T) error {
	t.Helper()
	config, err := pgx.ParseConfig("postgres://127.0.0.1:1/x?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	config.ConnectTimeout = time.Nanosecond
	config.DialFunc = func(ctx context.Context, _, _ string) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	_, err = pgx.ConnectConfig(context.Background(), config)
	if !pgconn.Timeout(err) {
		t.Fatalf("connecting without an answer: %v", err)
	}
	return err
}

// A server that is slow to answer is not asked for as many connections as the pool may have.
func TestASlowServerGetsFewConnectionsAtOnce(t *testing.T) {
	t.Parallel()
	_, url := open(t, store.Options{})
	proxy := pgtest.NewProxy(t, url)
	proxy.Stall()
	s, err := store.Open(context.Background(), proxy.URL(), store.Options{Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	answers := make(chan error)
	for range 8 {
		go func() { answers <- s.Ping(context.Background()) }()
	}
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		if n, most := s.PoolStats().ConstructingConns(), proxy.Connections(); n < 8 || most < 2 {
			return fmt.Errorf("%d connections are wanted, %d being opened", n, most)
		}
		return nil
	})
	if n := proxy.Connections(); n > 2 {
		t.Errorf("%d connections are being opened at once", n)
	}
	proxy.Resume()
	for range 8 {
		if err := <-answers; err != nil {
			t.Error(err)
		}
	}
}
