package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// registerChat adds the operations on the staff chat.
func (s *Server) registerChat() {
	declare(s, route{
		http.MethodGet, "/v1/staff-messages", "list-staff-messages", tagStaff,
		"Read the staff chat",
		"Messages of the last 30 days behind a position, or the last ones. It changes nothing: what game servers " +
			"are given is counted apart.",
		replies{200: "One page."},
		stored,
	}, s.listStaffMessages)
	declare(s, route{
		http.MethodPost, "/v1/staff-messages", "send-staff-message", tagStaff,
		"Send to the staff of all servers",
		"The servers whose gamemode is the message's `server` do not get it. The same message again within five " +
			"seconds is the same. " +
			"Other than what game servers send it does not go to the webhook, so that a bridge does not hear itself.",
		replies{201: "The message as it is stored."},
		stored,
	}, s.sendStaffMessage)
}

// Chat is what the API needs of the staff chat; *sidecar.Chat is one.
type Chat interface {
	Send(ctx context.Context, m syncer.StaffMessage, forward bool) (syncer.StaffMessage, error)
	Messages(ctx context.Context, after int64, size int) ([]syncer.StaffMessage, error)
}

type listStaffMessagesInput struct {
	PageSize
	After chatPosition `query:"after" minLength:"1" doc:"The next of the page before."`
}

// chatPosition is a position, which is 0 before the first message.
type chatPosition struct{ position }

// UnmarshalText reads the number.
func (p *chatPosition) UnmarshalText(text []byte) error {
	if string(text) == "0" {
		return nil
	}
	return p.position.UnmarshalText(text)
}

func (s *Server) listStaffMessages(
	ctx context.Context, in *listStaffMessagesInput,
) (*result[wire.StaffMessagesPage], error) {
	after := in.After.number // 0: the last ones
	messages, err := s.deps.Chat.Messages(ctx, after, in.Limit)
	if len(messages) > 0 {
		after = messages[len(messages)-1].Number
	}
	out := wire.StaffMessagesPage{Messages: wire.StaffMessagesOf(messages), Next: strconv.FormatInt(after, 10)}
	return &result[wire.StaffMessagesPage]{out}, err
}

type sendStaffMessageInput struct {
	Author
	Body wire.NewStaffMessage `doc:"The message."`
}

func (s *Server) sendStaffMessage(ctx context.Context, in *sendStaffMessageInput) (*result[wire.StaffMessage], error) {
	message, err := in.Body.Message()
	if err != nil {
		return nil, err
	}
	own, bound := s.deps.Servers.Named(speaker(ctx))
	if bound && message.Server != own.Name && message.Server != own.Gamemode {
		return nil, foreignServer(own, FieldError{
			In: inBody, Field: "server",
			Message: "must be " + own.Name + " or " + own.Gamemode + ", for which the token speaks",
		})
	}
	sent, err := s.deps.Chat.Send(ctx, message, false)
	return &result[wire.StaffMessage]{wire.StaffMessageOf(sent)}, err
}
