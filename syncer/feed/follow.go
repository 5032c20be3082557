package feed

import (
	"context"
	"errors"
	"fmt"
	"time"

	"playersync/syncer"
)

// Polls in quick succession keep a random distance between these two.
const (
	minPace = 20 * time.Millisecond
	maxPace = 50 * time.Millisecond
)

// errDue reports that it is time to poll.
var errDue = errors.New("poll is due")

// follow is the steady loop: it returns with the fault that ends the connection,
// or when ctx ends.
func (f *Feed) follow(ctx context.Context, conn Conn) error {
	for {
		changes, err := f.wait(ctx, conn)
		switch {
		case err == nil:
			f.notified(changes)
		case errors.Is(err, errDue):
			if err := f.poll(ctx, conn); err != nil {
				return err
			}
		default:
			return fmt.Errorf("wait for notifications: %w", err)
		}
	}
}

// wait returns the next notification, or errDue.
func (f *Feed) wait(ctx context.Context, conn Conn) ([]syncer.Change, error) {
	until := time.Until(f.due)
	if until <= 0 {
		return nil, errDue
	}
	if f.config.PollOnly {
		sleep(ctx, until)
		return nil, errDue // a poll under an ended ctx fails
	}
	waitCtx, cancel := context.WithDeadline(ctx, f.due)
	defer cancel()
	changes, err := conn.Wait(waitCtx)
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil && waitCtx.Err() != nil {
		f.idle()
		return nil, errDue
	}
	return changes, err
}

// notified applies a notification, and brings the next poll forward if that left
// something to read.
func (f *Feed) notified(changes []syncer.Change) {
	f.metrics.notifications.Inc()
	mustRead := changes == nil
	if changes == nil {
		f.log.Warn("notification is unreadable, polling instead", "hint", "does a newer version write to this database?")
	} else {
		var news []syncer.Change
		news, mustRead = f.applier.notified(changes)
		f.observe(news)
	}
	if mustRead {
		pace := minPace + time.Duration(f.random()*float64(maxPace-minPace))
		if soon := f.polled.Add(pace); soon.Before(f.due) {
			f.due = soon
		}
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
func (f *Feed) observe(news []syncer.Change) {
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
