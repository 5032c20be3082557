package demo

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Psql is a connection as a person with psql has it: plain SQL in plain text. It
// knows nothing of playersync.
type Psql struct{ conn *pgx.Conn }

func openPsql(ctx context.Context, url string) (*Psql, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("parse database url: %w", err)
	}
	config.RuntimeParams["application_name"] = psqlName
	config.DefaultQueryExecMode = pgx.QueryExecModeSimpleProtocol
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return nil, fmt.Errorf("connect as psql: %w", err)
	}
	return &Psql{conn}, nil
}

// Run executes a statement.
func (p *Psql) Run(ctx context.Context, sql string, args ...any) error {
	if _, err := p.conn.Exec(ctx, sql, args...); err != nil {
		return fmt.Errorf("run %q in psql: %w", sql, err)
	}
	return nil
}

// Row reads the single row of a query.
func (p *Psql) Row(ctx context.Context, sql string, into ...any) error {
	if err := p.conn.QueryRow(ctx, sql).Scan(into...); err != nil {
		return fmt.Errorf("run %q in psql: %w", sql, err)
	}
	return nil
}

func (p *Psql) close(ctx context.Context) { _ = p.conn.Close(ctx) } // it may be broken already
