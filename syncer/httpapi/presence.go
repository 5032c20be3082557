package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strconv"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/sidecar"
)

// Tags of these operations.
const (
	tagPresence   = "presence"
	tagTransients = "transients"
)

// Presence is what the API needs of who is on which server; *sidecar.Presence is one.
type Presence interface {
	Online(server string, after int64, size int) (page []*changefeed.SessionRow, next int64)
	Counts() (players int, servers []syncer.OnlineCount)
	Of(ctx context.Context, id syncer.PlayerID) (now []syncer.Session, before []syncer.LastSeen, err error)
	Servers(ctx context.Context) ([]syncer.ServerOverview, error)
	Start(from syncer.GameServer)
}

// registerPresence adds the operations on game servers and who is on them.
func (s *Server) registerPresence() {
	register(s, s.onlineOperation())
	register(s, s.countsOperation())
	register(s, s.presenceOperation())
	register(s, s.serversOperation())
	register(s, s.startOperation())
}

// Session is one player on one server.
type Session struct {
	UUID     syncer.PlayerID `json:"uuid" doc:"The player's id."`
	Name     string          `json:"name" doc:"The player's name at the join, colour tags included."`
	Server   string          `json:"server" doc:"The game server."`
	Gamemode string          `json:"gamemode" doc:"The gamemode joined."`
	Since    syncer.Time     `json:"since" doc:"When the player joined."`
}

func sessionOf(s syncer.Session) Session {
	return Session{UUID: s.ID, Name: s.Name, Server: s.Server, Gamemode: s.Gamemode, Since: s.Since}
}

// PresenceEvent is the data of an event of type presence.
type PresenceEvent struct {
	Session
	Online bool `json:"online" doc:"Whether the player came; else it left the server, or the server died."`
}

// OnlinePage is the body of the list of who is online.
type OnlinePage struct {
	Players []Session `json:"players" nullable:"false" doc:"Who is online, those first who are there the longest; on two servers, twice."`
	Next    *string   `json:"next" doc:"The next page's after; null: this is the last."`
}

// OnlineCounts is the body of the counts.
type OnlineCounts struct {
	Players int           `json:"players" doc:"Different players on all servers."`
	Servers []OnlineCount `json:"servers" nullable:"false" doc:"Servers with players, by name."`
}

// OnlineCount is how many players are on one server.
type OnlineCount struct {
	Server   string `json:"server" doc:"The game server."`
	Gamemode string `json:"gamemode" doc:"Its gamemode."`
	Players  int    `json:"players" doc:"Players on it."`
}

// PlayerPresence is the body of where one player is.
type PlayerPresence struct {
	Online   []Session  `json:"online" nullable:"false" doc:"Where the player is now."`
	LastSeen []LastSeen `json:"lastSeen" nullable:"true" doc:"When the player last left each server, the latest first; null while the database is out of reach."`
}

// LastSeen says when a player was last on a server.
type LastSeen struct {
	Server string      `json:"server" doc:"The game server."`
	At     syncer.Time `json:"at" doc:"When the player left it; of a server that died, when its lease ran out."`
}

// ServerList is the body of the list of servers.
type ServerList struct {
	Servers []GameServer `json:"servers" nullable:"false" doc:"All game servers that a sidecar has spoken for, by name."`
}

// GameServer is a game server as the network knows it.
type GameServer struct {
	Name     string      `json:"name" doc:"Its name."`
	Gamemode string      `json:"gamemode" doc:"Its gamemode."`
	Address  string      `json:"address" doc:"Its address."`
	Version  string      `json:"version" doc:"Version of its sidecar."`
	Alive    bool        `json:"alive" doc:"Whether its sidecar lives."`
	Since    syncer.Time `json:"since" doc:"Since when it does without a break; null: it does not."`
	Players  int         `json:"players" doc:"Players on it."`
}

// freshAnswer is a body from memory that says how old it may be.
type freshAnswer[T any] struct {
	freshness
	body T
}

func (a freshAnswer[T]) status() int            { return http.StatusOK }
func (a freshAnswer[T]) append(b []byte) []byte { return appendJSON(b, a.body) }

// fresh returns an answer from memory.
func fresh[T any](s *Server, body T) freshAnswer[T] {
	return freshAnswer[T]{s.freshness(sidecar.FromMemory), body}
}

var freshHeaders = []string{headerSource, headerStaleness}

// onlineInput is which part of the list to answer with.
type onlineInput struct {
	server string
	after  int64
	size   int
}

func (s *Server) onlineOperation() operation[onlineInput, freshAnswer[OnlinePage]] {
	return operation[onlineInput, freshAnswer[OnlinePage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/online", id: "list-online", tag: tagPresence,
			summary: "Who is online in the whole network",
			description: "From memory. A player comes onto it with a join and leaves it with a leave; a server that gives no sign is cleared " +
				"once its lease has run out. Whoever joins while you turn pages is on a later one.",
			parameters: append([]*huma.Param{
				queryParameter("server", "Only on this server.", textSchema("", "survival-1", 64), false),
			}, pageParameters()...),
			replies:  []reply{{http.StatusOK, "One page.", reflect.TypeFor[OnlinePage](), exampleOnline(), freshHeaders, ""}},
			refusals: []int{http.StatusBadRequest},
		},
		decode: decodeOnline,
		handle: func(_ context.Context, _ *call, in onlineInput) (freshAnswer[OnlinePage], error) {
			rows, next := s.deps.Presence.Online(in.server, in.after, in.size)
			page := OnlinePage{Players: make([]Session, len(rows))}
			for i, row := range rows {
				page.Players[i] = sessionOf(row.Session)
			}
			if next > 0 {
				page.Next = new(strconv.FormatInt(next, 10))
			}
			return fresh(s, page), nil
		},
	}
}

func decodeOnline(c *call) (in onlineInput, err error) {
	q, err := parameters(c.r, "server", "limit", "after")
	if err != nil {
		return in, err
	}
	page := q.page()
	in.size, in.server = page.Size, q.values.Get("server")
	if q.values.Has("server") {
		q.note("server", syncer.CheckServerName("server", in.server))
	}
	if q.values.Has("after") {
		if in.after, err = strconv.ParseInt(page.After, 10, 64); err != nil || in.after < 1 {
			q.fault("after", "is not a position that a page returned as next")
		}
	}
	return in, q.err()
}

func (s *Server) countsOperation() operation[struct{}, freshAnswer[OnlineCounts]] {
	return operation[struct{}, freshAnswer[OnlineCounts]]{
		doc: document{
			method: http.MethodGet, path: "/v1/online/counts", id: "count-online", tag: tagPresence,
			summary:     "How many players are online",
			description: "In the whole network, each player once, and on each server. From memory.",
			replies:     []reply{{http.StatusOK, "The counts.", reflect.TypeFor[OnlineCounts](), exampleOnlineCounts(), freshHeaders, ""}},
		},
		handle: func(context.Context, *call, struct{}) (freshAnswer[OnlineCounts], error) {
			players, servers := s.deps.Presence.Counts()
			counts := OnlineCounts{Players: players, Servers: make([]OnlineCount, len(servers))}
			for i, c := range servers {
				counts.Servers[i] = OnlineCount(c)
			}
			return fresh(s, counts), nil
		},
	}
}

func (s *Server) presenceOperation() operation[struct{}, freshAnswer[PlayerPresence]] {
	return operation[struct{}, freshAnswer[PlayerPresence]]{
		doc: document{
			method: http.MethodGet, path: "/v1/players/{id}/presence", id: "get-presence", tag: tagPresence,
			summary:     "Where a player is and was",
			description: "On which servers the player is now, from memory, and when it was last on each, from the database. Of a player never seen both are empty.",
			replies:     []reply{{http.StatusOK, "Where the player is and was.", reflect.TypeFor[PlayerPresence](), examplePresence(), freshHeaders, ""}},
			refusals:    []int{http.StatusUnprocessableEntity, http.StatusGatewayTimeout},
		},
		handle: func(ctx context.Context, c *call, _ struct{}) (freshAnswer[PlayerPresence], error) {
			now, before, err := s.deps.Presence.Of(ctx, c.id)
			out := PlayerPresence{Online: make([]Session, len(now))}
			for i, session := range now {
				out.Online[i] = sessionOf(session)
			}
			if before != nil {
				out.LastSeen = make([]LastSeen, len(before))
			}
			for i, seen := range before {
				out.LastSeen[i] = LastSeen(seen)
			}
			return fresh(s, out), err
		},
	}
}

func (s *Server) serversOperation() operation[struct{}, plain[ServerList]] {
	return operation[struct{}, plain[ServerList]]{
		doc: document{
			method: http.MethodGet, path: "/v1/servers", id: "list-servers", tag: tagPresence,
			summary:     "All game servers of the network",
			description: "Those that a sidecar speaks for or has spoken for, from the database.",
			replies:     []reply{{http.StatusOK, "The servers.", reflect.TypeFor[ServerList](), exampleServers(), nil, ""}},
			refusals:    stored,
		},
		handle: func(ctx context.Context, _ *call, _ struct{}) (plain[ServerList], error) {
			servers, err := s.deps.Presence.Servers(ctx)
			list := ServerList{Servers: make([]GameServer, len(servers))}
			for i, v := range servers {
				list.Servers[i] = GameServer{
					Name: v.Name, Gamemode: v.Gamemode, Address: v.Address, Version: v.Version, Alive: v.Alive, Since: v.Since, Players: v.Players,
				}
			}
			return plain[ServerList]{http.StatusOK, list}, err
		},
	}
}

func (s *Server) startOperation() operation[struct{}, nothing] {
	return operation[struct{}, nothing]{
		doc: document{
			method: http.MethodPost, path: "/v1/servers/start", id: "start-server", tag: tagPresence, asServer: true,
			summary: "A game server starts",
			description: "Nobody is on the asking server: whoever was, because it ended without saying so, leaves it, and its transients are gone. " +
				"Send it before the first join; sent again it does the same. Other servers hear of it as soon as the database answers.",
			replies: []reply{{http.StatusNoContent, "The server is empty.", nil, nil, nil, ""}},
		},
		handle: func(_ context.Context, c *call, _ struct{}) (nothing, error) {
			s.deps.Presence.Start(c.from)
			return nothing{}, nil
		},
	}
}
