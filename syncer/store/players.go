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

func readPlayers(ctx context.Context, queries *db.Queries, ids []syncer.PlayerID) ([]changefeed.VersionedPlayer, error) {
	rows, err := queries.ReadPlayers(ctx, texts(ids))
	if err != nil {
		return nil, readError("read players", err)
	}
	readings := make([]changefeed.VersionedPlayer, len(rows))
	for i, row := range rows {
		if readings[i], err = decodeReading(syncer.PlayerID(row.Uuid), row.Snapshot, row.Record); err != nil {
			return nil, fmt.Errorf("read players: %w", err)
		}
		if readings[i].Balances, err = decodeBalances(row.Balances); err != nil {
			return nil, fmt.Errorf("read players: %w", err)
		}
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
func (s *Store) EditPlayer(ctx context.Context, id syncer.PlayerID, edit merge.Edit, expected *int64) (changefeed.VersionedPlayer, []changefeed.Change, error) {
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
	reading, err := writtenReading(id, row.Snapshot, row.Record, row.Xid, edit)
	return reading, changes, err
}

// edit runs an edit: alone, or in one transaction with its history.
func (s *Store) edit(ctx context.Context, p db.EditPlayerParams, withHistory bool) (row db.EditPlayerRow, history []json.RawMessage, err error) {
	if !withHistory {
		row, err = s.queries.EditPlayer(ctx, p)
		return row, nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	err = pgx.BeginFunc(ctx, s.pool, func(tx pgx.Tx) (err error) {
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

// writtenReading is the row that a write returned. The history in it was read
// with the statement's snapshot, before the edit's own entries were added.
func writtenReading(id syncer.PlayerID, snapshot string, record json.RawMessage, xid int64, edit merge.Edit) (changefeed.VersionedPlayer, error) {
	reading, err := decodeReading(id, snapshot, record)
	if err != nil {
		return changefeed.VersionedPlayer{}, err
	}
	reading.Xid = uint64(xid)
	if len(edit.History) > 0 {
		reading.Player.History = syncer.UniteHistory(reading.Player.History, edit.History)
	}
	return reading, nil
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
