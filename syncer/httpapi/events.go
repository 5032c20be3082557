package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/events"
)

// maxWait bounds a long poll.
const maxWait = time.Minute

// LongPollEvent is one event in the answer of a long poll; an SSE event carries
// the same in its fields id, event and data.
type LongPollEvent struct {
	ID   string               `json:"id" doc:"Position of the event."`
	Type changefeed.EventType `json:"type" enum:"player,balance,ban,chat,presence,resync" doc:"What it is about."`
	Data eventData            `json:"data" doc:"A PlayerEvent, a BalanceEvent, a BanEvent, a StaffMessage, a PresenceEvent, or an empty object for a resync."`
}

// eventData stands for the forms of an event's data in the OpenAPI document.
type eventData struct{}

// Schema describes them.
func (eventData) Schema(r huma.Registry) *huma.Schema {
	return &huma.Schema{OneOf: []*huma.Schema{
		r.Schema(reflect.TypeFor[PlayerEvent](), true, "PlayerEvent"),
		r.Schema(reflect.TypeFor[BalanceEvent](), true, "BalanceEvent"),
		r.Schema(reflect.TypeFor[BanEvent](), true, "BanEvent"),
		r.Schema(reflect.TypeFor[StaffMessage](), true, "StaffMessage"),
		r.Schema(reflect.TypeFor[PresenceEvent](), true, "PresenceEvent"),
		{Type: huma.TypeObject, Description: "Of a resync: empty.", AdditionalProperties: false},
	}}
}

func (s *Server) registerEvents() {
	wait := textSchema("", "25s", 16)
	after := textSchema("", exampleEventID, 128)
	s.route(s.describe(document{
		method: http.MethodGet, path: "/v1/events", id: "get-events", tag: tagEvents, asServer: true,
		summary: "Follow changes",
		description: "Server-sent events of the types `player`, `balance`, `ban`, `chat` (the staff chat), `presence` (a player came to a server or left it) and `resync`, each after it was applied in this sidecar's memory. " +
			"A client that comes back with Last-Event-ID goes on where it was, as far as the buffer reaches back; else it gets a `resync`: " +
			"read again what you keep. A subscriber that is too slow is cut off. A comment is sent when nothing happens for 15 s.\n\n" +
			"With `wait` the answer is one JSON array instead, as soon as there is an event, or empty when the time is over; " +
			"go on with `after` set to the header " + headerLastEvent + ".",
		parameters: []*huma.Param{
			{Name: "Last-Event-ID", In: "header", Description: "Position to go on behind; wins over `after`.", Schema: after},
			queryParameter("after", "Position to go on behind. Absent: what happens from now on.", after, false),
			queryParameter("types", "Comma-separated types to send; a resync is always sent.", textSchema("", "player,ban", 64), false),
			queryParameter("wait", "Long poll: answer as JSON after at most this time, 0s to 60s.", wait, false),
		},
		replies: []reply{{
			http.StatusOK, "With `wait` a JSON array as described here, else a stream (text/event-stream) of the same events.",
			reflect.TypeFor[[]LongPollEvent](), exampleEvents(),
			[]string{headerLastEvent},
			"",
		}},
		refusals: []int{http.StatusBadRequest, http.StatusServiceUnavailable},
	}), s.serveEvents)
}

// interest is what one client wants to hear.
type interest struct {
	from    syncer.GameServer
	after   string
	types   []changefeed.EventType // empty: all
	wait    time.Duration
	polling bool
}

// wants reports whether an event is to be sent. A resync always is: it says that
// any of the others may have been missed.
func (i interest) wants(e changefeed.Event) bool {
	return e.Type == changefeed.EventResync || len(i.types) == 0 || slices.Contains(i.types, e.Type)
}

func (s *Server) readInterest(r *http.Request) (i interest, err error) {
	q, err := parameters(r, "after", "types", "wait")
	if err != nil {
		return i, err
	}
	if i.from, err = gameServer(r.Header, s.deps.Players.Home()); err != nil {
		return i, err
	}
	i.after = q.values.Get("after")
	if id := r.Header.Get("Last-Event-ID"); id != "" {
		i.after = id
	}
	if q.values.Has("types") {
		i.types = q.eventTypes()
	}
	if q.values.Has("wait") {
		i.polling, i.wait = true, q.waitTime()
	}
	return i, q.err()
}

func (q *query) eventTypes() []changefeed.EventType {
	var types []changefeed.EventType
	for name := range strings.SplitSeq(q.values.Get("types"), ",") {
		switch t := changefeed.EventType(name); t {
		case changefeed.EventPlayer, changefeed.EventBalance, changefeed.EventBan, changefeed.EventChat, changefeed.EventPresence, changefeed.EventResync:
			types = append(types, t)
		default:
			q.fault("types", "must be a comma-separated list of player, balance, ban, chat, presence and resync")
			return nil
		}
	}
	return types
}

func (q *query) waitTime() time.Duration {
	wait, err := time.ParseDuration(q.values.Get("wait"))
	if err != nil || wait < 0 || wait > maxWait {
		q.fault("wait", "must be a duration from 0s to 60s, such as 25s")
	}
	return wait
}

func (s *Server) serveEvents(w http.ResponseWriter, r *http.Request) {
	i, err := s.readInterest(r)
	if err != nil {
		s.fail(w, r, err)
		return
	}
	select {
	case s.streams <- struct{}{}:
		defer func() { <-s.streams }()
	default:
		p := newProblem(http.StatusServiceUnavailable, codeBusy, "%d event streams are open already", cap(s.streams))
		p.header = http.Header{"Retry-After": {"5"}}
		p.write(w)
		return
	}
	if o, ok := w.(*observation); ok {
		o.stream = true
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(s.closing, cancel)()
	if i.after == "" {
		i.after = s.deps.Events.LastID()
	}
	if i.polling {
		s.poll(ctx, w, r, i)
		return
	}
	s.stream(ctx, w, i)
}

// appendEventData appends the data of an event as one line of JSON.
func (s *Server) appendEventData(b []byte, e changefeed.Event, from syncer.GameServer) []byte {
	switch e.Type {
	case changefeed.EventPlayer:
		return s.appendPlayerEvent(b, e, from)
	case changefeed.EventBan:
		uuid, ip := e.Target.Fields()
		return appendJSON(b, BanEvent{UUID: uuid, IP: ip, Banned: e.Banned, ExpiresAt: e.ExpiresAt})
	case changefeed.EventBalance:
		event := BalanceEvent{UUID: e.ID}
		if e.Balances != nil {
			event.Balances = *e.Balances
		}
		return appendJSON(b, event)
	case changefeed.EventChat:
		return appendJSON(b, staffMessageOf(*e.Message))
	case changefeed.EventPresence:
		return appendJSON(b, PresenceEvent{sessionOf(*e.Session), e.Online})
	default:
		return append(b, "{}"...)
	}
}

func (s *Server) appendPlayerEvent(b []byte, e changefeed.Event, from syncer.GameServer) []byte {
	event := PlayerEvent{UUID: e.ID, Gone: e.Gone}
	if e.Player != nil {
		record := recordOf(s.deps.Players.View(from, e.Player), s.deps.Players.Now())
		event.Player, event.Revision = &record, e.Player.Revision
	}
	return appendJSON(b, event)
}

// appendPollEvent appends one event as an item of a long poll's array.
func (s *Server) appendPollEvent(b []byte, n events.Numbered, from syncer.GameServer) []byte {
	b = appendText(append(b, `{"id":`...), n.ID)
	b = appendText(append(b, `,"type":`...), string(n.Event.Type))
	b = s.appendEventData(append(b, `,"data":`...), n.Event, from)
	return append(b, '}')
}
