package main

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

func newBanPreviewCommand(a *app) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:     "preview RANGE",
		Short:   "Say whom a ban of an address or a range would keep out, and where they are now",
		Example: "  syncer ban preview 203.0.113.0/24",
		Args:    exactly("RANGE"),
		RunE: func(command *cobra.Command, args []string) error {
			prefix, err := syncer.ParsePrefix(args[0])
			if err != nil {
				return err
			}
			if limit < 1 || limit > 100_000 {
				return usagef("--limit: must be between 1 and 100000")
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				preview, err := u.bans.PreviewBan(ctx, syncer.Target{Prefix: prefix}, limit)
				if err != nil {
					return err
				}
				return a.printPreview(preview, u.now)
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", 100, "show at most so many players")
	return command
}

func (a *app) printPreview(p syncer.BanPreview, now time.Time) error {
	shown := wire.BanPreviewOf(p, now)
	rows := make([][]string, len(p.Players))
	for i, seen := range p.Players {
		last := clock(seen.LastSeen, "")
		if len(seen.Servers) > 0 {
			last = "now on " + strings.Join(seen.Servers, ", ")
		}
		addresses := strings.Join(seen.Latest[:1], "")
		if seen.Addresses > 1 {
			addresses += fmt.Sprintf(" and %d more", seen.Addresses-1)
		}
		rows[i] = []string{string(seen.ID), seen.Name, last, strconv.FormatInt(seen.Times, 10), addresses}
	}
	return a.print(shown, func(w io.Writer) {
		fmt.Fprintf(w, "%s joined from %s, %d online now\n", counted(int(p.Count), "player"), shown.IP, p.Online)
		if len(rows) > 0 {
			table(w, []string{"ID", "NAME", "LAST SEEN", "JOINS", "ADDRESSES"}, rows)
		}
		if len(p.Bans) > 0 {
			fmt.Fprintln(w, "\nbans in force that overlap it:")
			banTable(w, p.Bans, now)
		}
	})
}

// warnOfRange says how many players a ban of a range meets, as far as is known.
func (a *app) warnOfRange(ctx context.Context, u *useCases, target syncer.Target) {
	preview, err := u.bans.PreviewBan(ctx, target, 1)
	if err != nil {
		fmt.Fprintln(a.errs, "syncer: whom it meets is not known:", describeError(err))
		return
	}
	fmt.Fprintf(
		a.out, "it meets %s known to have joined from there, %d online now, see: syncer ban preview %s\n",
		counted(int(preview.Count), "player"), preview.Online, target,
	)
}
