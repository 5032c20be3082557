package events_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/events"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// player returns an event that can be told from others by its number.
func player(n int) changefeed.Event {
	return changefeed.Event{Type: changefeed.EventPlayer, ID: syncer.PlayerID(fmt.Sprint(n))}
}

func publish(b *events.Broker, from, to int) {
	for n := from; n <= to; n++ {
		b.Publish(player(n))
	}
}

// next returns the next event of a subscription that must have one.
func next(t *testing.T, s *events.Subscription) events.Numbered {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	e, err := s.Next(ctx)
	if err != nil {
		t.Fatalf("Next: %v", err)
	}
	return e
}

// wantEvents fails the test unless exactly these events are next.
func wantEvents(t *testing.T, s *events.Subscription, from, to int) (last events.Numbered) {
	t.Helper()
	for n := from; n <= to; n++ {
		last = next(t, s)
		if last.Event != player(n) {
			t.Fatalf("event %s is %+v, want player %d", last.ID, last.Event, n)
		}
	}
	wantNothing(t, s)
	return last
}

func wantNothing(t *testing.T, s *events.Subscription) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if e, err := s.Next(ctx); !errors.Is(err, context.Canceled) {
		t.Fatalf("got %+v, %v; want nothing", e, err)
	}
}

func TestSubscribeFromNowOn(t *testing.T) {
	t.Parallel()
	b := events.NewBroker(8)
	publish(b, 1, 3)
	s := b.Subscribe("")
	wantNothing(t, s)
	publish(b, 4, 5)
	wantEvents(t, s, 4, 5)
}

func TestSubscribeBehindLastID(t *testing.T) {
	t.Parallel()
	b := events.NewBroker(8)
	start := b.LastID()
	publish(b, 1, 5)
	third := wantThird(t, b.Subscribe(start))
	wantEvents(t, b.Subscribe(third), 4, 5)
	wantNothing(t, b.Subscribe(b.LastID()))
	publish(b, 6, 11) // events 4 to 11 fill the ring
	wantEvents(t, b.Subscribe(third), 4, 11)
}

func wantThird(t *testing.T, s *events.Subscription) (id string) {
	t.Helper()
	for range 3 {
		id = next(t, s).ID
	}
	return id
}

func TestSubscribeThatMustResync(t *testing.T) {
	t.Parallel()
	b := events.NewBroker(4)
	overtaken := b.LastID()
	publish(b, 1, 5)
	boot, _, _ := strings.Cut(overtaken, "-")
	for name, id := range map[string]string{
		"overtaken":      overtaken,
		"another broker": events.NewBroker(4).LastID(),
		"from ahead":     boot + "-6",
		"no number":      boot + "-",
		"negative":       boot + "--1",
		"not a number":   boot + "-1x",
		"too large":      boot + "-99999999999999999999",
		"boot alone":     boot,
		"number alone":   "5",
		"garbage":        "\x00é-1",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := b.Subscribe(id)
			first := next(t, s)
			if first.Event.Type != changefeed.EventResync || first.ID != b.LastID() {
				t.Fatalf("first event is %+v, want a resync with id %s", first, b.LastID())
			}
			wantNothing(t, s)
			wantNothing(t, b.Subscribe(first.ID))
		})
	}
}

func TestSlowSubscriberIsCutOff(t *testing.T) {
	t.Parallel()
	b := events.NewBroker(4)
	s := b.Subscribe("")
	publish(b, 1, 4)
	if e := next(t, s); e.Event != player(1) {
		t.Fatalf("event is %+v", e)
	}
	publish(b, 5, 6) // event 2 is overwritten
	for range 2 {
		if _, err := s.Next(t.Context()); !errors.Is(err, events.ErrLagging) {
			t.Fatalf("error is %v, want ErrLagging", err)
		}
	}
}

func TestNextWakesUp(t *testing.T) {
	t.Parallel()
	reasons := map[string]struct {
		wake func(*events.Broker, *events.Subscription, context.CancelFunc)
		want error
	}{
		"publication": {
			func(b *events.Broker, _ *events.Subscription, _ context.CancelFunc) { publish(b, 1, 1) },
			nil,
		},
		"closed": {
			func(_ *events.Broker, s *events.Subscription, _ context.CancelFunc) { s.Close(); s.Close() },
			events.ErrClosed,
		},
		"shut down": {
			func(b *events.Broker, _ *events.Subscription, _ context.CancelFunc) { b.Close(); b.Close() },
			events.ErrClosed,
		},
		"ended by ctx": {
			func(_ *events.Broker, _ *events.Subscription, cancel context.CancelFunc) { cancel() },
			context.Canceled,
		},
	}
	for name, c := range reasons {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := events.NewBroker(4)
				s := b.Subscribe("")
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				result := make(chan error, 1)
				go func() {
					_, err := s.Next(ctx)
					result <- err
				}()
				synctest.Wait()
				c.wake(b, s, cancel)
				if err := <-result; !errors.Is(err, c.want) {
					t.Errorf("error is %v, want %v", err, c.want)
				}
			})
		})
	}
}

func TestClosedStaysClosed(t *testing.T) {
	t.Parallel()
	b := events.NewBroker(4)
	left := b.Subscribe("")
	publish(b, 1, 1)
	b.Close()
	publish(b, 2, 2)
	for _, s := range []*events.Subscription{left, b.Subscribe(""), b.Subscribe("unknown")} {
		if e, err := s.Next(t.Context()); !errors.Is(err, events.ErrClosed) {
			t.Errorf("got %+v, %v; want ErrClosed", e, err)
		}
	}
	if _, err := b.Since(t.Context(), "", 10); !errors.Is(err, events.ErrClosed) {
		t.Errorf("error of Since is %v, want ErrClosed", err)
	}
}

func TestSince(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := events.NewBroker(8)
		start := b.LastID()
		publish(b, 1, 5)
		found, err := b.Since(t.Context(), start, 3)
		if err != nil || len(found) != 3 || found[2].Event != player(3) {
			t.Fatalf("got %+v, %v; want players 1 to 3", found, err)
		}
		found, err = b.Since(t.Context(), found[2].ID, 100)
		if err != nil || len(found) != 2 || found[1].ID != b.LastID() {
			t.Fatalf("got %+v, %v; want players 4 and 5", found, err)
		}
		found, err = b.Since(t.Context(), "unknown", 100)
		if err != nil || len(found) != 1 || found[0].Event.Type != changefeed.EventResync {
			t.Fatalf("got %+v, %v; want a resync", found, err)
		}
		time.AfterFunc(time.Minute, func() { publish(b, 6, 6) })
		found, err = b.Since(t.Context(), found[0].ID, 100)
		if err != nil || len(found) != 1 || found[0].Event != player(6) {
			t.Fatalf("got %+v, %v; want player 6", found, err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		found, err = b.Since(ctx, b.LastID(), 100)
		if !errors.Is(err, context.DeadlineExceeded) || len(found) != 0 {
			t.Fatalf("got %+v, %v; want nothing in time", found, err)
		}
	})
}

// Whoever comes back with the last id it saw misses nothing but what a resync
// stands for, whatever the speed of the publisher.
func TestNothingIsMissedWithoutResync(t *testing.T) {
	t.Parallel()
	const total = 20_000
	b := events.NewBroker(64)
	start := b.LastID()
	var readers sync.WaitGroup
	for range 8 {
		readers.Go(func() {
			seen, last := 0, start
			for seen < total {
				s := b.Subscribe(last)
				for seen < total {
					e, err := s.Next(t.Context())
					if err != nil {
						break // lagging: come back
					}
					n := seen + 1
					if e.Event.Type == changefeed.EventResync {
						n = number(e.ID)
					} else if e.Event != player(n) {
						t.Errorf("event after %d is %+v", seen, e)
						return
					}
					seen, last = n, e.ID
				}
				s.Close()
			}
		})
	}
	publish(b, 1, total)
	readers.Wait()
}

func number(id string) (n int) {
	_, text, _ := strings.Cut(id, "-")
	_, _ = fmt.Sscan(text, &n)
	return n
}

func BenchmarkPublish(b *testing.B) {
	broker := events.NewBroker(1024)
	for b.Loop() {
		broker.Publish(player(1))
	}
}

// A reader may come back with whatever id.
func FuzzSubscribe(f *testing.F) {
	b := events.NewBroker(4)
	publish(b, 1, 5)
	boot, _, _ := strings.Cut(b.LastID(), "-")
	for _, seed := range []string{"-5", "-4", "-", "--1", "-99999999999999999999", "-+4", "- 4", "-0x4"} {
		f.Add(seed)
	}
	f.Fuzz(func(_ *testing.T, behind string) {
		for _, id := range []string{boot + behind, behind} {
			b.Subscribe(id).Close()
		}
	})
}
