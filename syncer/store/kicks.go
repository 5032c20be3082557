package store

import (
	"context"

	"playersync/db"
	"playersync/syncer"
)

// Kick asks the game servers where a player is to kick him, and returns their names, those
// first where he has been longest. Nothing is asked, and none returned, if he is on none.
// Every sidecar, this one included, is notified of it by the feed.
func (s *Store) Kick(ctx context.Context, kick syncer.Kick) ([]string, error) {
	writer := s.writer(ctx, kick.By)
	servers, err := s.queries.Kick(ctx, db.KickParams{
		Server: writer.Server, By: writer.By, Uuid: string(kick.Player), Reason: kick.Reason,
	})
	return servers, writeError("kick player", err)
}

func kickOf(row db.Kick) syncer.Kick {
	return syncer.Kick{
		Number: row.ID, At: timeOf(row.At), Player: syncer.PlayerID(row.Uuid), Reason: row.Reason, By: row.KickedBy,
	}
}
