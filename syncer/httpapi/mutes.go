package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// registerMutes adds the operations that mute players and unmute them.
func (s *Server) registerMutes() {
	declare(s, route{
		http.MethodPost, "/v1/players/{id}/mute", "mute-player", tagPlayers,
		"Mute a player",
		"On every server at once, and with an entry in the history. A mute that stands already stays as it is, and " +
			"outcome says so; with replace it gets the new reason and end.",
		replies{200: "Whether the player is muted, and what became of the request."},
		storedOr(http.StatusNotFound),
	}, s.mutePlayer)
	declare(s, route{
		http.MethodPost, "/v1/players/{id}/unmute", "unmute-player", tagPlayers,
		"Unmute a player",
		"On every server at once, and with an entry in the history. Who is not muted stays as he is, and outcome " +
			"says so.",
		replies{200: "Whether the player is muted, and what became of the request."},
		storedOr(http.StatusNotFound),
	}, s.unmutePlayer)
}

// Mutes is what the API needs to mute players; *sidecar.Edits is one. The player in what it
// returns is shared and not changed here.
type Mutes interface {
	Mute(ctx context.Context, mute syncer.NewMute) (syncer.Muting, error)
	Unmute(ctx context.Context, id syncer.PlayerID, by string) (syncer.Muting, error)
}

type mutePlayerInput struct {
	OnePlayer
	Author
	Body *wire.NewMute `doc:"For how long, and why, or nothing: until unmuted."`
}

func (s *Server) mutePlayer(ctx context.Context, in *mutePlayerInput) (*result[wire.Muting], error) {
	request, err := in.Body.Mute(in.ID.PlayerID, s.deps.Players.Now())
	if err != nil {
		return nil, err
	}
	muting, err := s.deps.Mutes.Mute(ctx, request)
	return s.muting(muting, err)
}

type unmutePlayerInput struct {
	OnePlayer
	Author
	Body *wire.MuteEnd `doc:"Who unmutes."`
}

func (s *Server) unmutePlayer(ctx context.Context, in *unmutePlayerInput) (*result[wire.Muting], error) {
	muting, err := s.deps.Mutes.Unmute(ctx, in.ID.PlayerID, in.Body.Who())
	return s.muting(muting, err)
}

func (s *Server) muting(m syncer.Muting, err error) (*result[wire.Muting], error) {
	if err != nil {
		return nil, err
	}
	return &result[wire.Muting]{wire.MutingOf(m, s.deps.Players.Now())}, nil
}
