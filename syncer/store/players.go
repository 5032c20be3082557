package store

import (
	"context"
	"encoding/json"
	"fmt"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
)

// ReadPlayers reads players by id. Every id gets a reading; one without a player
// does not exist.
func (s *Store) ReadPlayers(ctx context.Context, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
	return readPlayers(ctx, s.queries, ids)
}

func readPlayers(
	ctx context.Context, queries *db.Queries, ids []syncer.PlayerID,
) ([]changefeed.VersionedPlayer, error) {
	if len(ids) == 0 {
		return []changefeed.VersionedPlayer{}, nil
	}
	for {
		rows, err := queries.ReadPlayers(ctx, texts(ids))
		if err != nil {
			return nil, readError("read players", err)
		}
		if len(rows) > 0 {
			return readingsOf(ids, rows)
		}
		// No row names the snapshot. Repeat if one has come in between.
		any, err := queries.AnyPlayer(ctx, texts(ids))
		if err != nil {
			return nil, readError("read players", err)
		}
		if !any.Found {
			return absent(ids, any.Snapshot)
		}
	}
}

// readingsOf returns a reading of each id. All rows were read at one snapshot, at
// which ids without a row do not exist.
func readingsOf(ids []syncer.PlayerID, rows []db.ReadPlayersRow) ([]changefeed.VersionedPlayer, error) {
	readings, err := absent(ids, rows[0].Snapshot)
	if err != nil {
		return nil, err
	}
	found := make(map[string]db.ReadPlayersRow, len(rows))
	for _, row := range rows {
		found[row.Player.Uuid] = row
	}
	for i, r := range readings {
		row, ok := found[string(r.ID)]
		if !ok {
			continue
		}
		player, err := playerOf(row.Player, row.History)
		if err != nil {
			return nil, fmt.Errorf("read players: %w", err)
		}
		readings[i].Player = &player
		if readings[i].Balances, err = decodeBalances(row.Balances); err != nil {
			return nil, fmt.Errorf("read players: %w", err)
		}
	}
	return readings, nil
}

// absent returns readings of ids that do not exist at a snapshot.
func absent(ids []syncer.PlayerID, snapshot string) ([]changefeed.VersionedPlayer, error) {
	seen, err := changefeed.ParseSnapshot(snapshot)
	if err != nil {
		return nil, fmt.Errorf("read players: %w", err)
	}
	readings := make([]changefeed.VersionedPlayer, len(ids))
	for i, id := range ids {
		readings[i] = changefeed.VersionedPlayer{ID: id, Snapshot: seen}
	}
	return readings, nil
}

// CreatePlayers inserts those players that do not exist yet, with every field at
// its default.
func (s *Store) CreatePlayers(ctx context.Context, ids []syncer.PlayerID) error {
	return writeError("create players", s.queries.CreatePlayers(ctx, texts(ids)))
}

// writtenPlayer is the row that a write returned. The history in it was read with the
// statement's snapshot, before the edit's own entries were added.
type writtenPlayer struct {
	row      db.Player
	history  []byte
	snapshot string
	xid      int64
}

func writtenReading(w writtenPlayer, edit merge.Edit) (changefeed.VersionedPlayer, error) {
	player, err := playerOf(w.row, w.history)
	if err != nil {
		return changefeed.VersionedPlayer{}, err
	}
	if len(edit.History) > 0 {
		player.History = syncer.NewestHistory(syncer.UniteHistory(player.History, edit.History))
	}
	seen, err := changefeed.ParseSnapshot(w.snapshot)
	return changefeed.VersionedPlayer{ID: player.ID, Snapshot: seen, Player: &player, Xid: uint64(w.xid)}, err
}

// playerOf reads a row and the JSON of its history, which is empty without entries.
func playerOf(row db.Player, history []byte) (syncer.Player, error) {
	player := syncer.Player{
		ID: syncer.PlayerID(row.Uuid),
		Synced: syncer.Synced{
			Rank: row.Rank, Flags: syncer.NormalizeSet(row.Flags), Attributes: row.Attributes,
			UnmuteTime: timeOf(row.UnmuteTime), MuteReason: row.MuteReason, UnmarkTime: timeOf(row.UnmarkTime),
			Name: row.Name, OverrideName: row.OverrideName, Highlight: row.Highlight,
			ChatStrictness: row.ChatStrictness, ShowRankPrefix: row.ShowRankPrefix,
			Language: row.Language, Achievements: row.Achievements,
		},
		History: []syncer.HistoryEntry{}, Revision: row.Revision, CreatedAt: timeOf(row.CreatedAt),
	}
	if row.RainbowSpeed != nil {
		player.Rainbow = &syncer.Rainbow{Speed: int(*row.RainbowSpeed)}
	}
	err := json.Unmarshal(row.Gamemodes, &player.Gamemodes)
	if err == nil {
		err = json.Unmarshal(row.Addresses, &player.Addresses)
	}
	if err == nil && len(history) > 0 {
		err = json.Unmarshal(history, &player.History)
	}
	if err != nil {
		return syncer.Player{}, fmt.Errorf("decode player %q: %w", row.Uuid, err)
	}
	return player, nil
}

// HistoryBefore returns the newest entries of a player's history that come before one, oldest
// first: at most so many.
func (s *Store) HistoryBefore(
	ctx context.Context, id syncer.PlayerID, before syncer.HistoryEntry, most int,
) ([]syncer.HistoryEntry, error) {
	rows, err := s.queries.HistoryBefore(ctx, db.HistoryBeforeParams{
		Uuid: string(id), Time: timestamp(before.Time), Action: before.Action, By: before.By, PageSize: int32(most),
	})
	if err != nil {
		return nil, readError("read history", err)
	}
	entries := make([]syncer.HistoryEntry, len(rows))
	for i, row := range rows {
		entries[len(rows)-1-i] = syncer.HistoryEntry{Action: row.Action, By: row.By, Time: timeOf(row.Time)}
	}
	return entries, nil
}

// RemoveHistory removes one history entry; it reports whether it was there.
func (s *Store) RemoveHistory(ctx context.Context, id syncer.PlayerID, entry syncer.HistoryEntry) (bool, error) {
	removed, err := s.queries.RemoveHistory(ctx, db.RemoveHistoryParams{
		Uuid: string(id), Action: entry.Action, By: entry.By, Time: timestamp(entry.Time),
	})
	return s.done(ctx, "remove history", removed, err)
}

func texts(ids []syncer.PlayerID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}
