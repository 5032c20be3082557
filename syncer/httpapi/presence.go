package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
)

// registerPresence adds the operations on game servers and who is on them.
func (s *Server) registerPresence() {
	declare(s, route{
		http.MethodGet, "/v1/online", "list-online", tagPresence,
		"Who is online in the whole network",
		"From memory. A player comes onto it with a join and leaves it with a leave; " +
			"a server that gives no sign is cleared once its lease has run out. " +
			"Whoever joins while you turn pages is on a later one.",
		replies{200: "One page."},
		nil,
	}, s.listOnline)
	declare(s, route{
		http.MethodGet, "/v1/online/counts", "count-online", tagPresence,
		"How many players are online",
		"In the whole network, each player once, and on each server. From memory.",
		replies{200: "The counts."},
		nil,
	}, s.countOnline)
	declare(s, route{
		http.MethodGet, "/v1/players/{id}/presence", "get-presence", tagPresence,
		"Where a player is and was",
		"On which servers the player is now, from memory, and when it was last on each, from the database. Of a " +
			"player never seen both are empty.",
		replies{200: "Where the player is and was."},
		[]int{http.StatusGatewayTimeout},
	}, s.getPresence)
	declare(s, route{
		http.MethodGet, "/v1/servers", "list-servers", tagPresence,
		"All game servers of the network",
		"Those that a sidecar speaks for or has spoken for, from the database.",
		replies{200: "The servers."},
		stored,
	}, s.listServers)
	declare(s, route{
		http.MethodPost, "/v1/servers/start", "start-server", tagPresence,
		"A game server starts",
		"Nobody is on the asking server: whoever was, because it ended without saying so, leaves it, and its " +
			"transients are gone. " +
			"Send it before the first join; sent again it does the same. Other servers hear of it as soon as the " +
			"database answers.",
		replies{204: "The server is empty."},
		nil,
	}, s.startServer)
}

// Presence is what the API needs of who is on which server; *sidecar.Presence is one.
type Presence interface {
	Online(server string, after int64, size int) (page []*changefeed.SessionRow, next int64)
	Counts() (players int, servers []syncer.OnlineCount)
	Of(ctx context.Context, id syncer.PlayerID) (now []syncer.Session, before []syncer.LastSeen, err error)
	Servers(ctx context.Context) ([]syncer.ServerOverview, error)
	Start(from syncer.GameServer)
}

type listOnlineInput struct {
	Server serverName `query:"server" minLength:"1" maxLength:"64" example:"survival-1" doc:"Only on this server."`
	NumberedPage
}

func (s *Server) listOnline(_ context.Context, in *listOnlineInput) (*freshResult[wire.OnlinePage], error) {
	rows, next := s.deps.Presence.Online(in.Server.string, in.After.number, in.Limit)
	page := wire.OnlinePage{Players: make([]wire.Session, len(rows)), Next: nextPosition(next)}
	for i, row := range rows {
		page.Players[i] = wire.SessionOf(row.Session)
	}
	return fresh(s, page), nil
}

func (s *Server) countOnline(context.Context, *struct{}) (*freshResult[wire.OnlineCounts], error) {
	return fresh(s, wire.OnlineCountsOf(s.deps.Presence.Counts())), nil
}

func (s *Server) getPresence(ctx context.Context, in *OnePlayer) (*freshResult[wire.PlayerPresence], error) {
	now, before, err := s.deps.Presence.Of(ctx, in.ID.PlayerID)
	return fresh(s, wire.PlayerPresenceOf(now, before)), err
}

func (s *Server) listServers(ctx context.Context, _ *struct{}) (*result[wire.ServerList], error) {
	servers, err := s.deps.Presence.Servers(ctx)
	return &result[wire.ServerList]{wire.ServerListOf(servers)}, err
}

func (s *Server) startServer(_ context.Context, in *Acting) (*struct{}, error) {
	s.deps.Presence.Start(in.from)
	return &struct{}{}, nil
}
