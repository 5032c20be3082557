package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// newMute are the flags of mute.
type newMute struct {
	reason, by, until string
	replace           bool
}

func newMuteCommand(a *app) *cobra.Command {
	var asked newMute
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
			return a.withStore(command, func(ctx context.Context, s *store.Store, now time.Time) error {
				return a.mute(ctx, s, args[0], asked, now)
			})
		},
	}
	a.addConfigFlags(command)
	flags := command.Flags()
	flags.StringVar(&asked.reason, "reason", "", "why")
	flags.StringVar(&asked.by, "by", thisUser(), "who mutes")
	flags.StringVar(&asked.until, "for", "",
		"how `long`: 2h, 7d, 1mo (30 days), 1y (365 days), or a time such as 2030-01-31T18:00:00Z; else until unmuted")
	flags.BoolVar(&asked.replace, "replace", false, "give a mute that stands already this reason and end")
	a.addJSONFlag(flags)
	return command
}

func (a *app) mute(ctx context.Context, s *store.Store, who string, asked newMute, now time.Time) error {
	until, outcome := syncer.Forever, muteMade
	if asked.until != "" {
		var err error
		if until, err = parseUntil("for", asked.until, now); err != nil {
			return err
		}
	}
	player, err := findPlayer(ctx, s, who)
	if err != nil {
		return err
	}
	if player.UnmuteTime.After(now) {
		if outcome = muteReplaced; !asked.replace {
			if err := a.printMute(player, muteStands, now); err != nil {
				return err
			}
			return &standsError{
				"the mute stands already and nothing was changed; give it this reason and end by --replace",
			}
		}
	}
	return a.editMute(ctx, s, player, merge.Mute(until, asked.reason, asked.by, now), outcome, now)
}

// editMute stores a mute or its end, unless somebody else changed the player meanwhile.
func (a *app) editMute(
	ctx context.Context, s *store.Store, player *syncer.Player, edit merge.Edit, outcome string,
	now time.Time,
) error {
	if err := syncer.CheckAuthor("by", edit.History[0].By); err != nil {
		return err
	}
	if err := edit.Validate(); err != nil {
		return err
	}
	by := syncer.WithActor(ctx, edit.History[0].By)
	reading, _, err := s.EditPlayer(by, player.ID, edit, &player.Revision)
	if err != nil {
		return err
	}
	return a.printMute(reading.Player, outcome, now)
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
			return a.withStore(command, func(ctx context.Context, s *store.Store, now time.Time) error {
				player, err := findPlayer(ctx, s, args[0])
				if err != nil {
					return err
				}
				if !player.UnmuteTime.After(now) {
					return notMuted(player)
				}
				return a.editMute(ctx, s, player, merge.Unmute(by, now), muteEnded, now)
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

// What became of a request to mute or unmute.
const (
	muteMade     = "made"
	muteStands   = "stands" // was there already, and is as it was
	muteReplaced = "replaced"
	muteEnded    = "ended"
)

// muteJSON is whether a player is muted after a command.
type muteJSON struct {
	UUID       syncer.PlayerID `json:"uuid"`
	Name       string          `json:"name"`
	Muted      bool            `json:"muted"`
	UnmuteTime syncer.Time     `json:"unmuteTime"`
	MuteReason string          `json:"muteReason"`
	Outcome    string          `json:"outcome"` // made, stands, replaced or ended
}

// printMute says what became of a mute, and what stands now.
func (a *app) printMute(p *syncer.Player, outcome string, now time.Time) error {
	shown := muteJSON{p.ID, p.Name, p.UnmuteTime.After(now), p.UnmuteTime, p.MuteReason, outcome}
	return a.print(shown, func(w io.Writer) {
		if outcome == muteEnded {
			fmt.Fprintln(w, "unmuted", clean(called(p)))
			return
		}
		fmt.Fprintf(w, "%s %s, %s\n", map[string]string{
			muteMade: "muted", muteStands: "already muted:", muteReplaced: "replaced the mute of",
		}[outcome], clean(called(p)), clean(mutedInWords(p, now)))
	})
}

// called is a player's id, and the name if that is another.
func called(p *syncer.Player) string {
	if p.Name == "" || p.Name == string(p.ID) {
		return string(p.ID)
	}
	return fmt.Sprintf("%s (%s)", p.ID, p.Name)
}
