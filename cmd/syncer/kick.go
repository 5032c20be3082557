package main

import (
	"context"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

func newKickCommand(a *app) *cobra.Command {
	var asked wire.NewKick
	command := &cobra.Command{
		Use:   "kick PLAYER",
		Short: "Ask the game servers where a player is to kick him",
		Long: `Ask the game servers where a player is to kick him, by id or name. They get an event,
and their plugins do the rest; whether they do is not known. Who is on no server cannot
be kicked: the exit code is 4.`,
		Example:           `  syncer kick Steve --reason spam`,
		GroupID:           groupAdministrate,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withPlayer(command, args[0], func(ctx context.Context, u *useCases, p *syncer.Player) error {
				servers, err := u.kicks.Kick(ctx, asked.Kick(p.ID))
				if err != nil {
					return err
				}
				return a.print(wire.KickAskedOf(p.ID, servers), func(w io.Writer) {
					sentence(w, "asked %s to kick %s", strings.Join(servers, " and "), called(p))
				})
			})
		},
	}
	a.addConfigFlags(command)
	command.Flags().StringVar(&asked.Reason, "reason", "", "why, for the player to read")
	command.Flags().StringVar(&asked.By, "by", thisUser(), "who wants it")
	a.addJSONFlag(command.Flags())
	return command
}
