package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"playersync/syncer/changefeed"
)

// The time between two polls is at least a random value between these two.
const (
	minPollGap = 20 * time.Millisecond
	maxPollGap = 50 * time.Millisecond
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
		f.renew(ctx, &w, conn)
		if f.backlog.waits(time.Now()) {
			w.close()
			if err := f.workOff(ctx, conn); err != nil {
				return err
			}
			continue
		}
		changes, err := f.wait(ctx, &w, conn)
		switch {
		case f.takes(ctx, changes, err):
		case errors.Is(err, errDue):
			w.close()
			if err := f.poll(ctx, conn); err != nil {
				return err
			}
		case errors.Is(err, errInterrupted):
			f.pollSoon()
		default:
			return fmt.Errorf("wait for notifications: %w", err)
		}
	}
}

// takes applies what came of waiting for a notification; false: none came.
func (f *Feed) takes(ctx context.Context, changes []changefeed.Change, err error) bool {
	switch {
	case err == nil:
		f.notified(changes)
	case errors.Is(err, changefeed.ErrForged):
		f.reportForged(ctx)
		f.doubtKey()
	case errors.Is(err, changefeed.ErrMissed):
		f.expectNothing()
		f.pollSoon()
	default:
		return false
	}
	return true
}

// window is how long to wait for notifications: until a poll is due, or less if
// something must be read. One window serves many notifications, so that each of
// them costs little.
type window struct {
	waiting context.Context //nolint:containedctx // it is the window's end
	close   func()          // may be called again
	due     time.Time
}

// renew opens a new window, unless the present one is open and ends at the right time.
func (f *Feed) renew(ctx context.Context, w *window, conn Conn) {
	if w.waiting != nil && w.waiting.Err() == nil && w.due.Equal(f.due) {
		return
	}
	w.close()
	interruptible, end := context.WithCancelCause(ctx)
	interrupt := func() { end(errInterrupted) }
	if f.applier.setInterrupt(interrupt) {
		f.pollSoon()
	}
	w.due = f.due
	waiting, cancel := context.WithDeadline(interruptible, w.due)
	w.waiting, w.close = waiting, func() { cancel(); interrupt() }
	if f.fanout != nil {
		w.watch(conn, end)
	}
}

// watch ends the window when the connection ends, which a fan-out does not notice.
func (w *window) watch(conn Conn, end context.CancelCauseFunc) {
	waiting, cancel, watched := w.waiting, w.close, make(chan struct{})
	go func() {
		defer close(watched)
		if err := conn.Watch(waiting); waiting.Err() == nil {
			end(err)
		}
	}()
	w.close = func() { cancel(); <-watched }
}

// wait returns the next notification, or an error that says why the wait ended.
func (f *Feed) wait(ctx context.Context, w *window, conn Conn) ([]changefeed.Change, error) {
	if !time.Now().Before(w.due) {
		return nil, errDue
	}
	changes, err := f.receive(w.waiting, conn)
	switch {
	case err == nil || ctx.Err() != nil:
		return changes, err
	case errors.Is(err, context.DeadlineExceeded) && w.waiting.Err() != nil:
		f.reportMissed()
		return nil, errDue
	case errors.Is(err, context.Canceled) && w.waiting.Err() != nil:
		return nil, context.Cause(w.waiting)
	default:
		return nil, err
	}
}

// receive waits for a notification; in poll-only mode there are none.
func (f *Feed) receive(ctx context.Context, conn Conn) ([]changefeed.Change, error) {
	switch {
	case f.config.PollOnly:
		<-ctx.Done()
		return nil, ctx.Err()
	case f.fanout != nil:
		payload, err := f.fanout.Next(ctx)
		if err != nil {
			return nil, err
		}
		return conn.Decode(payload)
	}
	return conn.Wait(ctx)
}

// listens reports whether notifications come on the connection.
func (f *Feed) listens() bool { return !f.config.PollOnly && f.fanout == nil }

// notified applies a notification, and brings the next poll forward if that left
// something to read.
func (f *Feed) notified(changes []changefeed.Change) {
	f.metrics.notifications.Inc()
	mustRead := changes == nil
	if changes == nil {
		f.log.Warn("notification is unreadable, polling instead",
			"hint", "does a newer version write to this database?")
	} else {
		var newChanges []changefeed.Change
		newChanges, mustRead = f.applier.notified(changes)
		f.observe(newChanges)
	}
	if mustRead {
		f.pollSoon()
	}
}

// pollSoon brings the next poll forward: to now, or to a short time after the last.
func (f *Feed) pollSoon() {
	gap := minPollGap + time.Duration(f.random()*float64(maxPollGap-minPollGap))
	if soon := f.polled.Add(gap); soon.Before(f.due) {
		f.due = soon
	}
}

// reportMissed counts and logs missed notifications. It is called when every
// notification that was sent before the wait has been received. While none are to be expected,
// none are missed.
func (f *Feed) reportMissed() {
	if !f.hears() {
		f.expectNothing()
	}
	if missed := f.applier.missed(time.Now(), f.notificationTimeout()); len(missed) > 0 {
		f.metrics.foundByPoll.Add(float64(len(missed)))
		f.log.Warn("changes were found by a poll only; did their writer die before it notified?",
			"count", len(missed), "entity", missed[0].entity, "key", missed[0].key, "xid", missed[0].xid)
	}
}

// reportUnfounded counts and logs changes that were notified and never made.
func (f *Feed) reportUnfounded(ctx context.Context, unfounded []changefeed.Change) {
	if len(unfounded) == 0 {
		return
	}
	f.metrics.unfounded.Add(float64(len(unfounded)))
	f.log.WarnContext(ctx, "notifications told of changes that were never made; the rows were read again",
		"count", len(unfounded), "entity", unfounded[0].Entity, "key", unfounded[0].Key, "xid", unfounded[0].Xid)
}

// forgeryLogInterval is the time between two warnings of forged notifications.
const forgeryLogInterval = time.Minute

// reportForged counts a notification that somebody forged; the log has one warning a minute.
func (f *Feed) reportForged(ctx context.Context) {
	f.metrics.forged.Inc()
	if f.forged++; time.Now().Before(f.forgedAfter) {
		return
	}
	f.log.WarnContext(ctx, "notifications were ignored that nobody signed with the database's key; "+
		"whoever may connect can send them", "count", f.forged)
	f.forged, f.forgedAfter = 0, time.Now().Add(forgeryLogInterval)
}

// observe measures the age of changes that have just been applied.
func (f *Feed) observe(newChanges []changefeed.Change) {
	now := f.Now()
	for _, ch := range newChanges {
		f.metrics.propagation.Observe(max(0, now.Sub(ch.At).Seconds()))
	}
}

// schedule sets the time of the next poll; a notification may bring it forward.
func (f *Feed) schedule(silent bool) {
	interval := f.config.Heartbeat
	if f.config.PollOnly || silent {
		interval = f.config.PollInterval
	}
	f.polled = time.Now()
	f.due = f.polled.Add(time.Duration(float64(interval) * (0.9 + 0.2*f.random())))
}
