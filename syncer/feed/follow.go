package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"playersync/syncer/changefeed"
)

// Polls in quick succession keep a random distance between these two.
const (
	minPace = 20 * time.Millisecond
	maxPace = 50 * time.Millisecond
)

// Why a wait ended without a notification or a fault.
var (
	errDue         = errors.New("a poll is due")
	errInterrupted = errors.New("something must be read")
)

// follow is the steady loop: it returns with the fault that ends the connection,
// or when ctx ends.
func (f *Feed) follow(ctx context.Context, conn Conn) error {
	w := window{close: func() {}}
	defer func() { w.close() }()
	for {
		f.renew(ctx, &w)
		changes, err := f.wait(ctx, &w, conn)
		switch {
		case err == nil:
			f.notified(changes)
		case errors.Is(err, errDue):
			if err := f.poll(ctx, conn); err != nil {
				return err
			}
		case errors.Is(err, errInterrupted):
			f.hurry()
		default:
			return fmt.Errorf("wait for notifications: %w", err)
		}
	}
}

// window is a time to wait in: until a poll is due, or less if something must be
// read. It outlasts notifications, so that each of them costs little.
type window struct {
	waiting context.Context //nolint:containedctx // it is the window's end
	close   func()
	due     time.Time
}

// renew opens a window, unless this one still is open and ends when it should.
func (f *Feed) renew(ctx context.Context, w *window) {
	if w.waiting != nil && w.waiting.Err() == nil && w.due.Equal(f.due) {
		return
	}
	w.close()
	interruptible, interrupt := context.WithCancel(ctx)
	if f.applier.interruptible(interrupt) {
		f.hurry()
	}
	w.due = f.due
	waiting, cancel := context.WithDeadline(interruptible, w.due)
	w.waiting, w.close = waiting, func() { cancel(); interrupt() }
}

// wait returns the next notification, or says why it did not wait any longer.
func (f *Feed) wait(ctx context.Context, w *window, conn Conn) ([]changefeed.Change, error) {
	if !time.Now().Before(w.due) {
		return nil, errDue
	}
	changes, err := f.receive(w.waiting, conn)
	switch {
	case err == nil || ctx.Err() != nil:
		return changes, err
	case errors.Is(err, context.DeadlineExceeded) && w.waiting.Err() != nil:
		f.idle()
		return nil, errDue
	case errors.Is(err, context.Canceled) && w.waiting.Err() != nil:
		return nil, errInterrupted
	default:
		return nil, err
	}
}

// receive waits for a notification; in poll-only mode there are none.
func (f *Feed) receive(ctx context.Context, conn Conn) ([]changefeed.Change, error) {
	if f.config.PollOnly {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return conn.Wait(ctx)
}

// notified applies a notification, and brings the next poll forward if that left
// something to read.
func (f *Feed) notified(changes []changefeed.Change) {
	f.metrics.notifications.Inc()
	mustRead := changes == nil
	if changes == nil {
		f.log.Warn("notification is unreadable, polling instead", "hint", "does a newer version write to this database?")
	} else {
		var news []changefeed.Change
		news, mustRead = f.applier.notified(changes)
		f.observe(news)
	}
	if mustRead {
		f.hurry()
	}
}

// hurry brings the next poll forward: to now, unless the last was just done.
func (f *Feed) hurry() {
	pace := minPace + time.Duration(f.random()*float64(maxPace-minPace))
	if soon := f.polled.Add(pace); soon.Before(f.due) {
		f.due = soon
	}
}

// idle takes stock when every notification sent so far has been received.
func (f *Feed) idle() {
	if missed := f.applier.missed(time.Now()); len(missed) > 0 {
		f.metrics.foundByPoll.Add(float64(len(missed)))
		f.log.Warn("changes were found by a poll only; did their writer die before it notified?",
			"count", len(missed), "entity", missed[0].entity, "key", missed[0].key, "xid", missed[0].xid)
	}
}

// observe measures how long ago changes that are now in memory were made.
func (f *Feed) observe(news []changefeed.Change) {
	now := f.Now()
	for _, ch := range news {
		f.metrics.propagation.Observe(max(0, now.Sub(ch.At).Seconds()))
	}
}

// schedule sets when to poll next if no notification asks for it earlier.
func (f *Feed) schedule() {
	interval := f.config.Heartbeat
	if f.config.PollOnly {
		interval = f.config.PollInterval
	}
	f.polled = time.Now()
	f.due = f.polled.Add(time.Duration(float64(interval) * (0.9 + 0.2*f.random())))
}
