package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"playersync/db"
)

// call makes one call of the generated queries.
type call func(context.Context, *db.Queries) error

// pipeline makes calls in one transaction and one round trip. Each is made twice: first it is
// noted what it asks, then it reads the answer.
func (s *Store) pipeline(ctx context.Context, calls ...call) error {
	ctx, conn, done, err := pooled{s.pool, s.timeout}.acquire(ctx)
	if err != nil {
		return err
	}
	defer done()
	asked := asked{&pgx.Batch{}}
	for _, call := range calls {
		if err := call(ctx, db.New(asked)); !errors.Is(err, errAsked) {
			return notStoredError{err}
		}
	}
	results := conn.SendBatch(ctx, asked.batch)
	answers := db.New(answers{results})
	for _, call := range calls {
		if err = call(ctx, answers); err != nil {
			break
		}
	}
	if ended := results.Close(); err == nil { // which is the commit
		err = ended
	}
	return err
}

// errAsked is the error of a statement that waits to be sent.
var errAsked = errors.New("the statement was only noted")

// asked notes statements.
type asked struct{ batch *pgx.Batch }

// Exec notes a statement without rows.
func (a asked) Exec(_ context.Context, statement string, arguments ...any) (pgconn.CommandTag, error) {
	a.batch.Queue(statement, arguments...)
	return pgconn.CommandTag{}, errAsked
}

// Query notes a statement.
func (a asked) Query(_ context.Context, statement string, arguments ...any) (pgx.Rows, error) {
	a.batch.Queue(statement, arguments...)
	return nil, errAsked
}

// QueryRow notes a statement with one row.
func (a asked) QueryRow(_ context.Context, statement string, arguments ...any) pgx.Row {
	a.batch.Queue(statement, arguments...)
	return failedRow{errAsked}
}

// answers are those to statements that were sent, in their order.
type answers struct{ results pgx.BatchResults }

// Exec returns what became of a statement without rows.
func (a answers) Exec(context.Context, string, ...any) (pgconn.CommandTag, error) {
	return a.results.Exec()
}

// Query returns the rows of a statement.
func (a answers) Query(context.Context, string, ...any) (pgx.Rows, error) { return a.results.Query() }

// QueryRow returns the row of a statement.
func (a answers) QueryRow(context.Context, string, ...any) pgx.Row { return a.results.QueryRow() }
