package store

import (
	"context"
	"math"

	"playersync/db"
	"playersync/syncer"
)

// PreviewBan returns whom a ban of an address or a range would keep out and where they
// are now, with up to size players.
func (s *Store) PreviewBan(ctx context.Context, target syncer.Target, size int) (syncer.BanPreview, error) {
	preview := syncer.BanPreview{Target: target}
	seen, err := s.queries.PlayersSeenFrom(ctx, db.PlayersSeenFromParams{Ip: target.Prefix, PageSize: int32(size)})
	if err != nil {
		return preview, readError("read players seen", err)
	}
	present, err := s.queries.OnlineSeenFrom(ctx, target.Prefix)
	if err != nil {
		return preview, readError("read who is online", err)
	}
	preview.Online = int64(len(present))
	servers := make(map[string][]string, len(present))
	for _, row := range present {
		servers[row.Uuid] = row.Servers
	}
	for _, row := range seen {
		preview.Count = row.Players
		preview.Players = append(preview.Players, syncer.SeenPlayer{
			ID: syncer.PlayerID(row.Uuid), Name: row.Name, Times: row.Times, LastSeen: timeOf(row.LastSeen),
			Addresses: row.Addresses, Latest: row.Latest, Servers: servers[row.Uuid],
		})
	}
	filter := syncer.BanFilter{IP: target.IP(), Active: new(true)}
	rows, err := s.listBans(ctx, filter, math.MaxInt64, syncer.MaxPreviewBans)
	preview.Bans = bansOf(rows)
	return preview, readError("list bans", err)
}
