package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// notStoredError is the error of an operation that certainly stored nothing: no statement
// that could was handed to a connection, or its transaction was never told to commit.
type notStoredError struct{ error }

// Unwrap returns what happened.
func (e notStoredError) Unwrap() error { return e.error }

// pooled runs each statement on a connection of the pool, as the pool itself does, and
// tells apart whether it failed before the statement was handed to a connection.
type pooled struct{ pool *pgxpool.Pool }

func (p pooled) acquire(ctx context.Context) (*pgxpool.Conn, error) {
	conn, err := p.pool.Acquire(ctx)
	if err == nil && ctx.Err() != nil { // pgx looks too, and its error does not tell
		conn.Release()
		err = ctx.Err()
	}
	if err != nil {
		return nil, notStoredError{err}
	}
	return conn, nil
}

// Exec runs a statement without rows.
func (p pooled) Exec(ctx context.Context, statement string, arguments ...any) (pgconn.CommandTag, error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return pgconn.CommandTag{}, err
	}
	defer conn.Release()
	return conn.Exec(ctx, statement, arguments...)
}

// Query returns the rows of a statement. Closing them gives the connection back.
func (p pooled) Query(ctx context.Context, statement string, arguments ...any) (pgx.Rows, error) {
	conn, err := p.acquire(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := conn.Query(ctx, statement, arguments...)
	if err != nil {
		conn.Release()
		return nil, err
	}
	return pooledRows{rows, conn}, nil
}

// QueryRow returns the one row of a statement. Scanning it gives the connection back.
func (p pooled) QueryRow(ctx context.Context, statement string, arguments ...any) pgx.Row {
	conn, err := p.acquire(ctx)
	if err != nil {
		return failedRow{err}
	}
	return pooledRow{conn.QueryRow(ctx, statement, arguments...), conn}
}

// inTransaction runs do in a transaction and commits it, unless do fails.
func (p pooled) inTransaction(ctx context.Context, do func(pgx.Tx) error) error {
	conn, err := p.acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	tx, err := conn.Begin(ctx)
	if err != nil {
		return notStoredError{err}
	}
	if err := do(tx); err != nil {
		_ = tx.Rollback(ctx) // if that fails, the connection is closed when it is released
		return notStoredError{err}
	}
	if err := tx.Commit(ctx); errors.Is(err, pgx.ErrTxCommitRollback) {
		return notStoredError{err}
	} else if err != nil {
		return err
	}
	return nil
}

type pooledRows struct {
	pgx.Rows
	conn *pgxpool.Conn
}

// Close reads what is left of the rows and gives the connection back.
func (r pooledRows) Close() {
	r.Rows.Close()
	r.conn.Release()
}

type pooledRow struct {
	pgx.Row
	conn *pgxpool.Conn
}

// Scan reads the row and gives the connection back.
func (r pooledRow) Scan(into ...any) error {
	defer r.conn.Release()
	return r.Row.Scan(into...)
}

type failedRow struct{ err error }

// Scan says why there is no row.
func (r failedRow) Scan(...any) error { return r.err }
