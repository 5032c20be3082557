package store

import (
	"context"
	"database/sql"
	"fmt"
)

// migrationLock lets one process migrate. Whoever makes a table waits for any other
// transaction that has made one of the same name and has not ended: so the lock is a table
// that is never committed. It takes the right to create in the schema, which migrating takes
// anyway; an advisory lock could be held by every login. It ends with the connection.
// One migrator uses it at a time.
type migrationLock struct{ holding *sql.Tx }

// Lock waits until no other process migrates, at most five minutes.
func (l *migrationLock) Lock(ctx context.Context, database *sql.DB) error {
	tx, err := database.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("lock migrations: %w", err)
	}
	for _, statement := range []string{
		"set local lock_timeout = '5min'",
		"set local idle_in_transaction_session_timeout = 0",
		"create table public.playersync_migrates ()",
	} {
		if _, err := tx.ExecContext(ctx, statement); err != nil {
			_ = tx.Rollback()
			return fmt.Errorf("lock migrations: %w", err)
		}
	}
	l.holding = tx
	return nil
}

// Unlock lets the next one migrate. That the connection broke does so too.
func (l *migrationLock) Unlock(context.Context, *sql.DB) error {
	_ = l.holding.Rollback()
	return nil
}
