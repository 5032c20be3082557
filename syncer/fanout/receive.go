package fanout

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/nats-io/nats.go"

	"playersync/syncer/changefeed"
)

// The last parts of subjects; see the package comment.
const (
	partChanges   = "changes"
	partForwarder = "forwarder"
	partAny       = "*"
)

// subject returns where what concerns an epoch is sent.
func subject(epoch changefeed.Epoch, part string) string {
	sum := sha256.Sum256([]byte(epoch))
	return "playersync." + hex.EncodeToString(sum[:16]) + "." + part
}

// Follow implements feed.Fanout.
func (f *Fanout) Follow(epoch changefeed.Epoch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if epoch == f.epoch {
		return
	}
	if f.subscription != nil {
		_ = f.subscription.Unsubscribe() // the connection is closing then
		f.subscription = nil
	}
	f.epoch, f.inbox, f.heard = epoch, make(chan *nats.Msg, maxReceived), [places]signOfLife{}
	f.subscribe()
}

// subscribe lets the epoch's messages come in. The caller holds f.mu.
func (f *Fanout) subscribe() {
	if f.conn == nil || f.epoch == "" {
		return
	}
	var err error
	if f.subscription, err = f.conn.ChanSubscribe(subject(f.epoch, partAny), f.inbox); err != nil {
		f.subscription, f.failure = nil, err.Error()
	}
}

// Next implements feed.Fanout.
func (f *Fanout) Next(ctx context.Context) (payload string, err error) {
	f.mu.Lock()
	inbox := f.inbox
	f.mu.Unlock()
	for {
		var message *nats.Msg
		select {
		case message = <-inbox: // also after ctx has ended
		default:
			select {
			case message = <-inbox:
			case <-f.missed:
				return "", changefeed.ErrMissed
			case <-ctx.Done():
				return "", f.ended(ctx)
			}
		}
		payload = string(message.Data)
		if !strings.HasSuffix(message.Subject, "."+partForwarder) || !f.hear(payload) {
			return payload, nil
		}
	}
}

// ended says why a wait ended without a message: ctx did, and perhaps something was lost as well.
func (f *Fanout) ended(ctx context.Context) error {
	select {
	case <-f.missed:
		return changefeed.ErrMissed
	default:
		return ctx.Err()
	}
}

// Silence implements feed.Fanout.
func (f *Fanout) Silence() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.conn == nil || !f.conn.IsConnected():
		return "NATS is away: " + f.failure
	case f.subscription == nil || !f.subscription.IsValid():
		return "NATS brings nothing: " + f.failure
	case f.forbidden != "":
		return "NATS does not permit what is needed, playersync.>: " + f.forbidden
	case time.Since(f.lastHeard()) > 2*f.config.Heartbeat:
		return "no sidecar is heard that forwards notifications to NATS"
	}
	return ""
}
