package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strconv"
	"time"

	"github.com/pressly/goose/v3"
	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer"
	"playersync/syncer/store"
)

func newMigrateCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "migrate",
		Short: "Bring the database's schema up to date, or back",
		Long: `Apply or revert the migrations that are built into this program. They are plain
goose migrations: the goose tool can run the same files. Several programs may
start them at once; one works and the others wait.

The login must be allowed to create roles at the first run; later it needs to
be a member of playersync_owner.`,
		GroupID: groupOperate,
	})
	a.addConfigFlags(command)
	add := func(use, short string, args cobra.PositionalArgs, run func(*migration, []string) error) {
		child := &cobra.Command{Use: use, Short: short, Args: args, RunE: a.migrating(run)}
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	add("up", "Apply all pending migrations", exactly(), (*migration).up)
	add("up-to VERSION", "Apply migrations up to a version", exactly("VERSION"), (*migration).upTo)
	add("down", "Revert the latest migration", exactly(), (*migration).down)
	add("down-to VERSION", "Revert migrations down to a version; 0 loses all players and bans",
		exactly("VERSION"), (*migration).downTo)
	add("redo", "Revert the latest migration and apply it again", exactly(), (*migration).redo)
	add("status", "List the migrations and when they were applied", exactly(), (*migration).status)
	add("version", "Print the schema's version and the newest one known", exactly(), (*migration).version)
	return command
}

// migration is one run of a migrate command.
type migration struct {
	*app
	*store.Migrator
	ctx      context.Context //nolint:containedctx // lasts as long as the one call it is for
	database config.Secret
}

// migrating opens the database for a command and closes it.
func (a *app) migrating(run func(*migration, []string) error) func(*cobra.Command, []string) error {
	return func(command *cobra.Command, args []string) error {
		settings, err := a.config(command)
		if err != nil {
			return err
		}
		database, err := directURL(settings)
		if err != nil {
			return err
		}
		migrator, err := store.NewMigrator(database.Reveal())
		if err != nil {
			return err
		}
		failed := run(&migration{app: a, Migrator: migrator, ctx: command.Context(), database: database}, args)
		return errors.Join(failed, migrator.Close())
	}
}

func (m *migration) up([]string) error {
	m.announce("up", -1)
	return m.report(m.Up(m.ctx))
}

func (m *migration) upTo(args []string) error {
	version, err := schemaVersion(args[0])
	if err != nil {
		return err
	}
	if _, newest, err := m.GetVersions(m.ctx); err == nil && version > newest {
		return usagef("there is no version %d; the newest that this program knows is %d", version, newest)
	}
	m.announce("up", version)
	return m.report(m.UpTo(m.ctx, version))
}

func (m *migration) down([]string) error {
	return m.report(one(m.Down(m.ctx)))
}

func (m *migration) downTo(args []string) error {
	version, err := schemaVersion(args[0])
	if err != nil {
		return err
	}
	m.announce("down", version)
	return m.report(m.DownTo(m.ctx, version))
}

func (m *migration) redo([]string) error {
	down, err := one(m.Down(m.ctx))
	if err != nil || len(down) == 0 {
		return m.report(down, err)
	}
	up, err := one(m.ApplyVersion(m.ctx, down[0].Source.Version, true))
	return m.report(append(down, up...), err)
}

// announce tells what is about to be done: on a large database it may take long.
func (m *migration) announce(direction string, to int64) {
	current, newest, err := m.GetVersions(m.ctx)
	if err != nil {
		return // the migration itself will say it
	}
	if to < 0 {
		to = newest
	}
	if current != to {
		fmt.Fprintf(m.errs, "migrating %s %s from %d to %d\n", m.database.DatabaseName(), direction, current, to)
	}
}

// step is one migration that was applied or reverted.
type step struct {
	Version      int64   `json:"version"`
	File         string  `json:"file"`
	Direction    string  `json:"direction"`
	Milliseconds float64 `json:"milliseconds"`
}

// report prints what was done, also before a failure.
func (m *migration) report(results []*goose.MigrationResult, err error) error {
	if partial, ok := errors.AsType[*goose.PartialError](err); ok {
		results = partial.Applied
		err = fmt.Errorf("migration %s: %w", filepath.Base(partial.Failed.Source.Path), partial.Err)
	}
	if errors.Is(err, goose.ErrNoNextVersion) {
		err = nil
	}
	steps := make([]step, len(results))
	for i, result := range results {
		steps[i] = step{
			Version: result.Source.Version, File: filepath.Base(result.Source.Path), Direction: result.Direction,
			Milliseconds: float64(result.Duration.Microseconds()) / 1000,
		}
	}
	if err != nil && len(steps) == 0 {
		return err
	}
	printed := m.print(steps, func(w io.Writer) {
		for _, s := range steps {
			fmt.Fprintf(w, "%-4s %s  %.0f ms\n", s.Direction, s.File, s.Milliseconds)
		}
		if len(steps) == 0 {
			fmt.Fprintln(w, "nothing to do")
		}
	})
	return errors.Join(err, printed)
}

// migrationState is one migration as status lists it.
type migrationState struct {
	Version   int64       `json:"version"`
	File      string      `json:"file"`
	AppliedAt syncer.Time `json:"appliedAt"`
}

func (m *migration) status([]string) error {
	found, err := m.Status(m.ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	states := make([]migrationState, len(found))
	rows := make([][]string, len(found))
	for i, f := range found {
		states[i] = migrationState{Version: f.Source.Version, File: filepath.Base(f.Source.Path)}
		if f.State == goose.StateApplied {
			states[i].AppliedAt = syncer.TimeOf(f.AppliedAt)
		}
		rows[i] = []string{
			strconv.FormatInt(f.Source.Version, 10), clock(states[i].AppliedAt, "pending"), states[i].File,
		}
	}
	return m.print(states, func(w io.Writer) {
		table(w, []string{"VERSION", "APPLIED", "MIGRATION"}, rows)
	})
}

// schemaVersions are where the schema is and where it could be.
type schemaVersions struct {
	Current int64 `json:"current"`
	Newest  int64 `json:"newest"`
}

func (m *migration) version([]string) error {
	ctx, cancel := context.WithTimeout(m.ctx, time.Minute)
	defer cancel()
	current, newest, err := m.GetVersions(ctx)
	if err != nil {
		return fmt.Errorf("read schema version: %w", err)
	}
	return m.print(schemaVersions{current, newest}, func(w io.Writer) {
		fmt.Fprintf(w, "%d", current)
		if current != newest {
			fmt.Fprintf(w, " of %d: run syncer migrate up", newest)
		}
		fmt.Fprintln(w)
	})
}

func one(result *goose.MigrationResult, err error) ([]*goose.MigrationResult, error) {
	if result == nil {
		return nil, err
	}
	return []*goose.MigrationResult{result}, err
}

func schemaVersion(text string) (int64, error) {
	version, err := strconv.ParseInt(text, 10, 64)
	if err != nil || version < 0 {
		return 0, usagef("%q is not a schema version, which is a number from 0", text)
	}
	return version, nil
}
