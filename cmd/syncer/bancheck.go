package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"
	"time"

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
				var others []syncer.Ban
				if who.id != "" && !who.address.IsValid() {
					if others, err = u.bans.BansElsewhere(ctx, who.id); err != nil {
						return err
					}
				}
				return a.printVerdict(who, bans, others, u.now)
			})
		},
		ValidArgsFunction: a.completePlayers,
	}
}

// printVerdict prints the bans that keep out who joins, and those that keep the player out
// from addresses of before, and returns the exit code.
func (a *app) printVerdict(who joining, bans, others []syncer.Ban, now time.Time) error {
	answer := wire.CheckedTarget{
		Checked: wire.CheckedOf(bans, new(!who.unknown), now), Elsewhere: wire.BansOf(others, now),
	}
	if err := a.print(answer, func(w io.Writer) {
		if who.unknown {
			sentence(w, "no player has the id or name %q", who.id)
		}
		if answer.Banned {
			fmt.Fprintln(w, "banned")
			banTable(w, bans, now)
		} else {
			fmt.Fprintln(w, "not banned")
		}
		if len(others) > 0 {
			sentence(w, "%s", elsewhere(others))
		}
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
