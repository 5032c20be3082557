package wire

import "playersync/syncer"

// Session is one player on one server.
type Session struct {
	UUID     syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"The player's id."`
	Name     string          `json:"name" example:"[accent]Steve" doc:"The player's name at the join, colour tags included."`
	Server   string          `json:"server" example:"survival-1" doc:"The game server."`
	Gamemode string          `json:"gamemode" example:"survival" doc:"The gamemode joined."`
	Since    syncer.Time     `json:"since" example:"2030-01-02T03:04:05.000Z" doc:"When the player joined."`
}

// SessionOf returns the session.
func SessionOf(s syncer.Session) Session {
	return Session{UUID: s.ID, Name: s.Name, Server: s.Server, Gamemode: s.Gamemode, Since: s.Since}
}

// OnlinePage is one page of who is online.
type OnlinePage struct {
	Players []Session `json:"players" doc:"Who is online, those first who are there the longest; on two servers, twice."`
	Next    *string   `json:"next" doc:"The next page's after; null: this is the last."`
}

// OnlineCounts says how many players are online.
type OnlineCounts struct {
	Players int           `json:"players" example:"1" doc:"Different players on all servers."`
	Servers []OnlineCount `json:"servers" doc:"Servers with players, by name."`
}

// OnlineCount is how many players are on one server.
type OnlineCount struct {
	Server   string `json:"server" example:"survival-1" doc:"The game server."`
	Gamemode string `json:"gamemode" example:"survival" doc:"Its gamemode."`
	Players  int    `json:"players" example:"1" doc:"Players on it."`
}

// OnlineCountsOf returns the counts.
func OnlineCountsOf(players int, servers []syncer.OnlineCount) OnlineCounts {
	counts := OnlineCounts{Players: players, Servers: make([]OnlineCount, len(servers))}
	for i, c := range servers {
		counts.Servers[i] = OnlineCount(c)
	}
	return counts
}

// PlayerPresence says where one player is and was.
type PlayerPresence struct {
	Online   []Session  `json:"online" doc:"Where the player is now."`
	LastSeen []LastSeen `json:"lastSeen" nullable:"true" doc:"When the player last left each server, the latest first; null while the database is out of reach."`
}

// LastSeen says when a player was last on a server.
type LastSeen struct {
	Server string      `json:"server" example:"pvp-1" doc:"The game server."`
	At     syncer.Time `json:"at" example:"2030-01-01T20:15:00.000Z" doc:"When the player left it; of a server that died, when its lease ran out."`
}

// PlayerPresenceOf returns where a player is and was; before is nil if that is not known.
func PlayerPresenceOf(now []syncer.Session, before []syncer.LastSeen) PlayerPresence {
	out := PlayerPresence{Online: make([]Session, len(now))}
	for i, session := range now {
		out.Online[i] = SessionOf(session)
	}
	if before != nil {
		out.LastSeen = make([]LastSeen, len(before))
	}
	for i, seen := range before {
		out.LastSeen[i] = LastSeen(seen)
	}
	return out
}

// ServerList is all game servers.
type ServerList struct {
	Servers []GameServer `json:"servers" doc:"All game servers that a sidecar has spoken for, by name."`
}

// GameServer is a game server as the network knows it.
type GameServer struct {
	Name      string      `json:"name" example:"survival-1" doc:"Its name."`
	Gamemode  string      `json:"gamemode" example:"survival" doc:"Its gamemode."`
	Address   string      `json:"address" example:"203.0.113.1:6567" doc:"Its address."`
	Version   string      `json:"version" example:"1.0.0" doc:"Version of its sidecar."`
	Alive     bool        `json:"alive" example:"true" doc:"Whether its sidecar lives."`
	Since     syncer.Time `json:"since" example:"2029-12-24T18:00:00.000Z" doc:"Since when it does without a break; null: it does not."`
	Players   int         `json:"players" example:"1" doc:"Players on it."`
	Contested bool        `json:"contested" example:"false" doc:"Whether two sidecars spoke for it in the last minute: server.name is the same twice."`
}

// ServerListOf returns the servers.
func ServerListOf(servers []syncer.ServerOverview) ServerList {
	list := ServerList{Servers: make([]GameServer, len(servers))}
	for i, v := range servers {
		list.Servers[i] = GameServer{
			Name: v.Name, Gamemode: v.Gamemode, Address: v.Address, Version: v.Version, Alive: v.Alive, Since: v.Since,
			Players: v.Players, Contested: v.Contested,
		}
	}
	return list
}
