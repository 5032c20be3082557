package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// registerKicks adds the request to kick a player.
func (s *Server) registerKicks() {
	declare(s, route{
		http.MethodPost, "/v1/players/{id}/kick", "request-kick", tagPresence,
		"Ask to kick a player",
		"The game servers where the player is get an event of the type `kick`, and their plugins do the rest; " +
			"whether they do is not known. Who is on no server is 404. The request counts for a minute, and stays " +
			"in the audit.",
		replies{202: "The servers were asked."},
		storedOr(http.StatusNotFound),
	}, s.requestKick)
}

// Kicks is what the API needs to have players kicked; *sidecar.Kicks is one.
type Kicks interface {
	Kick(ctx context.Context, kick syncer.Kick) (servers []string, err error)
}

type requestKickInput struct {
	OnePlayer
	Acting
	Body *wire.NewKick `doc:"Why, and for whom, or nothing."`
}

func (s *Server) requestKick(ctx context.Context, in *requestKickInput) (*result[wire.KickAsked], error) {
	servers, err := s.deps.Kicks.Kick(ctx, in.Body.Kick(in.ID.PlayerID))
	return &result[wire.KickAsked]{wire.KickAskedOf(in.ID.PlayerID, servers)}, err
}
