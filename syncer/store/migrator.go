package store

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"playersync/migrations"
)

// versionTable is where goose keeps which migrations were applied.
const versionTable = "public.goose_db_version"

// Migrator applies the embedded migrations by goose. Many may start at once: one
// works while the others wait.
type Migrator struct {
	*goose.Provider
	database *sql.DB
}

// NewMigrator prepares to migrate the database at url. Close it after use.
func NewMigrator(url string) (*Migrator, error) {
	config, err := parseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse database url: %w", err)
	}
	servers := &primaries{}
	servers.watch(config, servers.admit)
	config.RuntimeParams["application_name"] = "playersync migrate"
	config.DefaultQueryExecMode = pgx.QueryExecModeExec // poolers keep no prepared statements
	database := stdlib.OpenDB(*config, stdlib.OptionAfterConnect(func(ctx context.Context, conn *pgx.Conn) error {
		_, err := conn.Exec(ctx, "set search_path = public") // poolers refuse it at the start
		return err
	}))
	return newMigrator(database)
}

func newMigrator(database *sql.DB) (*Migrator, error) {
	provider, err := goose.NewProvider(goose.DialectPostgres, database, migrations.FS,
		goose.WithTableName(versionTable), goose.WithLocker(&migrationLock{}))
	if err != nil {
		_ = database.Close()
		return nil, fmt.Errorf("read migrations: %w", err)
	}
	return &Migrator{Provider: provider, database: database}, nil
}

// Pending reports whether migrations are still to be applied. It changes nothing: goose would
// make its table in an empty database, which may be one that a backup is being restored to.
func (m *Migrator) Pending(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	var isEmpty bool
	err := m.database.QueryRowContext(ctx, `select to_regclass($1) is null`, versionTable).Scan(&isEmpty)
	if err != nil || isEmpty {
		return isEmpty, readError("read schema version", err)
	}
	pending, err := m.HasPending(ctx)
	return pending, readError("read schema version", err)
}

// Pending is [Migrator.Pending], asked on a connection of the store's.
func (s *Store) Pending(ctx context.Context) (bool, error) {
	m, err := newMigrator(stdlib.OpenDBFromPool(s.pool))
	if err != nil {
		return false, err
	}
	defer func() { _ = m.Close() }()
	return m.Pending(ctx)
}

// Close ends the migrator's connections.
func (m *Migrator) Close() error { return m.Provider.Close() }

// Migrate brings the schema at url up to date.
func Migrate(ctx context.Context, url string) error {
	m, err := NewMigrator(url)
	if err != nil {
		return err
	}
	defer func() { _ = m.Close() }()
	if _, err := m.Up(ctx); err != nil {
		return fmt.Errorf("migrate the database: %w", err)
	}
	return nil
}
