package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/console"
	"playersync/syncer/daemon"
	"playersync/syncer/fanout"
	"playersync/syncer/feed"
	"playersync/syncer/postgres"
	"playersync/syncer/sidecar"
	"playersync/syncer/store"
	"playersync/syncer/trust"
	"playersync/syncer/webhook"
)

func newServeCommand(a *app) *cobra.Command {
	command := &cobra.Command{
		Use:   "serve",
		Short: "Run beside a game server: keep its copy current and answer it",
		Long: `Follow the database, keep players and bans in memory and answer game servers
over HTTP. The API describes itself at /openapi.json.

Every setting can be given in a file, by an environment variable or, the most
common ones, by a flag; config.example.yaml explains all of them.

SIGTERM and SIGINT shut down in order: what is in memory is stored first. A
second signal ends at once.`,
		Example: `  syncer serve --embedded
  SYNCER_DATABASE_URL=postgres://syncer@db/playersync syncer serve --name pvp`,
		GroupID: groupRun,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.serve(command)
		},
	}
	a.addConfigFlags(command)
	flags := command.Flags()
	for name, key := range map[string]string{
		"name": "server.name", "gamemode": "server.gamemode", "address": "server.address",
		"audit-retention": "audit.retention", "listen": "http.listen", "mode": "sync.mode",
		"migrate": "database.migrate", "lease": "presence.lease",
		"log-level": "log.level", "log-format": "log.format",
	} {
		config.AddFlag(flags, name, key)
	}
	complete := func(flag string, values ...string) {
		// the flag exists
		_ = command.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
	}
	complete("mode", config.ModeListen, config.ModePoll)
	complete("log-level", "debug", "info", "warn", "error")
	complete("log-format", config.FormatText, config.FormatJSON)
	return command
}

func (a *app) serve(command *cobra.Command) error {
	settings, err := a.config(command)
	if err != nil {
		return err
	}
	if !settings.Embedded && settings.Database.URL == "" {
		return config.ErrNoDatabase
	}
	log := a.logger(settings.Log)
	log.Info("starting", "version", thisBuild().Version, "config", settings.File, "server", settings.Server.Name,
		"data_dir", settings.Data.Dir)
	for _, w := range settings.Warnings() {
		log.Warn("not safe", "key", w.Key, "why", w.Detail, "advice", w.Advice)
	}
	if err := makeDataDir(settings.Data.Dir); err != nil {
		return err
	}
	sidecar, err := daemon.New(command.Context(), daemonConfig(settings, log), log)
	if command.Context().Err() != nil && errors.Is(err, context.Canceled) {
		log.Info("ended before the start was through")
		return nil
	}
	if errors.Is(err, syscall.EADDRINUSE) {
		return fmt.Errorf("http.listen: %s is in use, by a syncer that runs already or by another program; "+
			"stop that, or set another (--listen)", settings.HTTP.Listen)
	}
	if fault, ok := errors.AsType[*net.OpError](err); ok && fault.Op == "listen" {
		return fmt.Errorf("http.listen: cannot listen on %s: %w; set an address of this machine, and a port that its "+
			"user may use (--listen)", settings.HTTP.Listen, fault.Err)
	}
	if err != nil {
		return err
	}
	log.Info("listening", "url", sidecar.URL())
	if link := sidecar.ConsoleLink(); link != "" {
		log.Info("to look at it, open this link within a quarter of an hour; it is good once", "console", link)
	}
	return sidecar.Run(command.Context())
}

// makeDataDir makes the directory so that the private server, which root runs as
// another user, can get at its part. Files in it are closed to others. It refuses one to
// which others may write, or in which they may have put something.
func makeDataDir(dir string) error {
	err := trustDataDir(dir)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("data.dir: %w; set a directory of this user", err)
	}
	if err != nil {
		return fmt.Errorf("data.dir: %w: change that (chmod go-w), or set another directory", err)
	}
	mode := os.FileMode(0o700)
	if os.Geteuid() == 0 {
		mode = 0o711
	}
	if err := os.MkdirAll(dir, mode); err != nil {
		return fmt.Errorf("data.dir: %w", err)
	}
	probe, err := os.CreateTemp(dir, ".writable-*")
	if err != nil {
		if fault, ok := errors.AsType[*fs.PathError](err); ok {
			err = fault.Err // which names no random file
		}
		return fmt.Errorf("data.dir: cannot write to %s: %w", dir, err)
	}
	_ = probe.Close() // nothing was written
	if err := os.Remove(probe.Name()); err != nil {
		return fmt.Errorf("data.dir: %w", err)
	}
	return nil
}

// trustDataDir refuses a directory that is not the user's own, with what lies in it: bans,
// saves that wait, and what game servers were shown are believed. The cluster of the private
// server is looked at by PostgreSQL.
func trustDataDir(dir string) error {
	inside := []string{"", "postgres", "servers"}
	servers, _ := os.ReadDir(filepath.Join(dir, "servers")) // a directory that cannot be read is refused below
	for _, server := range servers {
		inside = append(inside, filepath.Join("servers", server.Name()))
	}
	for _, name := range inside {
		if err := trust.CheckDirectory(filepath.Join(dir, name)); err != nil {
			return err
		}
		if err := trustFiles(filepath.Join(dir, name)); err != nil {
			return err
		}
	}
	return nil
}

// trustFiles refuses a directory with files that are not the user's own.
func trustFiles(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range entries {
		if !entry.IsDir() {
			err = errors.Join(err, trust.Check(filepath.Join(dir, entry.Name())))
		}
	}
	return err
}

// fanoutConfig is of no fan-out unless one is wanted.
func fanoutConfig(settings config.Config) fanout.Config {
	if settings.Sync.Fanout != config.FanoutNATS {
		return fanout.Config{}
	}
	return settings.NATS.Config()
}

// daemonConfig is the configuration in the terms of the parts.
func consoleConfig(settings config.Config) console.Config {
	c := console.Config{Prefix: settings.HTTP.Console.Prefix, Check: checkWhileServing(settings)}
	for _, one := range settings.InForce {
		c.Settings = append(c.Settings, console.Setting(one))
	}
	return c
}

func daemonConfig(settings config.Config, log *slog.Logger) daemon.Config {
	c := daemon.Config{
		DatabaseURL: settings.Database.URL.Reveal(),
		Migrate:     settings.Database.Migrate,
		Store: store.Options{
			MaxConnections: int32(settings.Database.MaxConnections),
			ListenURL:      settings.Database.ListenURL.Reveal(),
			Pooled:         settings.Database.Pooled,
		},
		Feed: feed.Config{
			PollOnly:     settings.Sync.Mode == config.ModePoll,
			Heartbeat:    settings.Sync.Heartbeat,
			PollInterval: settings.Sync.PollInterval,
		},
		Sidecar: sidecar.Config{
			Home: settings.Server, Others: settings.Others, FlushInterval: settings.Sync.FlushInterval,
		},
		Fanout:      fanoutConfig(settings),
		HTTP:        settings.HTTP.API(),
		Fish:        settings.HTTP.Fish.API(),
		NoFish:      !settings.HTTP.Fish.Enabled,
		Console:     consoleConfig(settings),
		NoConsole:   !settings.HTTP.Console.Enabled,
		Webhook:     webhook.Config{URL: settings.Fish.WebhookURL.Reveal()},
		Presence:    sidecar.PresenceConfig{Lease: settings.Presence.Lease},
		CachedLimit: settings.Cache.Players,
		AuditKeep:   settings.Audit.Retention,
		// What waits on disk belongs to one game server: two may share a host.
		DataDir: filepath.Join(settings.Data.Dir, "servers", url.PathEscape(settings.Server.Name)),
		Version: thisBuild().Version, Revision: thisBuild().Revision,
	}
	if settings.Embedded {
		c.Embedded = &postgres.Config{
			Search:  postgres.Search{Dir: settings.Postgres.Bin},
			DataDir: filepath.Join(settings.Data.Dir, "postgres"),
			Durable: true,
			Logger:  log,
		}
		c.DatabaseURL, c.Store.ListenURL, c.Store.Pooled = "", "", false
		c.Console.Owner = thisUser()
	}
	return c
}
