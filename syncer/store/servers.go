package store

import (
	"context"

	"playersync/db"
	"playersync/syncer"
)

// RegisterServer records that a sidecar begins to speak for a game server.
func (s *Store) RegisterServer(ctx context.Context, server syncer.GameServer, version string) error {
	return writeError("register server", s.queries.RegisterServer(ctx, db.RegisterServerParams{
		Name: server.Name, Gamemode: server.Gamemode, Address: server.Address, Version: version,
	}))
}

// Servers lists the game servers that sidecars have spoken for, by name.
func (s *Store) Servers(ctx context.Context) ([]syncer.GameServer, error) {
	rows, err := s.queries.Servers(ctx)
	servers := make([]syncer.GameServer, len(rows))
	for i, row := range rows {
		servers[i] = syncer.GameServer{Name: row.Name, Gamemode: row.Gamemode, Address: row.Address}
	}
	return servers, readError("list servers", err)
}

// ServerOverview lists the game servers that sidecars have spoken for, by name,
// with what is going on there.
func (s *Store) ServerOverview(ctx context.Context) ([]syncer.ServerOverview, error) {
	rows, err := s.queries.ServerOverview(ctx)
	servers := make([]syncer.ServerOverview, len(rows))
	for i, row := range rows {
		servers[i] = syncer.ServerOverview{
			GameServer: syncer.GameServer{Name: row.Name, Gamemode: row.Gamemode, Address: row.Address},
			Version:    row.Version, Alive: row.Alive, Since: timeOf(row.Since), Players: int(row.Players),
			Contested: row.Contested,
		}
	}
	return servers, readError("list servers", err)
}
