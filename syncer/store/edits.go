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
	s.committed(encodedChanges, mode == notifyLater)
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

// What [Store.EditPlayers] tells the statement in place of a revision, which is never so low.
const (
	anyRevision = 0
	noRevision  = -1
)

// EditPlayers applies edits of different players in one step, as [Store.EditPlayer] does each.
// It leaves a player as he is, without a reading, who does not exist, is at another revision
// or is locked by somebody else. Errors: invalid for all if one is, database_unavailable,
// outcome_unknown.
func (s *Store) EditPlayers(
	ctx context.Context, edits []merge.PlayerEdit,
) ([]changefeed.VersionedPlayer, []changefeed.Change, error) {
	byID := make(map[syncer.PlayerID]merge.Edit, len(edits))
	params, err := s.editParams(edits)
	if err != nil {
		return nil, nil, err
	}
	for _, e := range edits {
		byID[e.ID] = e.Edit
	}
	mode, end := s.beginWrite()
	params.Notify = string(mode)
	rows, history, err := s.editAll(ctx, params, byID)
	end()
	if err != nil {
		return nil, nil, writeError("edit players", err)
	}
	written, err := decodeSaved(byID, rows, history)
	if err != nil {
		return nil, nil, err
	}
	s.committed(written.encoded, mode == notifyLater)
	return written.readings, written.changes, nil
}

// editParams encodes edits for one statement.
func (s *Store) editParams(edits []merge.PlayerEdit) (params db.EditPlayersParams, err error) {
	writers := make(map[syncer.PlayerID]syncer.Attribution, len(edits))
	for _, e := range edits {
		encoded, err := json.Marshal(e.Edit)
		if err != nil {
			return params, fmt.Errorf("encode edit: %w", err)
		}
		revision := int64(anyRevision)
		if e.Expected != nil {
			revision = *e.Expected
			if revision <= anyRevision {
				revision = noRevision
			}
		}
		params.Uuids = append(params.Uuids, string(e.ID))
		params.Edits = append(params.Edits, encoded)
		params.Revisions = append(params.Revisions, revision)
		writers[e.ID] = s.attribute(e.Attribution)
	}
	named := s.attribute(syncer.Attribution{})
	params.By, params.Server = named.By, named.Server
	params.Writers, err = otherWriters(writers, named)
	return params, err
}

// editAll runs edits: in one statement, or in one transaction with their history.
func (s *Store) editAll(
	ctx context.Context, p db.EditPlayersParams, edits map[syncer.PlayerID]merge.Edit,
) (rows []db.SavePlayersRow, history []json.RawMessage, err error) {
	withHistory := false
	for _, edit := range edits {
		withHistory = withHistory || len(edit.History) > 0
	}
	if !withHistory {
		err = repeatedly(func() error {
			edited, err := s.queries.EditPlayers(ctx, p)
			rows = savedRows(edited)
			return err
		})
		return rows, nil, err
	}
	err = s.transaction(ctx, s.timeout, func(ctx context.Context, queries *db.Queries) error {
		edited, err := queries.EditPlayers(ctx, p)
		if err != nil {
			return err
		}
		rows = savedRows(edited)
		added := db.AddHistoryParams{Notify: p.Notify}
		found := make(map[string]bool, len(rows))
		for _, row := range rows {
			found[row.Player.Uuid] = true
		}
		for i, id := range p.Uuids {
			if found[id] {
				added.Uuids, added.Edits = append(added.Uuids, id), append(added.Edits, p.Edits[i])
			}
		}
		history, err = queries.AddHistory(ctx, added)
		return err
	})
	return rows, history, err
}

// savedRows returns the rows of edits as those of saves, which have the same columns.
func savedRows(rows []db.EditPlayersRow) []db.SavePlayersRow {
	same := make([]db.SavePlayersRow, len(rows))
	for i, row := range rows {
		same[i] = db.SavePlayersRow(row)
	}
	return same
}
