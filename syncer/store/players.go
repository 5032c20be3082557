package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

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

// EditPlayer applies an edit to the current row in one statement. With expected,
// the row must still have that revision. The result is the row as it is now and
// the changes that other sidecars are told of, none if nothing they cache
// changed. Errors: invalid, not_found, stale, database_unavailable,
// outcome_unknown.
func (s *Store) EditPlayer(
	ctx context.Context, id syncer.PlayerID, edit merge.Edit, expected *int64,
) (changefeed.VersionedPlayer, []changefeed.Change, error) {
	encoded, err := json.Marshal(edit)
	if err != nil {
		return changefeed.VersionedPlayer{}, nil, fmt.Errorf("encode edit: %w", err)
	}
	mode, end := s.beginWrite()
	writer := s.writer(ctx, "")
	row, history, err := s.edit(ctx, db.EditPlayerParams{
		Edit: encoded, Notify: string(mode), Server: writer.Server, By: writer.By, Uuid: string(id), Revision: expected,
	}, len(edit.History) > 0)
	end()
	if errors.Is(err, pgx.ErrNoRows) {
		return changefeed.VersionedPlayer{}, nil, s.explainMissing(ctx, id, expected)
	}
	if err != nil {
		return changefeed.VersionedPlayer{}, nil, writeError("edit player", err)
	}
	changes, encodedChanges, err := decodeEach(append(history, row.Change))
	if err != nil {
		return changefeed.VersionedPlayer{}, nil, err
	}
	if mode == notifyLater {
		s.notifier.send(encodedChanges)
	}
	reading, err := writtenReading(writtenPlayer{row.Player, row.History, row.Snapshot, row.Xid}, edit)
	return reading, changes, err
}

// edit runs an edit: alone, or in one transaction with its history.
func (s *Store) edit(
	ctx context.Context, p db.EditPlayerParams, withHistory bool,
) (row db.EditPlayerRow, history []json.RawMessage, err error) {
	if !withHistory {
		row, err = s.queries.EditPlayer(ctx, p)
		return row, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err = s.inTransaction(ctx, func(tx pgx.Tx) (err error) {
		queries := s.queries.WithTx(tx)
		if row, err = queries.EditPlayer(ctx, p); err != nil {
			return err
		}
		history, err = queries.AddHistory(ctx, db.AddHistoryParams{
			Notify: p.Notify, Uuids: []string{p.Uuid}, Edits: []json.RawMessage{p.Edit},
		})
		return err
	})
	return row, history, err
}

// explainMissing tells apart why an edit found no row.
func (s *Store) explainMissing(ctx context.Context, id syncer.PlayerID, expected *int64) error {
	readings, err := readPlayers(ctx, s.queries, []syncer.PlayerID{id})
	if err != nil {
		return err
	}
	if readings[0].Player == nil || expected == nil {
		return syncer.NotFound("no player %q", id)
	}
	return &syncer.Error{
		Code: syncer.CodeStale, Field: "If-Match",
		Message: fmt.Sprintf("the player is at revision %d, not %d", readings[0].Player.Revision, *expected),
	}
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
		player.History = syncer.UniteHistory(player.History, edit.History)
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

// RemoveHistory removes one history entry; it reports whether it was there.
func (s *Store) RemoveHistory(ctx context.Context, id syncer.PlayerID, entry syncer.HistoryEntry) (bool, error) {
	removed, err := s.queries.RemoveHistory(ctx, db.RemoveHistoryParams{
		Uuid: string(id), Action: entry.Action, By: entry.By, Time: timestamp(entry.Time),
	})
	return removed > 0, writeError("remove history", err)
}

func texts(ids []syncer.PlayerID) []string {
	out := make([]string, len(ids))
	for i, id := range ids {
		out[i] = string(id)
	}
	return out
}
