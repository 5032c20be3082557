package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

func newBanCheckCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check TARGET...",
		Short: "Say whether a player or an address may join, and why not",
		Long: `Say whether a player or an address may join, and why not. The exit code is 0 for
may join, 3 for banned, and 4 if nobody has that id or name and it is not banned.`,
		Example: `  syncer ban check Steve 198.51.100.7`,
		Args:    atLeastOne("TARGET"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				who, err := whoJoins(ctx, u, args)
				if err != nil {
					return err
				}
				bans, err := u.bans.CheckBans(ctx, who.id, who.address)
				if err != nil {
					return err
				}
				answer := wire.CheckedTarget{Checked: wire.CheckedOf(bans, u.now), Known: !who.unknown}
				if err := a.print(answer, func(w io.Writer) {
					if who.unknown {
						fmt.Fprintf(w, "no player has the id or name %q\n", who.id)
					}
					if !answer.Banned {
						fmt.Fprintln(w, "not banned")
						return
					}
					fmt.Fprintln(w, "banned")
					banTable(w, bans, u.now)
				}); err != nil {
					return err
				}
				switch {
				case answer.Banned:
					return &answered{exitBanned}
				case who.unknown:
					return &answered{exitNotFound}
				}
				return nil
			})
		},
		ValidArgsFunction: a.completePlayers,
	}
}

// joining is who may join or not: a player, an address, or one of each.
type joining struct {
	id      syncer.PlayerID
	unknown bool // no player has the id
	address netip.Addr
}

// whoJoins reads a player, an address, or one of each.
func whoJoins(ctx context.Context, u *useCases, args []string) (who joining, err error) {
	for _, text := range args {
		target, err := readTarget(ctx, u, text)
		switch {
		case err != nil:
			return who, err
		case target.ID != "" && who.id == "":
			identified, err := u.bans.Identify(ctx, target)
			if err != nil {
				return who, err
			}
			who.id, who.unknown = identified.Target.ID, !identified.Known
		case target.ID == "" && !target.Prefix.IsSingleIP():
			return who, usagef("%s is a range; nobody joins from a whole range, see: syncer ban list --ip %s", target,
				target)
		case target.ID == "" && !who.address.IsValid():
			who.address = target.Prefix.Addr()
		default:
			return who, usagef("give one player, one address, or one of each")
		}
	}
	return who, nil
}
