package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"playersync/syncer/events"
)

// stream sends events as they come until the client goes, falls behind, or the
// server shuts down. ctx ends with either.
func (s *Server) stream(ctx context.Context, w http.ResponseWriter, i *interest) {
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	h.Set(headerLastEvent, i.After)
	out := &eventWriter{w: w, controller: http.NewResponseController(w), timeout: s.config.WriteTimeout}

	subscription := s.deps.Events.Subscribe(i.After)
	defer subscription.Close()
	w.WriteHeader(http.StatusOK)
	err := out.position(i.After)
	for seen := i.After; err == nil; {
		var n events.Numbered
		n, err = next(ctx, subscription, s.config.Heartbeat)
		switch {
		case errors.Is(err, context.DeadlineExceeded):
			// Also tells the position behind events that were not wanted.
			err = out.position(seen)
		case err == nil && i.wants(n.Event):
			seen = n.ID
			err = out.event(n.ID, string(n.Event.Type), s.appendEventData(out.data[:0], n.Event, i.from))
		case err == nil:
			seen = n.ID
		}
	}
	if slow := errors.Is(err, events.ErrLagging) || errors.Is(err, errSlow); slow {
		s.metrics.cut.Inc()
		s.deps.Log.Info("event stream cut off: the subscriber is too slow", "server", i.from.Name)
	}
}

// next waits for an event, at most for the given time.
func next(ctx context.Context, subscription *events.Subscription, most time.Duration) (events.Numbered, error) {
	bounded, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	n, err := subscription.Next(bounded)
	if ctx.Err() != nil {
		return n, context.Cause(ctx)
	}
	return n, err
}

// errSlow reports a client that did not take an event in time.
var errSlow = errors.New("write event: subscriber does not read")

// eventWriter writes server-sent events, each with a deadline of its own.
type eventWriter struct {
	w          http.ResponseWriter
	controller *http.ResponseController
	timeout    time.Duration
	frame      []byte // reused
	data       []byte // reused by the caller for the event's data
}

// event sends one event. The data holds no line break, since it is JSON.
func (o *eventWriter) event(id, kind string, data []byte) error {
	o.data = data
	b := append(append(o.frame[:0], "id: "...), id...)
	b = append(append(b, "\nevent: "...), kind...)
	b = append(append(b, "\ndata: "...), data...)
	return o.flush(append(b, "\n\n"...))
}

// position sends a comment as a sign of life, and the position: an id without data
// makes a client remember it without an event.
func (o *eventWriter) position(id string) error {
	b := append(append(o.frame[:0], ":\nid: "...), id...)
	return o.flush(append(b, "\n\n"...))
}

func (o *eventWriter) flush(frame []byte) error {
	o.frame = frame
	// A writer without deadlines, as in a test, is trusted.
	_ = o.controller.SetWriteDeadline(time.Now().Add(o.timeout))
	_, err := o.w.Write(frame)
	if err == nil {
		err = o.controller.Flush()
	}
	var timeout interface{ Timeout() bool }
	if errors.As(err, &timeout) && timeout.Timeout() {
		return errSlow
	}
	return err
}
