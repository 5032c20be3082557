package demo

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"time"

	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
)

// waitTimeout is how long a chapter waits for what should take milliseconds, also on a
// machine that has much else to do.
const waitTimeout = time.Minute

// Event is something that a game server was told.
type Event struct {
	At      time.Time // when the line arrived
	Type    changefeed.EventType
	Player  wire.PlayerEvent  // of a player event
	Ban     wire.BanEvent     // of a ban event
	Balance wire.BalanceEvent // of a balance event
}

// stream reads a sidecar's server-sent events and keeps them.
type stream struct {
	body io.Closer
	stop context.CancelFunc
	done chan struct{}

	mu     sync.Mutex
	events []Event
	err    error         // why it ended
	more   chan struct{} // closed when there are more events, or none will come
}

// follow opens the event stream. It lives until close, not until ctx ends.
func (g *GameServer) follow(ctx context.Context) (*stream, error) {
	ctx, stop := context.WithCancel(context.WithoutCancel(ctx))
	response, err := g.do(ctx, http.MethodGet, "/v1/events", nil) //nolint:bodyclose // stream.close does
	if err != nil {
		stop()
		return nil, err
	}
	s := &stream{body: response.Body, stop: stop, done: make(chan struct{}), more: make(chan struct{})}
	go func() {
		defer close(s.done)
		err := s.read(bufio.NewReader(response.Body))
		s.keep(func() { s.err = fmt.Errorf("%s: read events: %w", g.Name, err) })
	}()
	return s, nil
}

func (s *stream) close() {
	s.stop()
	<-s.done
	_ = s.body.Close()
}

// read takes events from the stream until it ends.
func (s *stream) read(from *bufio.Reader) error {
	var e Event
	for {
		line, err := from.ReadString('\n')
		if err != nil {
			return err
		}
		name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ": ")
		switch {
		case name == "event":
			e = Event{At: time.Now(), Type: changefeed.EventType(value)}
		case name == "data" && e.Type == changefeed.EventPlayer:
			err = json.Unmarshal([]byte(value), &e.Player)
		case name == "data" && e.Type == changefeed.EventBan:
			err = json.Unmarshal([]byte(value), &e.Ban)
		case name == "data" && e.Type == changefeed.EventBalance:
			err = json.Unmarshal([]byte(value), &e.Balance)
		case name == "" && e.Type != "":
			s.keep(func() { s.events = append(s.events, e) })
			e = Event{}
		}
		if err != nil {
			return fmt.Errorf("decode event: %w", err)
		}
	}
}

// keep changes what is known and wakes those who wait.
func (s *stream) keep(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
	close(s.more)
	s.more = make(chan struct{})
}

// after returns the events behind a position, and what to wait on for more.
func (s *stream) after(position int) ([]Event, <-chan struct{}, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.events) == position && s.err != nil {
		return nil, nil, s.err
	}
	return s.events[position:], s.more, nil
}

// Mark is a moment in the events of one server.
type Mark struct {
	server   *GameServer
	position int
}

// Mark marks the present moment.
func (g *GameServer) Mark() Mark {
	g.stream.mu.Lock()
	defer g.stream.mu.Unlock()
	return Mark{g, len(g.stream.events)}
}

// Until returns when the first event behind the mark arrived that matches. An
// error names what was waited for.
func (m Mark) Until(ctx context.Context, what string, match func(Event) bool) (time.Time, error) {
	ctx, cancel := context.WithTimeout(ctx, waitTimeout)
	defer cancel()
	for {
		events, more, err := m.server.stream.after(m.position)
		if err != nil {
			return time.Time{}, err
		}
		for _, e := range events {
			if match(e) {
				return e.At, nil
			}
		}
		m.position += len(events)
		select {
		case <-more:
		case <-ctx.Done():
			if errors.Is(ctx.Err(), context.DeadlineExceeded) {
				return time.Time{}, fmt.Errorf("%s was not told within %s: %s", m.server.Name, waitTimeout, what)
			}
			return time.Time{}, ctx.Err()
		}
	}
}
