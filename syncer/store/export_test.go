package store

import (
	"context"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"playersync/db"
)

// OnNotice has all connections made from now on give the server's notices to
// the handler. It must come before the first use.
func (s *Store) OnNotice(handle pgconn.NoticeHandler) error {
	config := s.pool.Config()
	config.ConnConfig.OnNotice = handle
	pool, err := pgxpool.NewWithConfig(context.Background(), config)
	if err != nil {
		return err
	}
	s.pool.Close()
	s.pool, s.queries = pool, db.New(pool)
	s.notifier.queries = s.queries
	s.feed.OnNotice = handle
	return nil
}
