package fanout

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"

	"playersync/syncer/changefeed"
)

// places is how many sidecars forward: the second goes on while a new one is found for the
// first.
const places = 2

// signOfLife is when a forwarder was last heard.
type signOfLife struct {
	at      time.Time // local, monotonic; zero: never
	given   time.Time // by the database's clock
	session uint32    // of the forwarder
}

// entityForwarder is what a sign of life is about. It has the form of a notification of a
// change that concerns no table.
const entityForwarder = "forwarder"

// sign is a sign of life as it travels, in a list of one.
type sign struct {
	Entity  string `json:"e"`
	Place   string `json:"k"`
	Session uint32 `json:"s"` // random: the connection on which the forwarder listens
	Micros  int64  `json:"t"` // since 1970, by the database's clock
}

// hear takes in a sign of life. It reports whether that is genuine; one that is old, because
// somebody has kept it, is ignored. The first of a session tells that nobody may have forwarded
// before it.
func (f *Fanout) hear(payload string) (genuine bool) {
	message, genuine := f.source.Verify(payload)
	if !genuine {
		return false
	}
	var signs []sign
	if err := json.Unmarshal([]byte(message), &signs); err != nil || len(signs) != 1 {
		return true // a newer version sent it
	}
	place, err := strconv.Atoi(signs[0].Place)
	if err != nil || place < 0 || place >= places {
		return true
	}
	given := time.UnixMicro(signs[0].Micros)
	age := f.source.Now().Sub(given)
	f.mu.Lock()
	defer f.mu.Unlock()
	if known := &f.heard[place]; given.After(known.given) && age < 2*f.config.Heartbeat {
		if signs[0].Session != known.session && !f.lastHeard().IsZero() {
			f.miss()
		}
		*known = signOfLife{at: time.Now(), given: given, session: signs[0].Session}
	}
	return true
}

// lastHeard returns when any forwarder was last heard. The caller holds f.mu.
func (f *Fanout) lastHeard() (last time.Time) {
	for _, s := range f.heard {
		if s.at.After(last) {
			last = s.at
		}
	}
	return last
}

// vacant returns the places whose forwarders have not been heard for a heartbeat.
func (f *Fanout) vacant() (slots []int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.conn == nil || !f.conn.IsConnected() || f.epoch == "" {
		return nil
	}
	for place, s := range f.heard {
		if time.Since(s.at) > f.config.Heartbeat {
			slots = append(slots, place)
		}
	}
	return slots
}

// stand takes the place of a forwarder whenever one is vacant, and forwards while it has it.
// The more often that fails, the longer it waits.
func (f *Fanout) stand(ctx context.Context, to *nats.Conn) {
	const mostDoublings = 5
	for failures := 0; f.sleep(ctx, f.config.Heartbeat/2<<min(failures, mostDoublings)); {
		vacant := f.vacant()
		if len(vacant) == 0 {
			failures = 0
			continue
		}
		failures++
		err := f.forwardAny(ctx, to, vacant)
		if err != nil && ctx.Err() == nil {
			f.log.DebugContext(ctx, "does not forward notifications", "reason", err)
		}
		if err == nil {
			failures = 0
		}
	}
}

var (
	errNoPlace   = errors.New("the places of forwarders are taken")
	errAway      = errors.New("NATS is away")
	errElsewhere = errors.New("the feed follows another database by now")
)

// forwardAny forwards in one of the vacant places, if one is free, until it is lost.
func (f *Fanout) forwardAny(ctx context.Context, to *nats.Conn, vacant []int) error {
	asking, cancel := context.WithTimeout(ctx, f.config.Timeout)
	defer cancel()
	free, err := f.source.FreeForwarderSlots(asking, vacant)
	if err != nil {
		return err
	}
	if len(free) == 0 {
		return errNoPlace
	}
	place := free[int(f.random()*float64(len(free)))]
	conn, err := f.source.OpenForward(asking, place)
	if err != nil {
		return err
	}
	defer conn.Close()
	f.setForwarding(true)
	defer f.setForwarding(false)
	f.log.InfoContext(ctx, "forwarding notifications to NATS", "place", place)
	if err = f.forward(ctx, conn, to, place); ctx.Err() == nil {
		f.log.WarnContext(ctx, "does not forward notifications any more", "place", place, "reason", err)
	}
	return nil
}

// forward passes on what the connection brings, until it breaks or NATS is gone.
func (f *Fanout) forward(ctx context.Context, conn Conn, to *nats.Conn, place int) error {
	sign := sign{Entity: entityForwarder, Place: strconv.Itoa(place), Session: rand.Uint32()}
	for {
		epoch, err := f.giveSign(ctx, conn, to, sign)
		if err != nil {
			return err
		}
		beat, cancel := context.WithTimeout(ctx, f.config.Heartbeat/2)
		err = f.passOn(beat, conn, to, epoch)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return err
		}
	}
}

// giveSign tells the others that this sidecar forwards, if it can.
func (f *Fanout) giveSign(ctx context.Context, conn Conn, to *nats.Conn, s sign) (changefeed.Epoch, error) {
	checking, cancel := context.WithTimeout(ctx, f.config.Timeout)
	defer cancel()
	epoch, now, err := conn.Check(checking)
	switch {
	case err != nil:
		return "", err
	case epoch != f.followed():
		return "", errElsewhere
	case !to.IsConnected():
		return "", errAway
	}
	s.Micros = now.UnixMicro()
	message, err := json.Marshal([]sign{s})
	if err != nil {
		return "", fmt.Errorf("encode a sign of life: %w", err)
	}
	if payload, ok := f.source.Sign(string(message)); ok {
		f.publish(to, epoch, partForwarder, payload)
	}
	return epoch, nil
}

// passOn publishes notifications until ctx ends or the connection does.
func (f *Fanout) passOn(ctx context.Context, conn Conn, to *nats.Conn, epoch changefeed.Epoch) error {
	for {
		payload, err := conn.Wait(ctx)
		switch {
		case errors.Is(err, changefeed.ErrForged):
			f.metrics.forged.Inc()
		case err != nil:
			return err
		default:
			f.publish(to, epoch, partChanges, payload)
		}
	}
}

func (f *Fanout) setForwarding(forwarding bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.forwarding = forwarding
}
