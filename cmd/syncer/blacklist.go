package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
	"playersync/syncer/store"
)

func newBlacklistCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "blacklist",
		Short: "See and change the addresses that attacked a server",
		Long: `Game servers accept no connections from blacklisted addresses. A server adds those
that attack it; every server has them within seconds. To keep a player out, ban him:
see syncer ban.`,
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	for _, child := range []*cobra.Command{
		newBlacklistListCommand(a), newBlacklistAddCommand(a), newBlacklistRemoveCommand(a),
	} {
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	return command
}

func newBlacklistListCommand(a *app) *cobra.Command {
	var text string
	var limit int
	command := &cobra.Command{
		Use:     "list",
		Short:   "List blacklisted addresses",
		Example: `  syncer blacklist list --text 198.51.`,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				addresses, err := s.Blacklisted(ctx, text, "", limit)
				if err != nil {
					return err
				}
				rows := make([][]string, len(addresses))
				for i, b := range addresses {
					rows[i] = []string{b.Address, clock(b.AddedAt, ""), b.AddedBy}
				}
				return a.printRows(wire.BlacklistedOf(addresses), []string{"ADDRESS", "ADDED", "BY"}, rows,
					"no address is blacklisted")
			})
		},
	}
	command.Flags().StringVar(&text, "text", "", "only those that contain this text")
	command.Flags().IntVar(&limit, "limit", 1000, "at most so many")
	return command
}

func newBlacklistAddCommand(a *app) *cobra.Command {
	var by string
	command := &cobra.Command{
		Use:     "add ADDRESS...",
		Short:   "Blacklist addresses",
		Example: `  syncer blacklist add 198.51.100.7`,
		Args:    atLeastOne("ADDRESS"),
		RunE: func(command *cobra.Command, args []string) error {
			addresses, err := wire.NewBlacklisted{Addresses: args}.Checked()
			if err != nil {
				return err
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				changes, err := s.AddBlacklisted(ctx, addresses, by)
				if err != nil {
					return err
				}
				added := map[string]bool{}
				for _, change := range changes {
					added[change.Key] = true
				}
				events := make([]wire.BlacklistEvent, len(addresses))
				for i, address := range addresses {
					events[i] = wire.BlacklistEvent{Address: address, Listed: true}
				}
				return a.print(events, func(w io.Writer) {
					for _, address := range addresses {
						if added[address] {
							fmt.Fprintf(w, "%s is blacklisted\n", clean(address))
						} else {
							fmt.Fprintf(w, "%s was blacklisted already\n", clean(address))
						}
					}
				})
			})
		},
	}
	command.Flags().StringVar(&by, "by", thisUser(), "who adds them")
	return command
}

func newBlacklistRemoveCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "remove ADDRESS",
		Short:   "Take an address off the blacklist",
		Example: `  syncer blacklist remove 198.51.100.7`,
		Args:    exactly("ADDRESS"),
		RunE: func(command *cobra.Command, args []string) error {
			if err := mindustry.CheckBlacklisted("address", args[0]); err != nil {
				return err
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				changes, err := s.RemoveBlacklisted(ctx, args[0])
				if err != nil {
					return err
				}
				if len(changes) == 0 {
					return syncer.NotFound("%q is not blacklisted", args[0])
				}
				return a.print(wire.BlacklistEvent{Address: args[0]}, func(w io.Writer) {
					fmt.Fprintf(w, "%s is not blacklisted any more\n", clean(args[0]))
				})
			})
		},
	}
}
