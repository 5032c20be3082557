package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// whichBan ends the help of commands on one ban.
const whichBan = `BAN is its number, such as ban:7, or
whom it bans: then the latest ban of that player, address or range is meant. 7 alone
is a number too, unless a player has that id or name.`

func newBanShowCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "show BAN",
		Short: "Show a ban, open or over, and the notes on it",
		Long:  `Show a ban and the notes on it. ` + whichBan,
		Args:  exactly("BAN"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				ban, err := findBan(ctx, u, args[0])
				if err != nil {
					return err
				}
				return a.print(wire.NotedBanOf(ban, u.now), func(w io.Writer) { printNotedBan(w, ban, u.now) })
			})
		},
	}
}

func printNotedBan(w io.Writer, ban syncer.NotedBan, now time.Time) {
	table(w, nil, [][]string{
		{"ban", strconv.FormatInt(ban.Number, 10)},
		{"target", ban.Target.String()},
		{"state", banState(ban.Ban, now)},
		{"banned", clock(ban.CreatedAt, "") + byWhom(ban.By)},
		{"reason", ban.Reason},
		{"lifted because", ban.LiftReason},
	})
	for _, note := range ban.Notes {
		fmt.Fprintf(w, "\n%s  %s\n  %s\n", clock(note.At, ""), clean(note.By), clean(note.Text))
	}
}

func newBanChangeCommand(a *app) *cobra.Command {
	var reason, until, by string
	command := &cobra.Command{
		Use:     "change BAN",
		Short:   "Change the reason or the end of a ban in force",
		Long:    `Change the reason or the end of a ban in force. ` + whichBan,
		Example: `  syncer ban change 7 --for 30d --reason "griefing, again"`,
		Args:    exactly("BAN"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				asked := wire.BanChange{By: &by}
				if command.Flags().Changed("reason") {
					asked.Reason = syncer.Some(reason)
				}
				if command.Flags().Changed("for") {
					expires, err := parseUntil("for", until, u.now)
					if err != nil {
						return err
					}
					asked.ExpiresAt = syncer.Some(expires)
				}
				if !asked.Reason.Set && !asked.ExpiresAt.Set {
					return usagef("give --reason, --for or both")
				}
				change, err := asked.Change(u.now)
				if err != nil {
					return err
				}
				found, err := findBan(ctx, u, args[0])
				if err != nil {
					return err
				}
				ban, err := u.bans.ChangeBan(ctx, found.Number, change)
				if err != nil {
					return err
				}
				return a.print(wire.BanOf(ban, u.now), func(w io.Writer) {
					fmt.Fprintf(w, "%s is banned %s\n", clean(ban.Target.String()), banState(ban, u.now))
				})
			})
		},
	}
	command.Flags().StringVar(&reason, "reason", "", "why")
	command.Flags().StringVar(&until, "for", "",
		"how `long` from now: 36h, 7d, 1mo (30 days), 1y (365 days), a time such as 2030-01-31T18:00:00Z, or forever")
	command.Flags().StringVar(&by, "by", thisUser(), "who changes it")
	return command
}

func newBanNoteCommand(a *app) *cobra.Command {
	var by string
	command := &cobra.Command{
		Use:     "note BAN TEXT",
		Short:   "Note something on a ban, for the staff only",
		Long:    `Note something on a ban, for the staff only. ` + whichBan,
		Example: `  syncer ban note 7 "uses a second account"`,
		Args:    exactly("BAN", "TEXT"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				note := syncer.BanNote{By: by, Text: args[1]}
				if err := note.Validate(); err != nil {
					return err
				}
				ban, err := findBan(ctx, u, args[0])
				if err != nil {
					return err
				}
				stored, err := u.bans.AddBanNote(ctx, ban.Number, note)
				if err != nil {
					return err
				}
				return a.print(wire.BanNoteOf(stored), func(w io.Writer) {
					fmt.Fprintf(w, "noted on ban %d\n", ban.Number)
				})
			})
		},
	}
	command.Flags().StringVar(&by, "by", thisUser(), "who notes it")
	return command
}
