package fishapi

import (
	"context"
	"encoding/json"

	"playersync/syncer"
	"playersync/syncer/mindustry/fishjson"
)

// USIDs is what the protocol needs of the use-cases about proofs of identity;
// *fish.USIDs is one.
type USIDs interface {
	RejectUSID(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, usid, code string) error
}

// usidRoutes are the endpoints about proofs of identity.
var usidRoutes = []route{
	{"POST", "/usid-reject", (*Handler).rejectUSID},
}

// rejectUSID records that a server turned a privileged player away, so that an
// administrator can approve the code that the player was told.
func (h *Handler) rejectUSID(c *call) error {
	body, err := c.object()
	if err != nil {
		return err
	}
	from, err := c.server(body, "")
	if err != nil {
		return err
	}
	id, err := body.id("uuid")
	if err != nil {
		return err
	}
	usid, err := body.text("rejectedUsid")
	if err != nil {
		return err
	}
	code, err := body.code()
	if err != nil {
		return err
	}
	if err := h.deps.USIDs.RejectUSID(c.ctx, from, id, usid, code); err != nil {
		return err
	}
	return c.empty()
}

// code reads a text; in the first version of the plugin it was a number.
func (o object) code() (string, error) {
	if text, err := o.text("code"); err == nil {
		return text, nil
	}
	var number json.Number
	if !fishjson.Object(o).Has("code") || json.Unmarshal(o["code"], &number) != nil {
		return "", syncer.Invalid("code", "must be a text")
	}
	return number.String(), nil
}
