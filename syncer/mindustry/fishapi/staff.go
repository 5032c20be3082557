package fishapi

import (
	"context"
	"encoding/json"

	"playersync/syncer"
	"playersync/syncer/mindustry/fishjson"
)

// Deliveries gives servers the messages of the staff chat; *fish.Deliveries is one.
type Deliveries interface {
	Take(gamemode string) (text string, settle func(written bool))
}

// Chat is what the protocol needs of the staff chat; *sidecar.Chat is one.
type Chat interface {
	Send(ctx context.Context, m syncer.StaffMessage, forward bool) (syncer.StaffMessage, error)
}

// staffRoutes are the endpoints of the staff chat.
var staffRoutes = []route{
	{"POST", "/getStaffMessages", (*Handler).staffMessages},
	{"POST", "/sendStaffMessage/v2", (*Handler).sendStaffMessage},
	{"POST", "/sendStaffMessage", (*Handler).sendStaffMessageV1},
}

// staffMessages gives a server what it has not been given yet, and gives it again if the
// answer could not be written.
func (h *Handler) staffMessages(c *call) error {
	body, err := c.object()
	if err != nil {
		return err
	}
	gamemode, err := body.server()
	if err != nil {
		return err
	}
	text, settle := h.deps.Deliveries.Take(gamemode)
	answer, err := json.Marshal(map[string]string{"messages": text})
	if err == nil {
		err = c.json(answer)
	}
	settle(err == nil)
	return err
}

// server returns the member by which the chat knows a game server.
func (o object) server() (string, error) {
	server, err := o.text("server")
	if err != nil {
		return "", err
	}
	return server, syncer.CheckServerName("server", server)
}

// sendStaffMessage sends to the staff of all other servers.
func (h *Handler) sendStaffMessage(c *call) error {
	if err := h.send(c, false); err != nil {
		return err
	}
	return c.json([]byte(`{"data":"sent"}`))
}

// sendStaffMessageV1 also sends to the sender's own server: plugins that old show
// nothing themselves.
func (h *Handler) sendStaffMessageV1(c *call) error {
	if err := h.send(c, true); err != nil {
		return err
	}
	return c.json([]byte(`{"data":true}`))
}

func (h *Handler) send(c *call, echo bool) error {
	body, err := c.object()
	if err != nil {
		return err
	}
	m := syncer.StaffMessage{IsStaff: true, Echo: echo}
	if m.Server, err = body.server(); err != nil {
		return err
	}
	if m.Text, err = body.text("message"); err != nil {
		return err
	}
	player, err := body.optionalText("playerName")
	if err != nil {
		return err
	}
	name, err := body.optionalText("cleanedName")
	if err != nil {
		return err
	}
	isStaff, err := fishjson.Optional[bool](fishjson.Object(body), "isStaff", "true or false")
	if err != nil {
		return err
	}
	m.Player, m.Name = player.Value, name.Value
	if isStaff.Set {
		m.IsStaff = isStaff.Value
	}
	_, err = h.deps.Chat.Send(c.ctx, m, true)
	return err
}
