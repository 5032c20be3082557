package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"playersync/db"
)

// transaction runs statements in one transaction, within a time-out for all of it. It
// repeats them as [repeatedly] does.
func (s *Store) transaction(
	ctx context.Context, timeout time.Duration, do func(context.Context, *db.Queries) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return repeatedly(func() error {
		return pooled{s.pool}.inTransaction(ctx, func(tx pgx.Tx) error { return do(ctx, s.queries.WithTx(tx)) })
	})
}

// bounded runs each statement of the generated queries within a time-out. Waiting for
// a connection and reading the rows count.
type bounded struct {
	db.DBTX
	timeout time.Duration
}

// Exec runs a statement without rows.
func (b bounded) Exec(ctx context.Context, statement string, arguments ...any) (pgconn.CommandTag, error) {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	defer cancel()
	return b.DBTX.Exec(ctx, statement, arguments...)
}

// Query returns the rows of a statement. Closing them ends the time-out.
func (b bounded) Query(ctx context.Context, statement string, arguments ...any) (pgx.Rows, error) {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	rows, err := b.DBTX.Query(ctx, statement, arguments...)
	if err != nil {
		cancel()
		return rows, err
	}
	return boundedRows{rows, cancel}, nil
}

// QueryRow returns the one row of a statement. Scanning it ends the time-out.
func (b bounded) QueryRow(ctx context.Context, statement string, arguments ...any) pgx.Row {
	ctx, cancel := context.WithTimeout(ctx, b.timeout)
	return boundedRow{b.DBTX.QueryRow(ctx, statement, arguments...), cancel}
}

type boundedRows struct {
	pgx.Rows
	cancel context.CancelFunc
}

// Close reads what is left of the rows and ends the time-out.
func (r boundedRows) Close() {
	r.Rows.Close()
	r.cancel()
}

type boundedRow struct {
	pgx.Row
	cancel context.CancelFunc
}

// Scan reads the row and ends the time-out.
func (r boundedRow) Scan(into ...any) error {
	defer r.cancel()
	return r.Row.Scan(into...)
}
