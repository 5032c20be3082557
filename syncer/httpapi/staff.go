package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// registerStaff adds the operations on the staff chat.
func (s *Server) registerStaff() {
	register(s, s.messagesOperation())
	register(s, s.sendOperation())
}

// StaffMessage is one message of the staff chat.
type StaffMessage struct {
	ID      int64       `json:"id" doc:"Number; higher is later."`
	SentAt  syncer.Time `json:"sentAt" doc:"When."`
	Server  string      `json:"server" doc:"From where: a server's gamemode, or another name."`
	Name    string      `json:"name" doc:"Who, without colour tags."`
	Player  string      `json:"player" doc:"Who, as shown in the game; empty: like name."`
	IsStaff bool        `json:"isStaff" doc:"Whether the sender is a moderator."`
	Text    string      `json:"text" doc:"What."`
	Line    string      `json:"line" doc:"The whole message as shown in the game."`
}

func staffMessageOf(m syncer.StaffMessage) StaffMessage {
	return StaffMessage{
		ID: m.Number, SentAt: m.SentAt, Server: m.Server, Name: m.Name, Player: m.Player, IsStaff: m.IsStaff, Text: m.Text, Line: m.Line(),
	}
}

// StaffMessagesPage is the body of a listing's answer.
type StaffMessagesPage struct {
	Messages []StaffMessage `json:"messages" nullable:"false" doc:"The messages, oldest first."`
	Next     string         `json:"next" doc:"The next page's after. Asking again with it later gives what was sent since."`
}

func (s *Server) messagesOperation() operation[sidecar.Page, plain[StaffMessagesPage]] {
	return operation[sidecar.Page, plain[StaffMessagesPage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/staff-messages", id: "list-staff-messages", tag: tagStaff,
			summary:     "Read the staff chat",
			description: "Messages of the last 30 days behind a position, or the last ones. It changes nothing: what game servers are given is counted apart.",
			parameters:  pageParameters(),
			replies:     []reply{{http.StatusOK, "One page.", reflect.TypeFor[StaffMessagesPage](), exampleMessages(), nil, ""}},
			refusals:    append([]int{http.StatusBadRequest}, stored...),
		},
		decode: func(c *call) (sidecar.Page, error) {
			q, err := parameters(c.r, "limit", "after")
			if err != nil {
				return sidecar.Page{}, err
			}
			if after, err := strconv.ParseInt(q.values.Get("after"), 10, 64); q.values.Has("after") && (err != nil || after < 0) {
				q.fault("after", "is not a position that a page returned as next")
			}
			return q.page(), q.err()
		},
		handle: func(ctx context.Context, _ *call, page sidecar.Page) (plain[StaffMessagesPage], error) {
			after, _ := strconv.ParseInt(page.After, 10, 64) // "" is 0: the last ones
			messages, err := s.deps.Chat.Messages(ctx, after, page.Size)
			out := StaffMessagesPage{Messages: make([]StaffMessage, len(messages)), Next: strconv.FormatInt(after, 10)}
			for i, m := range messages {
				out.Messages[i], out.Next = staffMessageOf(m), strconv.FormatInt(m.Number, 10)
			}
			return plain[StaffMessagesPage]{http.StatusOK, out}, err
		},
	}
}

func (s *Server) sendOperation() operation[syncer.StaffMessage, plain[StaffMessage]] {
	return operation[syncer.StaffMessage, plain[StaffMessage]]{
		doc: document{
			method: http.MethodPost, path: "/v1/staff-messages", id: "send-staff-message", tag: tagStaff,
			summary: "Send to the staff of all servers",
			description: "The servers whose gamemode is the message's `server` do not get it. The same message again within five seconds is the same. " +
				"Other than what game servers send it does not go to the webhook, so that a bridge does not hear itself.",
			request:  jsonBody("The message.", true, staffSchema(), exampleSend),
			replies:  []reply{{http.StatusCreated, "The message as it is stored.", reflect.TypeFor[StaffMessage](), exampleMessage(), nil, ""}},
			refusals: stored,
		},
		decode: body(s, func(_ *call, v value) syncer.StaffMessage { return decodeStaffMessage(v) }),
		handle: func(ctx context.Context, _ *call, m syncer.StaffMessage) (plain[StaffMessage], error) {
			sent, err := s.deps.Chat.Send(ctx, m, false)
			return plain[StaffMessage]{http.StatusCreated, staffMessageOf(sent)}, err
		},
	}
}

func decodeStaffMessage(v value) syncer.StaffMessage {
	m := syncer.StaffMessage{IsStaff: true}
	fields := map[string]func(member){
		"server":  func(f member) { m.Server, _ = f.text() },
		"name":    func(f member) { m.Name, _ = f.text() },
		"player":  func(f member) { m.Player, _ = f.text() },
		"text":    func(f member) { m.Text, _ = f.text() },
		"isStaff": func(f member) { m.IsStaff, _ = f.boolean() },
	}
	members, ok := v.members()
	for _, f := range members {
		if read := fields[f.name]; read != nil {
			read(f)
		} else {
			f.unknown("server", "name", "player", "text", "isStaff")
		}
	}
	if ok && len(*v.faults) == 0 {
		v.note(m.Validate())
	}
	return m
}

func staffSchema() *huma.Schema {
	return objectSchema("A message.", map[string]*huma.Schema{
		"server":  textSchema("From where: a name that is no server's gamemode reaches all servers.", "discord", 64),
		"name":    textSchema("Who, without colour tags.", "Steve", syncer.MaxNameLength),
		"player":  textSchema("Who, with colour tags; absent: like name.", "[accent]Steve", syncer.MaxNameLength),
		"text":    textSchema("What.", "who is on pvp?", syncer.MaxStaffText),
		"isStaff": booleanSchema("Whether the sender is a moderator; absent: true."),
	}, "server", "text")
}

var exampleSend = map[string]any{"server": "discord", "name": "Steve", "text": "who is on pvp?"}

func exampleMessage() StaffMessage {
	sent, _ := syncer.ParseTime(exampleTime)
	return staffMessageOf(syncer.StaffMessage{Number: 12, SentAt: sent, Server: "discord", Name: "Steve", IsStaff: true, Text: "who is on pvp?"})
}

func exampleMessages() StaffMessagesPage {
	return StaffMessagesPage{Messages: []StaffMessage{exampleMessage()}, Next: "12"}
}
