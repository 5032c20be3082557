package console

import (
	"context"
	"net/http"
	"net/url"
	"slices"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/sidecar"
)

// Chat is what the console needs of the staff chat; *sidecar.Chat is one.
type Chat interface {
	Send(ctx context.Context, m syncer.StaffMessage, forward bool) (syncer.StaffMessage, error)
	Messages(ctx context.Context, after int64, size int) ([]syncer.StaffMessage, error)
}

// registerChat adds the page of the staff chat.
func (c *Console) registerChat() {
	h := &chat{console: c}
	c.live.add(c.changes("chat", changefeed.EventChat))
	c.handle("GET "+Path+"chat", h.list)
	c.handle("POST "+Path+"chat", h.send)
}

// chat is the page of the staff chat.
type chat struct{ console *Console }

const (
	// chatSize is how many messages the page shows.
	chatSize = 100
	// chatServer is from where messages come that are written here: no server's gamemode, so
	// that all get them.
	chatServer = "console"
)

// chatPage is the newest messages, newest first.
type chatPage struct {
	listing[syncer.StaffMessage]
	Text    string // what was typed and refused
	Refused string // why
}

func (h *chat) list(w http.ResponseWriter, r *http.Request, s *session) {
	h.console.render(w, r, s, http.StatusOK, "chat", chatPage{listing: h.read(r)})
}

func (h *chat) read(r *http.Request) listing[syncer.StaffMessage] {
	return list(h.console, r, func(url.Values, sidecar.Page) ([]syncer.StaffMessage, string, error) {
		messages, err := h.console.deps.Chat.Messages(r.Context(), 0, chatSize)
		slices.Reverse(messages)
		return messages, "", err
	})
}

func (h *chat) send(w http.ResponseWriter, r *http.Request, s *session) {
	message := syncer.StaffMessage{Server: chatServer, Name: s.name, IsStaff: true, Text: r.PostFormValue("text")}
	err := message.Validate()
	if err == nil {
		_, err = h.console.deps.Chat.Send(r.Context(), message, true)
	}
	if err != nil {
		status, problem := h.console.problemOf(err)
		page := chatPage{listing: h.read(r), Text: message.Text, Refused: problem}
		h.console.render(w, r, s, status, "chat", page)
		return
	}
	http.Redirect(w, r, h.console.url("chat"), http.StatusSeeOther)
}
