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
