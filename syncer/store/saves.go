package store

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5/pgtype"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
)

// MaxBatch is how many players one batch of saves should hold: as many keys as
// the triggers report one by one.
const MaxBatch = 256

// SaveBatch stores a batch in one transaction, creating players that do not
// exist and counting their visits. A batch that was stored before is recognised by its id: then there are
// no readings, and the error is nil. It may therefore be sent again after any
// error but invalid, until it is stored exactly once. Where all players exist, as usual, that
// takes one round trip.
func (s *Store) SaveBatch(
	ctx context.Context, batch merge.Batch,
) ([]changefeed.VersionedPlayer, []changefeed.Change, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	all, err := saveParams(s.writer(ctx, "").Server, batch)
	if err != nil {
		return nil, nil, err
	}
	saved, err := s.saveKnown(ctx, batch, all)
	if err == nil && len(saved.readings) == 0 {
		err = s.transaction(ctx, s.timeout, func(ctx context.Context, queries *db.Queries) (err error) {
			saved, err = saveBatch(ctx, queries, batch, all)
			return err
		})
	}
	if err != nil {
		return nil, nil, writeError("save players", err)
	}
	s.committed(saved.encoded, true)
	return saved.readings, saved.changes, nil
}

// PartBatch reports whether a batch is stored, on the synchronous standby too if there is one.
// If not, it never will be, however late a lost statement arrives: its edits may be sent in
// batches of their own. It may be asked again, and answers the same.
func (s *Store) PartBatch(ctx context.Context, id [16]byte) (stored bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	mark := sha256.Sum256(append([]byte("parted "), id[:]...))
	whole, parted := pgtype.UUID{Bytes: id, Valid: true}, pgtype.UUID{Bytes: [16]byte(mark[:16]), Valid: true}
	var isParted bool
	err = repeatedly(func() error {
		return s.pipeline(ctx,
			func(ctx context.Context, queries *db.Queries) error {
				return queries.PartBatch(ctx, db.PartBatchParams{ID: whole, Parted: parted})
			},
			func(ctx context.Context, queries *db.Queries) (err error) { // sees what the first waited for
				isParted, err = queries.IsBatchStored(ctx, parted)
				return err
			})
	})
	if err != nil {
		return false, readError("part saves", err) // what it does may be done again
	}
	return !isParted, nil
}

// saveParams encodes a batch.
func saveParams(server string, batch merge.Batch) (db.SavePlayersParams, error) {
	ids := slices.Sorted(maps.Keys(batch.Edits))
	edits, err := encodeEdits(ids, batch.Edits)
	if err != nil {
		return db.SavePlayersParams{}, err
	}
	writers := make(map[syncer.PlayerID]syncer.Attribution, len(batch.Servers))
	for id, through := range batch.Servers {
		writers[id] = syncer.Attribution{Server: through}
	}
	others, err := otherWriters(writers, syncer.Attribution{Server: server})
	return db.SavePlayersParams{
		Notify: string(notifyLater), Server: server, Writers: others, Uuids: texts(ids), Edits: edits,
	}, err
}

// saveKnown stores a batch of players all of whom exist, in one round trip. It has no readings
// and stored nothing if one does not, or if the batch was stored before.
func (s *Store) saveKnown(ctx context.Context, batch merge.Batch, all db.SavePlayersParams) (saved, error) {
	all.Batch = pgtype.UUID{Bytes: batch.ID, Valid: true}
	var rows []db.SavePlayersRow
	var added []json.RawMessage
	calls := []call{func(ctx context.Context, queries *db.Queries) (err error) {
		rows, err = queries.SavePlayers(ctx, all)
		return err
	}}
	withHistory, withVisits := hasHistoryAndVisits(batch.Edits)
	if withHistory {
		calls = append(calls, func(ctx context.Context, queries *db.Queries) (err error) {
			added, err = queries.AddHistory(ctx, db.AddHistoryParams{
				Batch: all.Batch, Notify: all.Notify, Uuids: all.Uuids, Edits: all.Edits,
			})
			return err
		})
	}
	if withVisits {
		calls = append(calls, func(ctx context.Context, queries *db.Queries) error {
			return queries.AddVisits(ctx, db.AddVisitsParams{Batch: all.Batch, Uuids: all.Uuids, Edits: all.Edits})
		})
	}
	err := repeatedly(func() error { return s.pipeline(ctx, calls...) })
	if err != nil {
		return saved{}, err
	}
	return decodeSaved(batch.Edits, rows, added)
}

// hasHistoryAndVisits reports what of edits has tables of its own.
func hasHistoryAndVisits(edits map[syncer.PlayerID]merge.Edit) (history, visits bool) {
	for _, edit := range edits {
		history = history || len(edit.History) > 0
		visits = visits || len(edit.Visits) > 0
	}
	return history, visits
}

// saved is what edits of several players came to.
type saved struct {
	readings []changefeed.VersionedPlayer
	changes  []changefeed.Change
	encoded  []json.RawMessage // the changes, to be notified of
}

// saveBatch stores a batch of players of whom some may be new.
func saveBatch(ctx context.Context, queries *db.Queries, batch merge.Batch, all db.SavePlayersParams) (saved, error) {
	claimed, err := queries.StartBatch(ctx, pgtype.UUID{Bytes: batch.ID, Valid: true})
	if err != nil || claimed == 0 {
		return saved{}, err
	}
	rows, err := queries.SavePlayers(ctx, all)
	if err != nil {
		return saved{}, err
	}
	if len(rows) < len(all.Uuids) {
		batch.Edits = completed(batch, rows)
		if all.Edits, err = encodeEdits(slices.Sorted(maps.Keys(batch.Edits)), batch.Edits); err != nil {
			return saved{}, err
		}
		created, err := createAndSave(ctx, queries, all, rows)
		if err != nil {
			return saved{}, err
		}
		rows = append(rows, created...)
	}
	added, err := addHistoryAndVisits(ctx, queries, batch, all.Uuids, all.Edits)
	if err != nil {
		return saved{}, err
	}
	return decodeSaved(batch.Edits, rows, added)
}

// writerJSON is one of the writers that a statement for several of them is told.
type writerJSON struct {
	By     string `json:"by,omitempty"`
	Server string `json:"server,omitempty"`
}

// otherWriters returns as JSON those of the writers who are not the one that a statement
// names anyway, "" for none.
func otherWriters(writers map[syncer.PlayerID]syncer.Attribution, named syncer.Attribution) (string, error) {
	others := map[syncer.PlayerID]writerJSON{}
	for id, writer := range writers {
		if writer != named {
			others[id] = writerJSON(writer)
		}
	}
	if len(others) == 0 {
		return "", nil
	}
	encoded, err := json.Marshal(others)
	if err != nil {
		return "", fmt.Errorf("encode writers: %w", err)
	}
	return string(encoded), nil
}

// addHistoryAndVisits stores what has tables of its own; the rows of the players are
// locked. It returns the changes of the history.
func addHistoryAndVisits(
	ctx context.Context, queries *db.Queries, batch merge.Batch, ids []string, edits []json.RawMessage,
) (added []json.RawMessage, err error) {
	withHistory, withVisits := hasHistoryAndVisits(batch.Edits)
	if withHistory {
		added, err = queries.AddHistory(ctx, db.AddHistoryParams{
			Notify: string(notifyLater),
			Uuids:  ids,
			Edits:  edits,
		})
	}
	if err == nil && withVisits {
		err = queries.AddVisits(ctx, db.AddVisitsParams{Uuids: ids, Edits: edits})
	}
	return added, err
}

// completed returns the edits of a batch. Those of players without a row begin with what
// is known of the row that was there before.
func completed(batch merge.Batch, found []db.SavePlayersRow) map[syncer.PlayerID]merge.Edit {
	edits := maps.Clone(batch.Edits)
	for id, known := range batch.Known {
		edits[id] = known.Then(edits[id])
	}
	for _, row := range found {
		id := syncer.PlayerID(row.Player.Uuid)
		edits[id] = batch.Edits[id]
	}
	return edits
}

// encodeEdits returns the edits of the players in the order of ids.
func encodeEdits(ids []syncer.PlayerID, edits map[syncer.PlayerID]merge.Edit) ([]json.RawMessage, error) {
	encoded := make([]json.RawMessage, len(ids))
	for i, id := range ids {
		var err error
		if encoded[i], err = json.Marshal(edits[id]); err != nil {
			return nil, fmt.Errorf("encode edit: %w", err)
		}
	}
	return encoded, nil
}

// createAndSave makes the players that an update did not find and applies their
// edits.
func createAndSave(
	ctx context.Context, queries *db.Queries, all db.SavePlayersParams, found []db.SavePlayersRow,
) ([]db.SavePlayersRow, error) {
	known := make(map[string]bool, len(found))
	for _, row := range found {
		known[row.Player.Uuid] = true
	}
	missing := db.SavePlayersParams{Notify: all.Notify, Server: all.Server, Writers: all.Writers}
	for i, id := range all.Uuids {
		if !known[id] {
			missing.Uuids, missing.Edits = append(missing.Uuids, id), append(missing.Edits, all.Edits[i])
		}
	}
	if err := queries.CreatePlayers(ctx, missing.Uuids); err != nil {
		return nil, err
	}
	return queries.SavePlayers(ctx, missing)
}

// decodeSaved reads the rows that a statement returned of players, and the changes of their
// history.
func decodeSaved(
	edits map[syncer.PlayerID]merge.Edit, rows []db.SavePlayersRow, added []json.RawMessage,
) (saved, error) {
	var s saved
	for _, row := range rows {
		edit := edits[syncer.PlayerID(row.Player.Uuid)]
		reading, err := writtenReading(writtenPlayer{row.Player, row.History, row.Snapshot, row.Xid}, edit)
		if err != nil {
			return saved{}, err
		}
		s.readings = append(s.readings, reading)
		added = append(added, row.Change)
	}
	var err error
	s.changes, s.encoded, err = decodeEach(added)
	return s, err
}
