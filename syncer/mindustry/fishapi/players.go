package fishapi

import (
	"context"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/fishjson"
)

// Players is what the protocol needs of the use-cases about players;
// *fish.Players is one. Values it returns are shared and not changed here.
type Players interface {
	Fetch(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) (view *merge.View, err error)
	Upload(ctx context.Context, from syncer.GameServer, id syncer.PlayerID, save merge.Save, important bool) (
		answered func(written bool), err error)
}

// playerRoutes are the endpoints about players.
var playerRoutes = []route{
	{"POST", "/fish-player", (*Handler).fetchPlayer},
	{"POST", "/fish-player/set", (*Handler).setPlayer},
}

// fetchPlayer answers with the record, or with an empty body for a player that
// does not exist: the plugin takes everything else for a known one.
func (h *Handler) fetchPlayer(c *call) error {
	body, err := c.object()
	if err != nil {
		return err
	}
	from, err := c.server(body, "gamemode")
	if err != nil {
		return err
	}
	id, err := body.id("id")
	if err != nil {
		return err
	}
	view, err := h.deps.Players.Fetch(c.ctx, from, id)
	if err != nil {
		return err
	}
	if view == nil {
		return c.empty()
	}
	return c.json(appendRecord(nil, *view))
}

// setPlayer takes an upload. What it changes is safe when the answer is sent.
func (h *Handler) setPlayer(c *call) error {
	body, err := c.object()
	if err != nil {
		return err
	}
	from, err := c.server(body, "gamemode")
	if err != nil {
		return err
	}
	ignore, err := fishjson.Object(body).Flag("ignoreActivelySyncedFields")
	if err != nil {
		return err
	}
	player, err := body.object("player")
	if err != nil {
		return err
	}
	id, err := player.id("uuid")
	if err != nil {
		return err
	}
	save, err := fishjson.Object(player).Save()
	if err != nil {
		return err
	}
	answered, err := h.deps.Players.Upload(c.ctx, from, id, save, !ignore.Value)
	if err != nil {
		return err
	}
	err = c.empty()
	answered(err == nil)
	return err
}
