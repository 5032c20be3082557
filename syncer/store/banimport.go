package store

import (
	"context"
	"time"

	"playersync/db"
	"playersync/syncer"
)

// importTimeout bounds one [Store.ImportBans], which may store very many.
const importTimeout = 2 * time.Minute

// ImportBans stores bans of another database or of a file, all or none of them,
// and reports the outcome of each. What is here already changes nothing, so that a
// repeated import is harmless, and no open ban is ever replaced; notes that a known
// ban lacks are added. Each must be valid, see [syncer.BanRecord.Validate]. The
// sidecars reload their bans once per call: give many at a time, but no more than
// memory holds.
func (s *Store) ImportBans(ctx context.Context, records []syncer.BanRecord) ([]syncer.ImportedBan, error) {
	ctx, cancel := context.WithTimeout(ctx, importTimeout)
	defer cancel()
	return s.importInto(ctx, db.New(pooled{pool: s.pool}), records)
}

// TryImportBans reports what [Store.ImportBans] would do, and stores nothing. The
// numbers of bans that it would add mean nothing.
func (s *Store) TryImportBans(
	ctx context.Context, records []syncer.BanRecord,
) (imported []syncer.ImportedBan, err error) {
	ctx, cancel := context.WithTimeout(ctx, importTimeout)
	defer cancel()
	tx, err := s.pool.Begin(ctx)
	if err != nil {
		return nil, readError("begin trial import", err)
	}
	defer func() { _ = tx.Rollback(context.WithoutCancel(ctx)) }() // which is what is wanted
	return s.importInto(ctx, s.queries.WithTx(tx), records)
}

func (s *Store) importInto(
	ctx context.Context, queries *db.Queries, records []syncer.BanRecord,
) ([]syncer.ImportedBan, error) {
	known, err := knownIDs(ctx, queries, records)
	if err != nil {
		return nil, err
	}
	imported := make([]syncer.ImportedBan, len(records))
	pending := make([]int32, len(records))
	for i := range pending {
		pending[i] = int32(i)
	}
	for len(pending) > 0 {
		refused, err := s.importBans(ctx, queries, records, pending, imported)
		if err != nil {
			return nil, err
		}
		// A conflicting ban may be lifted by now: then try again.
		if pending, err = findOpenBans(ctx, queries, records, refused, imported); err != nil {
			return nil, err
		}
	}
	for i, record := range records {
		imported[i].Stranger = record.Target.ID != "" && !known[record.Target.ID]
	}
	return imported, nil
}

// knownIDs returns those ids of the records that players have.
func knownIDs(
	ctx context.Context, queries *db.Queries, records []syncer.BanRecord,
) (map[syncer.PlayerID]bool, error) {
	ids := make([]string, 0, len(records))
	for _, record := range records {
		if record.Target.ID != "" {
			ids = append(ids, string(record.Target.ID))
		}
	}
	found, err := queries.KnownIDs(ctx, ids)
	if err != nil {
		return nil, readError("read players", err)
	}
	known := make(map[syncer.PlayerID]bool, len(found))
	for _, id := range found {
		known[syncer.PlayerID(id)] = true
	}
	return known, nil
}

// Namesakes returns those of the ids that no player has and that were never banned, each
// with the ids of the players who have it for a name, in any case.
func (s *Store) Namesakes(ctx context.Context, ids []syncer.PlayerID) (map[syncer.PlayerID][]string, error) {
	ctx, cancel := context.WithTimeout(ctx, importTimeout)
	defer cancel()
	texts := make([]string, len(ids))
	for i, id := range ids {
		texts[i] = string(id)
	}
	rows, err := db.New(pooled{pool: s.pool}).Namesakes(ctx, texts)
	if err != nil {
		return nil, readError("read players by name", err)
	}
	namesakes := make(map[syncer.PlayerID][]string, len(rows))
	for _, row := range rows {
		namesakes[syncer.PlayerID(row.Text)] = row.Uuids
	}
	return namesakes, nil
}

// importBans stores the records at the given positions, and returns the positions of
// those that an open ban of the same target excludes.
func (s *Store) importBans(
	ctx context.Context, queries *db.Queries,
	records []syncer.BanRecord, positions []int32, imported []syncer.ImportedBan,
) ([]int32, error) {
	params, writer := importParams(records, positions), s.writer(ctx, "") // who imports them, not who banned
	params.Server, params.By = writer.Server, writer.By
	rows, err := queries.ImportBans(ctx, params)
	if err != nil {
		return nil, writeError("import bans", err)
	}
	var refused []int32
	for _, row := range rows {
		outcome := syncer.ImportKnown
		switch {
		case row.ID == 0:
			refused = append(refused, row.Position)
			continue
		case row.Added:
			outcome = syncer.ImportAdded
		}
		imported[row.Position] = syncer.ImportedBan{Outcome: outcome, Number: row.ID}
	}
	return refused, nil
}

// findOpenBans notes the open bans of the records at the given positions, and
// returns the positions that have none.
func findOpenBans(
	ctx context.Context, queries *db.Queries,
	records []syncer.BanRecord, positions []int32, imported []syncer.ImportedBan,
) ([]int32, error) {
	if len(positions) == 0 {
		return nil, nil
	}
	params := db.OpenBansOfTargetsParams{Positions: positions}
	for _, i := range positions {
		params.Uuids = append(params.Uuids, string(records[i].Target.ID))
		params.Ips = append(params.Ips, records[i].Target.IP())
	}
	rows, err := queries.OpenBansOfTargets(ctx, params)
	if err != nil {
		return nil, readError("read open bans", err)
	}
	for _, row := range rows {
		imported[row.Position] = syncer.ImportedBan{Outcome: syncer.ImportStands, Number: row.ID}
	}
	var missing []int32
	for _, i := range positions {
		if imported[i].Number == 0 {
			missing = append(missing, i)
		}
	}
	return missing, nil
}

func importParams(records []syncer.BanRecord, positions []int32) db.ImportBansParams {
	p := db.ImportBansParams{Positions: positions}
	for _, i := range positions {
		r := records[i]
		p.Uuids = append(p.Uuids, string(r.Target.ID))
		p.Ips = append(p.Ips, r.Target.IP())
		p.Reasons = append(p.Reasons, r.Reason)
		p.BannedBy = append(p.BannedBy, r.By)
		p.CreatedAt = append(p.CreatedAt, timestamp(r.CreatedAt))
		p.ExpiresAt = append(p.ExpiresAt, timestamp(r.ExpiresAt))
		p.LiftedAt = append(p.LiftedAt, timestamp(r.LiftedAt))
		p.LiftedBy = append(p.LiftedBy, r.LiftedBy)
		p.LiftReasons = append(p.LiftReasons, r.LiftReason)
		for _, note := range r.Notes {
			p.NotePositions = append(p.NotePositions, i)
			p.NoteWrittenAt = append(p.NoteWrittenAt, timestamp(note.At))
			p.NoteWrittenBy = append(p.NoteWrittenBy, note.By)
			p.NoteTexts = append(p.NoteTexts, note.Text)
		}
	}
	return p
}
