package httpapi

import (
	"context"
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/events"
	"playersync/syncer/httpapi/wire"
)

// registerEvents adds the operation that tells what happens.
func (s *Server) registerEvents() {
	declare(s, route{
		http.MethodGet, pathEvents, "get-events", tagEvents,
		"Follow changes",
		"Server-sent events of the types `player`, `balance`, `ban`, `chat` (the staff chat), `presence` (a player " +
			"came to a server or left it), `kick` (somebody wants a player kicked), `antibot` (a name pattern was " +
			"set or cleared), `blacklist` (an address was blacklisted, or is not any more), `moderation` (an entry " +
			"of the moderation log) and `resync`, each after it was applied in this sidecar's memory. " +
			"A client that comes back with Last-Event-ID goes on where it was, as far as the buffer reaches back; " +
			"else it gets a `resync`: " +
			"read again what you keep. A subscriber that is too slow is cut off. A comment is sent when nothing " +
			"happens for 15 s.\n\n" +
			"With `wait` the answer is one JSON array instead, as soon as there is an event, or empty when the time " +
			"is over; " +
			"go on with `after` set to the header " + headerLastEvent + ".",
		replies{
			200: "With `wait` a JSON array as described here, else a stream (text/event-stream) of the same events.",
		},
		[]int{http.StatusServiceUnavailable},
	}, s.followEvents)
}

const (
	pathEvents      = "/v1/events"
	headerLastEvent = "Syncer-Last-Event-ID"
)

// exampleEvents is what a stream looks like.
const exampleEvents = "id: K3XQ7A-1842\nevent: ban\n" +
	`data: {"uuid":null,"ip":"198.51.100.0/24","banned":true,"expiresAt":null}` + "\n\n"

// interest is what one client subscribes to.
type interest struct {
	Asking
	LastEventID string          `header:"Last-Event-ID" maxLength:"128" example:"K3XQ7A-1841" doc:"Position to go on behind; wins over after."`
	After       string          `query:"after" maxLength:"128" example:"K3XQ7A-1841" doc:"Position to go on behind. Absent: what happens from now on."`
	Types       eventTypes      `query:"types" minLength:"1" maxLength:"128" example:"player,ban" doc:"Comma-separated types to send; a resync is always sent."`
	Wait        given[waitTime] `query:"wait" minLength:"1" maxLength:"16" example:"25s" doc:"Long poll: answer as JSON after at most this time, 0s to 60s."`
}

// wants reports whether an event is to be sent. A resync always is: it says that
// any of the others may have been missed.
func (i *interest) wants(e changefeed.Event) bool {
	return e.Type == changefeed.EventResync || len(i.Types.types) == 0 || slices.Contains(i.Types.types, e.Type)
}

// eventTypes are types of events in a query, with commas between them.
type eventTypes struct{ types []changefeed.EventType }

// UnmarshalText reads the list.
func (t *eventTypes) UnmarshalText(text []byte) error {
	for name := range strings.SplitSeq(string(text), ",") {
		kind := changefeed.EventType(name)
		if !slices.Contains(changefeed.EventTypes, kind) {
			return errors.New("must be a comma-separated list of " + changefeed.EventTypeList(", "))
		}
		t.types = append(t.types, kind)
	}
	return nil
}

// waitTime is how long a poll waits.
type waitTime struct{ time.Duration }

// maxWait bounds a long poll.
const maxWait = time.Minute

// UnmarshalText reads the time.
func (t *waitTime) UnmarshalText(text []byte) (err error) {
	if t.Duration, err = time.ParseDuration(string(text)); err != nil {
		t.Duration, err = syncer.ParseDuration(string(text))
	}
	if err != nil || t.Duration < 0 || t.Duration > maxWait {
		return errors.New("must be a duration from 0s to 60s, such as 25s")
	}
	return nil
}

// eventsResult is a stream, or the answer of a poll.
type eventsResult struct {
	LastEventID string `header:"Syncer-Last-Event-ID" example:"K3XQ7A-1841" doc:"The position to go on behind: the next request's after."`
	Body        func(huma.Context)
}

// body returns what the document says of the body.
func (eventsResult) body() reflect.Type { return reflect.TypeFor[[]wire.LongPollEvent]() }

func (s *Server) followEvents(_ context.Context, i *interest) (*eventsResult, error) {
	if i.LastEventID != "" {
		i.After = i.LastEventID
	}
	return &eventsResult{Body: func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		s.serveEvents(w, r, i)
	}}, nil
}

func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request, i *interest) {
	free, refused := s.streams.take(callerOf(r))
	if refused != nil {
		refused.write(w)
		return
	}
	defer free()
	if o, ok := w.(*observation); ok {
		o.stream = true
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	if i.After == "" {
		i.After = s.deps.Events.LastID()
	}
	if i.Wait.set {
		s.poll(ctx, w, r, i)
		return
	}
	s.stream(ctx, w, i)
}

// appendEventData appends the data of an event as one line of JSON.
func (s *Server) appendEventData(b []byte, e changefeed.Event, from syncer.GameServer) []byte {
	return appendJSON(b, s.eventData(e, from))
}

func (s *Server) eventData(e changefeed.Event, from syncer.GameServer) wire.EventData {
	switch e.Type {
	case changefeed.EventPlayer:
		event := wire.PlayerEvent{UUID: e.ID, Gone: e.Gone}
		if e.Player != nil {
			event.Player, event.Revision = new(wire.RecordOf(s.deps.Players.View(from, e.Player),
				s.deps.Players.Now())), e.Player.Revision
		}
		return event
	case changefeed.EventBan:
		event := wire.BanEventOf(e)
		if e.Banned {
			event.Online = s.deps.Players.Met(from, e.Target)
		}
		return event
	case changefeed.EventBalance:
		event := wire.BalanceEvent{UUID: e.ID}
		if e.Balances != nil {
			event.Balances = *e.Balances
		}
		return event
	case changefeed.EventChat:
		return wire.StaffMessageOf(*e.Message)
	case changefeed.EventPresence:
		return wire.PresenceEvent{Session: wire.SessionOf(*e.Session), Online: e.Online}
	case changefeed.EventKick:
		here := slices.Contains(s.deps.Players.Met(from, syncer.TargetID(e.ID)), e.ID)
		return wire.KickEventOf(*e.Kick, here)
	case changefeed.EventAntibot, changefeed.EventBlacklist, changefeed.EventModeration:
		return wire.EventRowOf(e.Row)
	default:
		return wire.Resync{}
	}
}

// appendPollEvent appends one event as an item of a long poll's array.
func (s *Server) appendPollEvent(b []byte, n events.Numbered, from syncer.GameServer) []byte {
	return appendJSON(b, wire.LongPollEvent{ID: n.ID, Type: n.Event.Type, Data: s.eventData(n.Event, from)})
}
