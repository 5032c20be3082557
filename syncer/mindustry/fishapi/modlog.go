package fishapi

import "context"

// ModLog is what the protocol needs of the moderation log; *sidecar.ModLog is one.
type ModLog interface {
	Add(ctx context.Context, source, message string) error
}

// modLogRoutes are the endpoints of the moderation log.
var modLogRoutes = []route{{"POST", "/mod-dump", (*Handler).modDump}}

// modDump writes down what moderators did.
func (h *Handler) modDump(c *call) error {
	body, err := c.object()
	if err != nil {
		return err
	}
	message, err := body.text("message")
	if err != nil {
		return err
	}
	if err := h.deps.ModLog.Add(c.ctx, c.author(), message); err != nil {
		return err
	}
	return c.empty()
}
