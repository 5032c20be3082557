package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer"
	"playersync/syncer/cache"
	"playersync/syncer/changefeed"
	"playersync/syncer/events"
	"playersync/syncer/feed"
	"playersync/syncer/store"
)

// What watch keeps, to say what was different before.
const (
	watchedPlayers = 10_000
	watchedEvents  = 8192
)

// watchedKinds are the changes that can be shown alone: all but a resync.
var watchedKinds = slices.DeleteFunc(strings.Split(changefeed.EventTypeList(" "), " "), func(kind string) bool {
	return kind == string(changefeed.EventResync)
})

func newWatchCommand(a *app) *cobra.Command {
	var only string
	command := &cobra.Command{
		Use:   "watch",
		Short: "Show changes as they happen",
		Long: `Show every change of players, balances, bans, name patterns and the blacklist, the
staff chat, the moderation log, and who comes to a game server and leaves it, as it
happens, wherever it was made, until interrupted. With --json each change is one line.`,
		GroupID: groupAdministrate,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if only != "" && !slices.Contains(watchedKinds, only) {
				return usagef("--only: %q is none of %s", only, strings.Join(watchedKinds, ", "))
			}
			return a.watch(command, func(s *store.Store) *watcher {
				return newWatcher(a, s, changefeed.EventType(only))
			})
		},
	}
	a.addConfigFlags(command)
	a.addJSONFlag(command.Flags())
	command.Flags().StringVar(&only, "only", "", "only changes of this `kind`: "+strings.Join(watchedKinds, ", "))
	_ = command.RegisterFlagCompletionFunc("only",
		cobra.FixedCompletions(watchedKinds, cobra.ShellCompDirectiveNoFileComp))
	return command
}

// watch follows the database until interrupted, for the watcher that is made of its store.
func (a *app) watch(command *cobra.Command, made func(s *store.Store) *watcher) error {
	settings, err := a.config(command)
	if err != nil {
		return err
	}
	database, err := databaseURL(settings)
	if err != nil {
		return err
	}
	ctx := command.Context()
	s, err := store.Open(ctx, database.Reveal(), store.Options{
		MaxConnections: 2, Timeout: commandTimeout, Name: command.Name(),
		Pooled: settings.Database.Pooled, ListenURL: settings.Database.ListenURL.Reveal(),
	})
	if err != nil {
		return err
	}
	defer s.Close()
	if _, err := s.Now(ctx); err != nil { // once it ran, faults are waited for; a wrong URL is not
		return err
	}
	log := a.logger(config.Log{Level: slog.LevelWarn, Format: settings.Log.Format})
	w := made(s)
	applier := feed.NewApplier(w.players, cache.NewBans(), w.broker.Publish, cache.NewMessages(store.HeldMessages),
		cache.NewSessions(), cache.NewKicks(), cache.NewPatterns(), cache.NewBlacklist(),
		cache.NewModLog(store.HeldModEntries))
	follow := feed.Config{
		PollOnly: settings.Sync.Mode == config.ModePoll, Heartbeat: settings.Sync.Heartbeat,
		PollInterval: settings.Sync.PollInterval, MinTriggers: store.FeedTriggers,
	}
	follower := feed.New(follow, feedSource{s}, applier, prometheus.NewRegistry(), log)

	running, ctx := errgroup.WithContext(ctx)
	running.Go(func() error { return follower.Run(ctx) })
	running.Go(func() error {
		select {
		case <-follower.Ready():
			fmt.Fprintln(a.errs, "watching", database.DatabaseName())
			return w.run(ctx)
		case <-ctx.Done():
			return nil
		}
	})
	return running.Wait()
}

// feedSource lets a feed follow a store's database.
type feedSource struct{ *store.Store }

// Open implements feed.Source.
func (s feedSource) Open(ctx context.Context) (feed.Conn, error) { return s.OpenFeed(ctx) }

// watcher shows events.
type watcher struct {
	*app
	store   *store.Store
	only    changefeed.EventType
	players *cache.Players
	broker  *events.Broker
	known   map[syncer.PlayerID]*syncer.Player // as last shown

	begin func(ctx context.Context) error // called first, and again where events were missed
	show  func(ctx context.Context, e changefeed.Event) error
}

func newWatcher(a *app, s *store.Store, only changefeed.EventType) *watcher {
	w := &watcher{
		app: a, store: s, only: only,
		players: cache.NewPlayers(watchedPlayers),
		broker:  events.NewBroker(watchedEvents),
		known:   map[syncer.PlayerID]*syncer.Player{},

		begin: func(context.Context) error { return nil },
	}
	w.show = w.showChange
	return w
}

// run shows events until ctx ends. When it falls behind it says so and continues.
func (w *watcher) run(ctx context.Context) error {
	for {
		subscription := w.broker.Subscribe("")
		err := w.follow(ctx, subscription)
		subscription.Close()
		if ctx.Err() != nil {
			return nil //nolint:nilerr // an interrupt is how watching ends
		}
		if !errors.Is(err, events.ErrLagging) {
			return err
		}
		if err := w.show(ctx, changefeed.Event{Type: changefeed.EventResync}); err != nil {
			return err
		}
	}
}

func (w *watcher) follow(ctx context.Context, subscription *events.Subscription) error {
	if err := w.begin(ctx); err != nil {
		return err
	}
	for {
		next, err := subscription.Next(ctx)
		if err != nil {
			return err
		}
		if err := w.show(ctx, next.Event); err != nil {
			return err
		}
	}
}
