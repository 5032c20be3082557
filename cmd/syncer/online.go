package main

import (
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/store"
)

func newOnlineCommand(a *app) *cobra.Command {
	var server string
	command := &cobra.Command{
		Use:   "online",
		Short: "Show who is on which game server",
		Long: `Show who is on which game server of the network now. A player on two servers is
shown on both; on a server whose syncer died nobody is.`,
		Example: `  syncer online --server pvp`,
		GroupID: groupAdministrate,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if command.Flags().Changed("server") {
				if err := syncer.CheckServerName("server", server); err != nil {
					return usagef("--%s", err)
				}
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, now time.Time) error {
				sessions, err := s.Online(ctx, server)
				if err != nil {
					return err
				}
				if len(sessions) == 0 {
					if err := a.orNotThere([]wire.Session{}, knownServer(ctx, s, server)); err != nil {
						return err
					}
				}
				return a.printOnline(sessions, now)
			})
		},
	}
	a.addConfigFlags(command)
	a.addJSONFlag(command.Flags())
	command.Flags().StringVar(&server, "server", "", "only on the game server of this `name`")
	return command
}

func (a *app) printOnline(sessions []syncer.Session, now time.Time) error {
	shown, rows := make([]wire.Session, len(sessions)), make([][]string, len(sessions))
	for i, s := range sessions {
		shown[i] = wire.SessionOf(s)
		since, _ := s.Since.Instant()
		rows[i] = []string{s.Server, s.Name, string(s.ID), remaining(max(now.Sub(since), 0))}
	}
	return a.print(shown, func(w io.Writer) {
		if len(rows) == 0 {
			fmt.Fprintln(w, "nobody is online")
			return
		}
		table(w, []string{"SERVER", "NAME", "ID", "FOR"}, rows)
		if hasBars(w) {
			fmt.Fprintln(w)
			onlineBars(w, sessions)
		}
	})
}

// onlineBars draws how many players are on each server.
func onlineBars(w io.Writer, sessions []syncer.Session) {
	counts := map[string]int{}
	for _, s := range sessions {
		counts[s.Server]++
	}
	var rows [][]string
	var players []float64
	for _, server := range slices.Sorted(maps.Keys(counts)) {
		rows = append(rows, []string{server, strconv.Itoa(counts[server])})
		players = append(players, float64(counts[server]))
	}
	header, rows := withBars([]string{"SERVER", "PLAYERS"}, rows, players)
	table(w, header, rows)
}

func newServerCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:     "server",
		Short:   "See the game servers of the network",
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	list := newServerListCommand(a)
	a.addJSONFlag(list.Flags())
	command.AddCommand(list)
	return command
}

func newServerListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List all game servers",
		Long: `List the game servers that a syncer speaks for or has spoken for: whether it
lives, since when, and how many players are there.`,
		Example: `  syncer server list`,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				servers, err := s.ServerOverview(ctx)
				if err != nil {
					return err
				}
				return a.printServers(servers)
			})
		},
	}
}

func (a *app) printServers(servers []syncer.ServerOverview) error {
	rows := make([][]string, len(servers))
	for i, v := range servers {
		since := clock(v.Since, "no sign of life")
		if v.Contested {
			since += ", two syncers"
		}
		rows[i] = []string{v.Name, v.Gamemode, v.Address, strconv.Itoa(v.Players), since}
	}
	return a.print(wire.ServerListOf(servers).Servers, func(w io.Writer) {
		if len(rows) == 0 {
			fmt.Fprintln(w, "no servers")
			return
		}
		table(w, []string{"NAME", "GAMEMODE", "ADDRESS", "PLAYERS", "ALIVE SINCE"}, rows)
	})
}
