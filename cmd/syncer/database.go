package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer"
	"playersync/syncer/store"
	"playersync/syncer/trust"
)

// commandTimeout bounds each operation of a command on the database.
const commandTimeout = 10 * time.Second

// databaseURL is the database that a command should use: the private one with
// --embedded, else the configured one, else the private one if it runs.
func databaseURL(settings config.Config) (config.Secret, error) {
	if !settings.Embedded && settings.Database.URL != "" {
		return settings.Database.URL, nil
	}
	private, err := privateURL(settings.Data.Dir)
	if err != nil && !settings.Embedded {
		return "", config.ErrNoDatabase
	}
	return private, err
}

// directURL is that of the same database past a pooler, if one is configured:
// migrations need a session of their own.
func directURL(settings config.Config) (config.Secret, error) {
	if !settings.Embedded && settings.Database.URL != "" && settings.Database.ListenURL != "" {
		return settings.Database.ListenURL, nil
	}
	return databaseURL(settings)
}

// openStore opens the store of a command, which closes it.
func (a *app) openStore(command *cobra.Command) (*store.Store, error) {
	settings, err := a.config(command)
	if err != nil {
		return nil, err
	}
	database, err := databaseURL(settings)
	if err != nil {
		return nil, err
	}
	return store.Open(command.Context(), database.Reveal(), store.Options{
		MaxConnections: 2, Timeout: commandTimeout, Name: command.Name(), Pooled: settings.Database.Pooled,
	})
}

// withStore opens the store for a command, with the time by the database's clock.
// Changes are those of the system's user, unless a flag says otherwise.
func (a *app) withStore(
	command *cobra.Command, use func(ctx context.Context, s *store.Store, now time.Time) error,
) error {
	s, err := a.openStore(command)
	if err != nil {
		return err
	}
	defer s.Close()
	now, err := s.Now(command.Context())
	if err != nil {
		return err
	}
	return use(syncer.WithActor(command.Context(), thisUser()), s, now)
}

// errNotServing says that nobody runs the private server.
var errNotServing = errors.New("no private PostgreSQL is running here; start it by: syncer serve --embedded")

// privateURL is the URL of the private server that a running serve --embedded
// keeps in the data directory; see the package postgres for its files.
func privateURL(dataDir string) (config.Secret, error) {
	dir := filepath.Join(dataDir, "postgres")
	if err := trust.Check(filepath.Join(dir, "password")); err != nil { // it could lead anywhere
		return "", fmt.Errorf("find private PostgreSQL: %w", err)
	}
	status, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return "", fmt.Errorf("%s: %w", dir, errNotServing)
	}
	if err != nil {
		return "", fmt.Errorf("find private PostgreSQL: %w", err)
	}
	password, err := os.ReadFile(filepath.Join(dir, "password"))
	if err != nil {
		return "", fmt.Errorf("find private PostgreSQL: %w", err)
	}
	lines := strings.Split(string(status), "\n")
	if len(lines) < 4 {
		return "", fmt.Errorf("%s: %w", dir, errNotServing)
	}
	address := &url.URL{
		Scheme: "postgres", User: url.UserPassword("postgres", strings.TrimSpace(string(password))),
		Host: net.JoinHostPort("127.0.0.1", strings.TrimSpace(lines[3])), Path: "/postgres",
		RawQuery: "sslmode=disable",
	}
	return config.Secret(address.String()), nil
}
