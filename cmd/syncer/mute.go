package main

import (
	"context"
	"io"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

func newMuteCommand(a *app) *cobra.Command {
	var reason, by, until string
	asked := wire.NewMute{Reason: &reason, By: &by}
	command := &cobra.Command{
		Use:   "mute PLAYER",
		Short: "Mute a player for a time, or until unmuted",
		Long: `Mute a player by id or name, on every server at once; the player's history says so. A
player who is muted already stays muted as he is, and the exit code is 3, unless
--replace is given.`,
		Example:           `  syncer mute Steve --for 2h --reason spam`,
		GroupID:           groupAdministrate,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withPlayer(command, args[0], func(ctx context.Context, u *useCases, p *syncer.Player) (err error) {
				if command.Flags().Changed("for") {
					if asked.ExpiresAt, err = parseUntil("for", until, u.now); err != nil {
						return err
					}
				}
				return a.mute(ctx, u, p.ID, asked)
			})
		},
	}
	a.addConfigFlags(command)
	flags := command.Flags()
	flags.StringVar(&reason, "reason", "", "why")
	flags.StringVar(&by, "by", thisUser(), "who mutes")
	flags.StringVar(&until, "for", "",
		"how `long`: 2h, 7d, 1mo (30 days), 1y (365 days), or a time such as 2030-01-31T18:00:00Z; else until unmuted")
	flags.BoolVar(&asked.Replace, "replace", false, "give a mute that stands already this reason and end")
	a.addJSONFlag(flags)
	return command
}

func (a *app) mute(ctx context.Context, u *useCases, id syncer.PlayerID, asked wire.NewMute) error {
	mute, err := asked.Mute(id, u.now)
	if err != nil {
		return err
	}
	muting, err := u.edits.Mute(ctx, mute)
	if err != nil {
		return err
	}
	if err := a.printMuting(muting, u); err != nil {
		return err
	}
	if muting.Outcome == syncer.MuteStands {
		return &standsError{
			"the mute stands already and nothing was changed; give it this reason and end by --replace",
		}
	}
	return nil
}

func newUnmuteCommand(a *app) *cobra.Command {
	var by string
	command := &cobra.Command{
		Use:               "unmute PLAYER",
		Short:             "Unmute a player",
		Long:              `Unmute a player by id or name, on every server at once; the player's history says so.`,
		GroupID:           groupAdministrate,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withPlayer(command, args[0], func(ctx context.Context, u *useCases, p *syncer.Player) error {
				muting, err := u.edits.Unmute(ctx, p.ID, by)
				if err != nil {
					return err
				}
				if err := a.printMuting(muting, u); err != nil || muting.Outcome == syncer.MuteEnded {
					return err
				}
				return notMuted(muting.Player)
			})
		},
	}
	a.addConfigFlags(command)
	command.Flags().StringVar(&by, "by", thisUser(), "who unmutes")
	a.addJSONFlag(command.Flags())
	return command
}

// notMuted says that there was no mute to end, and when the last one ended by itself.
func notMuted(p *syncer.Player) error {
	if p.UnmuteTime.IsZero() {
		return syncer.NotFound("%s is not muted", called(p))
	}
	return syncer.NotFound("%s is not muted: the mute ended %s", called(p), clock(p.UnmuteTime, ""))
}

// printMuting says what became of a request, and what holds now.
func (a *app) printMuting(m syncer.Muting, u *useCases) error {
	return a.print(wire.MutingOf(m, u.now), func(w io.Writer) {
		who := called(m.Player)
		switch m.Outcome {
		case syncer.MuteEnded:
			sentence(w, "unmuted %s", who)
		case syncer.MuteAbsent: // the error says so
		default:
			sentence(w, "%s %s, %s", map[syncer.MuteOutcome]string{
				syncer.MuteMade: "muted", syncer.MuteStands: "already muted:",
				syncer.MuteReplaced: "replaced the mute of",
			}[m.Outcome], who, mutedInWords(m.Player, u.now))
		}
	})
}
