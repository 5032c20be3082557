package httpapi

import (
	"context"
	"errors"
	"net/http"
	"time"

	"playersync/syncer/events"
)

// maxPolled bounds the events of one long poll's answer; the client asks again
// at once for the rest.
const maxPolled = 256

// poll answers with the events behind i.After as one JSON array, as soon as there
// is a wanted one, or with none when the time is over.
func (s *Server) poll(ctx context.Context, w http.ResponseWriter, r *http.Request, i *interest) {
	// The server's own time-out for writing is shorter than a poll may wait. A
	// writer without deadlines, as in a test, is trusted.
	_ = http.NewResponseController(w).SetWriteDeadline(time.Now().Add(i.Wait.value.Duration + s.config.WriteTimeout))

	bounded, cancel := context.WithTimeout(ctx, i.Wait.value.Duration)
	defer cancel()
	found, seen, err := s.wanted(bounded, i)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	body := []byte{'['}
	for n, event := range found {
		if n > 0 {
			body = append(body, ',')
		}
		body = s.appendPollEvent(body, event, i.from)
	}
	w.Header().Set(headerLastEvent, seen)
	writeBody(w, http.StatusOK, typeJSON, append(body, ']'))
}

// wanted returns the events that the client wants, at least one unless ctx ends,
// and the position behind all that were looked at.
func (s *Server) wanted(ctx context.Context, i *interest) (found []events.Numbered, seen string, err error) {
	seen = i.After
	for len(found) == 0 {
		batch, err := s.deps.Events.Since(ctx, seen, maxPolled)
		switch {
		case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled), errors.Is(err,
			events.ErrClosed):
			return nil, seen, nil // the time is over, or the server shuts down
		case err != nil:
			return nil, seen, err
		}
		for _, n := range batch {
			seen = n.ID
			if i.wants(n.Event) {
				found = append(found, n)
			}
		}
	}
	return found, seen, nil
}
