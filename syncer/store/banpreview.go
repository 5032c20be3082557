package store

import (
	"context"
	"math"
	"net/netip"

	"playersync/db"
	"playersync/syncer"
)

// PreviewBan returns whom a ban of a player, an address or a range would keep out and
// where they are now, with up to size players.
func (s *Store) PreviewBan(ctx context.Context, target syncer.Target, size int) (syncer.BanPreview, error) {
	if target.ID != "" {
		return s.previewPlayer(ctx, target)
	}
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

// previewPlayer is PreviewBan of a player id: of nobody if no player has it.
func (s *Store) previewPlayer(ctx context.Context, target syncer.Target) (syncer.BanPreview, error) {
	preview := syncer.BanPreview{Target: target}
	info, err := s.PlayerInfo(ctx, target.ID)
	if syncer.CodeOf(err) == syncer.CodeNotFound {
		preview.Bans, err = s.BansOf(ctx, target.ID, netip.Addr{})
		return preview, err
	}
	if err != nil {
		return preview, err
	}
	preview.Bans = info.Bans
	seen := syncer.SeenPlayer{
		ID: info.ID, Name: info.Name, Times: info.Joins, LastSeen: info.Last, Addresses: int64(len(info.Addresses)),
	}
	for _, address := range info.Addresses[:min(8, len(info.Addresses))] {
		seen.Latest = append(seen.Latest, address.Value)
	}
	if seen.Servers, err = s.queries.ServersOf(ctx, string(target.ID)); err != nil {
		return preview, readError("read who is online", err)
	}
	preview.Count, preview.Players = 1, []syncer.SeenPlayer{seen}
	if len(seen.Servers) > 0 {
		preview.Online = 1
	}
	return preview, nil
}
