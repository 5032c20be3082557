package store

import (
	"context"

	"github.com/jackc/pgx/v5/pgtype"

	"playersync/db"
	"playersync/syncer/mindustry"
)

// AddModEntry stores an entry of the moderation log, once however often it is sent.
func (s *Store) AddModEntry(ctx context.Context, e mindustry.ModEntry) error {
	return writeError("add to moderation log", s.queries.AddModLog(ctx, db.AddModLogParams{
		At: timestamp(e.At), Source: e.Source, Message: e.Message, Token: pgtype.UUID{Bytes: e.Token, Valid: true},
	}))
}

// ModLog returns up to size entries with a number below before, newest first.
func (s *Store) ModLog(
	ctx context.Context, f mindustry.ModLogFilter, before int64, size int,
) ([]mindustry.ModEntry, error) {
	rows, err := s.queries.ListModLog(ctx, db.ListModLogParams{
		Before: before, Source: optional(f.Source), Part: optional(f.Text), Since: timestamp(f.Since),
		Until: timestamp(f.Until), PageSize: int32(size),
	})
	entries := make([]mindustry.ModEntry, len(rows))
	for i, row := range rows {
		entries[i] = modEntryOf(db.NewestModLogRow(row))
	}
	return entries, readError("list moderation log", err)
}

func modEntryOf(row db.NewestModLogRow) mindustry.ModEntry {
	return mindustry.ModEntry{Number: row.ID, At: timeOf(row.At), Source: row.Source, Message: row.Message}
}
