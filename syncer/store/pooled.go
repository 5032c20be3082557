package store

import (
	"context"
	"errors"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"

	"playersync/db"
)

// notStoredError is the error of an operation that certainly stored nothing: no statement
// that could was handed to a connection, or its transaction was never told to commit.
type notStoredError struct{ error }

// Unwrap returns what happened.
func (e notStoredError) Unwrap() error { return e.error }

// pooled runs each statement of the generated queries on a connection of the pool, as the
// pool itself does, within a time-out: waiting for a connection and reading the rows count.
// It tells apart whether it failed before the statement was handed to a connection.
type pooled struct {
	pool    *pgxpool.Pool
	timeout time.Duration // 0: none but the caller's
}

// acquire returns a connection, and the context within which to use it. Done gives the
// connection back and ends the time-out.
func (p pooled) acquire(ctx context.Context) (_ context.Context, _ *pgxpool.Conn, done func(), _ error) {
	cancel := func() {}
	if p.timeout > 0 {
		ctx, cancel = context.WithTimeout(ctx, p.timeout)
	}
	conn, err := p.pool.Acquire(ctx)
	if err == nil && ctx.Err() != nil { // pgx looks too, and its error does not tell
		conn.Release()
		err = ctx.Err()
	}
	if err != nil {
		cancel()
		return nil, nil, nil, notStoredError{refusal(err, p.pool.Config().ConnConfig)}
	}
	return ctx, conn, func() { conn.Release(); cancel() }, nil
}

// Exec runs a statement without rows.
func (p pooled) Exec(ctx context.Context, statement string, arguments ...any) (pgconn.CommandTag, error) {
	ctx, conn, done, err := p.acquire(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer done()
	return conn.Exec(ctx, statement, arguments...)
}

// Query returns the rows of a statement. Closing them gives the connection back.
func (p pooled) Query(ctx context.Context, statement string, arguments ...any) (pgx.Rows, error) {
	ctx, conn, done, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, statement, arguments...)
	if err != nil {
		done()
		return nil, err
	}
	return pooledRows{rows, done}, nil
}

// QueryRow returns the one row of a statement. Scanning it gives the connection back.
func (p pooled) QueryRow(ctx context.Context, statement string, arguments ...any) pgx.Row {
	ctx, conn, done, err := p.acquire(ctx)
	if err != nil {
		return failedRow{err}
	}
	return pooledRow{conn.QueryRow(ctx, statement, arguments...), done}
}

// transaction runs statements in one transaction, within a time-out for all of it. It
// repeats them as [repeatedly] does.
func (s *Store) transaction(
	ctx context.Context, timeout time.Duration, do func(context.Context, *db.Queries) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return repeatedly(func() error {
		return s.inTransaction(ctx, func(tx pgx.Tx) error { return do(ctx, s.queries.WithTx(tx)) })
	})
}

// inTransaction runs do in a transaction and commits it, unless do fails.
func (s *Store) inTransaction(ctx context.Context, do func(pgx.Tx) error) error {
	ctx, conn, done, err := pooled{pool: s.pool}.acquire(ctx)
	if err != nil {
		return err
	}
	defer done()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return notStoredError{err}
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback(ctx) // if that fails, the connection is closed when it is released
		return notStoredError{err}
	}
	err = tx.Commit(ctx)
	if errors.Is(err, pgx.ErrTxCommitRollback) {
		return notStoredError{err}
	}
	return err
}

type pooledRows struct {
	pgx.Rows
	done func()
}

// Close reads what is left of the rows and gives the connection back.
func (r pooledRows) Close() {
	r.Rows.Close()
	r.done()
}

type pooledRow struct {
	pgx.Row
	done func()
}

// Scan reads the row and gives the connection back.
func (r pooledRow) Scan(into ...any) error {
	defer r.done()
	return r.Row.Scan(into...)
}

type failedRow struct{ err error }

// Scan says why there is no row.
func (r failedRow) Scan(...any) error { return r.err }
