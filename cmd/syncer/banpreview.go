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
		Use:     "preview TARGET",
		Short:   "Say whom a ban would keep out, and where they are now",
		Example: "  syncer ban preview 203.0.113.0/24",
		Args:    exactly("TARGET"),
		RunE: func(command *cobra.Command, args []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				target, err := readTarget(ctx, u, args[0])
				if err != nil {
					return err
				}
				identified, err := u.bans.Identify(ctx, target)
				if err != nil {
					return err
				}
				preview, err := u.bans.PreviewBan(ctx, identified.Target, limit)
				if err != nil {
					return err
				}
				if err := a.printPreview(preview, u.now); err != nil || preview.Target.ID == "" || preview.Count > 0 {
					return err
				}
				return &answered{exitNotFound} // nobody has that id or name
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
		addresses := strings.Join(seen.Latest[:min(1, len(seen.Latest))], "")
		if seen.Addresses > 1 {
			addresses += fmt.Sprintf(" and %d more", seen.Addresses-1)
		}
		rows[i] = []string{string(seen.ID), seen.Name, last, strconv.FormatInt(seen.Times, 10), addresses}
	}
	return a.print(shown, func(w io.Writer) {
		if p.Target.ID == "" {
			sentence(w, "%s joined from %s, %d online now",
				syncer.Counted(int(p.Count), "player"), p.Target, p.Online)
		} else if p.Count == 0 {
			sentence(w, "no player has the id or name %q", p.Target.ID)
		}
		if len(rows) > 0 {
			table(w, []string{"ID", "NAME", "SEEN", "JOINS", "ADDRESSES"}, rows)
		}
		if len(p.Bans) > 0 {
			fmt.Fprintln(w, "\nbans in force that overlap it:")
			banTable(w, p.Bans, now)
		}
	})
}
