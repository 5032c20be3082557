package fishapi

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"playersync/syncer"
	"playersync/syncer/mindustry/fishjson"
)

// Blacklist is what the protocol needs of the connection blacklist;
// *sidecar.Blacklist is one.
type Blacklist interface {
	Sync(ctx context.Context, add []string, by string) (all []string, err error)
	Remove(ctx context.Context, address string) error
}

// blacklistRoutes are the endpoints of the connection blacklist.
var blacklistRoutes = []route{
	{"POST", "/dosBlacklist", (*Handler).syncBlacklist},
	{"POST", "/dosBlacklist/delete", (*Handler).removeBlacklisted},
}

// syncBlacklist adds the body's addresses and answers with all there are.
func (h *Handler) syncBlacklist(c *call) error {
	add, err := c.texts()
	if err != nil {
		return err
	}
	all, err := h.deps.Blacklist.Sync(c.ctx, add, c.author())
	if err != nil {
		return err
	}
	if all == nil {
		all = []string{}
	}
	answer, err := json.Marshal(all)
	if err != nil {
		return fmt.Errorf("encode blacklist: %w", err)
	}
	return c.json(answer)
}

// texts reads the body as an array of texts.
func (c *call) texts() ([]string, error) {
	var items []json.RawMessage
	if err := json.Unmarshal(c.body, &items); err != nil || items == nil {
		return nil, malformed("the body is not a JSON array")
	}
	texts := make([]string, len(items))
	for i, item := range items {
		if fishjson.IsNull(item) || json.Unmarshal(item, &texts[i]) != nil {
			return nil, syncer.Invalid("["+strconv.Itoa(i)+"]", "must be a text")
		}
	}
	return texts, nil
}

// removeBlacklisted removes one address.
func (h *Handler) removeBlacklisted(c *call) error {
	body, err := c.object()
	if err != nil {
		return err
	}
	address, err := body.text("ip")
	if err != nil {
		return err
	}
	err = h.deps.Blacklist.Remove(c.ctx, address)
	// Game servers remove the address of everyone they trust, again and again.
	if err != nil && syncer.CodeOf(err) != syncer.CodeNotFound {
		return err
	}
	return c.empty()
}
