package feed

import (
	"context"
	"log/slog"
	"time"

	"playersync/syncer/changefeed"
)

// Fanout brings notifications by another way than the connection, which then need not
// listen. They are believed no more than others are. The feed's goroutine uses it.
type Fanout interface {
	// Follow says which database is followed: notifications of others are not for this
	// feed. It is called after each poll.
	Follow(epoch changefeed.Epoch)

	// Next returns the next notification, for [Conn.Decode]. When some may have been lost,
	// or begin to, it fails with [changefeed.ErrMissed]; and with ctx's error once ctx ends,
	// after what has arrived already.
	Next(ctx context.Context) (payload string, err error)

	// Silence says why notifications are not to be expected at present; "": they are.
	// Until they are, the feed polls as if there were none.
	Silence() string
}

// notificationTimeout is how long after the poll that found a change its notification may still
// arrive. Over a fan-out, that nobody forwarded it shows after two heartbeats.
func (f *Feed) notificationTimeout() time.Duration {
	if f.fanout == nil {
		return notificationTimeout
	}
	return notificationTimeout + 2*f.config.Heartbeat
}

// hears reports whether what commits from now on is notified.
func (f *Feed) hears() bool { return f.fanout == nil || f.fanout.Silence() == "" }

// silence reports whether notifications are not to be expected before the next poll, and
// tells of it when that changes.
func (f *Feed) silence(ctx context.Context) bool {
	if f.fanout == nil {
		return false
	}
	f.fanout.Follow(f.epoch)
	reason := f.fanout.Silence()
	before := f.state.silent(reason)
	switch reason {
	case before:
	case "":
		f.log.InfoContext(ctx, "notifications come by the fan-out", "after", before)
		f.heard = true
	default:
		level := slog.LevelWarn
		if !f.heard {
			level = slog.LevelInfo // the fan-out is starting as well
		}
		f.log.Log(ctx, level, "no notifications by the fan-out; polling instead",
			"reason", reason, "every", f.config.PollInterval)
	}
	return reason != ""
}

// expectNothing stops waiting for notifications: they may have been lost.
func (f *Feed) expectNothing() {
	f.missed = true
	f.applier.reconnected()
}

// keyInterval is the time between two reads of the key that forged notifications lead to.
const keyInterval = time.Second

// doubtKey has the key read again before long: who sent a notification that looks forged
// may know a newer one. A connection that listens does so by itself.
func (f *Feed) doubtKey() {
	if f.fanout == nil {
		return
	}
	f.doubtsKey = true
	if soon := f.polled.Add(keyInterval); soon.Before(f.due) {
		f.due = soon
	}
}

// renewKey reads the key again if it is in doubt.
func (f *Feed) renewKey(ctx context.Context, conn Conn) error {
	if !f.doubtsKey {
		return nil
	}
	f.doubtsKey = false
	return f.bounded(ctx, f.config.StatementTimeout, conn.ReadKey)
}
