package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
	"playersync/syncer/store"
)

func newPlayerCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "player",
		Short: "See and change players",
		Long: `See and change players. PLAYER is an id, or a name that only one player has. What
is changed reaches every server within milliseconds.`,
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	for _, child := range []*cobra.Command{
		newPlayerGetCommand(a), newPlayerListCommand(a), newPlayerFindCommand(a),
		newPlayerSetCommand(a), newPlayerHistoryCommand(a),
		newPlayerRejectedUSIDsCommand(a), newPlayerApproveUSIDCommand(a),
	} {
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	return command
}

func newPlayerGetCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "get PLAYER",
		Short: "Show everything that is known of a player",
		Long: `Show everything that is known of a player: where he is, rank, flags, mute, balances,
names, addresses, the accounts that share one, the bans that meet him or did with
their notes, and what was done to him, the newest first. Of each list ten are shown,
and with --json a hundred.`,
		Example:           `  syncer player get Steve`,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withPlayer(command, args[0], func(ctx context.Context, u *useCases, p *syncer.Player) error {
				overview, err := readOverview(ctx, u, p)
				if err != nil {
					return err
				}
				return a.print(overview.message(u.now), func(w io.Writer) { overview.print(w, u.now) })
			})
		},
	}
}

func newPlayerListCommand(a *app) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:     "list",
		Short:   "List all players, by name",
		Example: `  syncer player list --limit 1000`,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				players, next, err := s.SearchPlayers(ctx, "", limit, "")
				if err != nil {
					return err
				}
				return a.printSummaries(players, next)
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", 100, "at most so many")
	return command
}

// printSummaries shows players; next is not empty if there are more.
func (a *app) printSummaries(players []syncer.PlayerSummary, next string) error {
	return a.print(wire.PlayersPageOf(players, next).Players, func(w io.Writer) {
		if len(players) == 0 {
			fmt.Fprintln(w, "no players")
			return
		}
		rows := make([][]string, len(players))
		for i, p := range players {
			rows[i] = []string{string(p.ID), p.Name, p.Rank}
		}
		table(w, []string{"ID", "NAME", "RANK"}, rows)
		if next != "" {
			fmt.Fprintln(w, "and more: see --limit")
		}
	})
}

func newPlayerFindCommand(a *app) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:   "find TEXT",
		Short: "List the players whose name contains a text",
		Args:  exactly("TEXT"),
		RunE: func(command *cobra.Command, args []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				found, next, err := s.SearchPlayers(ctx, args[0], limit, "")
				if err != nil {
					return err
				}
				if len(found) == 0 {
					return a.nothing(wire.PlayersPageOf(nil, "").Players,
						syncer.NotFound("no player's name contains %q", args[0]))
				}
				return a.printSummaries(found, next)
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", 100, "at most so many")
	return command
}

// withPlayer is withUseCases for commands about one player, by id or name.
func (a *app) withPlayer(
	command *cobra.Command, who string, use func(ctx context.Context, u *useCases, p *syncer.Player) error,
) error {
	return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
		player, err := findPlayer(ctx, u.store, who)
		if err != nil {
			return err
		}
		return use(ctx, u, player)
	})
}

// findPlayer reads a player by id, or by a name that no other player has.
func findPlayer(ctx context.Context, s *store.Store, text string) (*syncer.Player, error) {
	return sidecar.NewFinder(s).Find(ctx, text)
}
