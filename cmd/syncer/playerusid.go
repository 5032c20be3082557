package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
	"playersync/syncer/store"
)

func newPlayerRejectedUSIDsCommand(a *app) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:   "rejected-usids",
		Short: "List the players turned away for their proof of identity",
		Long: `List the privileged players whom a server turned away in the last 30 days because
their proof of identity, the usid, was not the stored one, and whom nobody has
approved; newest first. Each was told a code, by which he can be approved.`,
		Args: exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				rejected, err := s.RejectedUSIDs(ctx, limit)
				if err != nil {
					return err
				}
				return a.print(wire.RejectedUSIDsOf(rejected).Rejections, func(w io.Writer) {
					if len(rejected) == 0 {
						fmt.Fprintln(w, "nobody waits for approval")
						return
					}
					rows := make([][]string, len(rejected))
					for i, r := range rejected {
						rows[i] = []string{
							r.Code, clock(r.RejectedAt, ""), cmp.Or(r.Name, string(r.ID)), r.Rank, r.Address,
						}
					}
					table(w, []string{"CODE", "REJECTED", "PLAYER", "RANK", "SERVER"}, rows)
				})
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", 100, "at most so many")
	return command
}

func newPlayerApproveUSIDCommand(a *app) *cobra.Command {
	var address string
	command := &cobra.Command{
		Use:   "approve-usid CODE",
		Short: "Let in a player who was turned away with a code",
		Long: `Let in a privileged player whom a server turned away because his proof of identity,
the usid, was not the stored one: from his next join on the rejected one is right
on that server. Whoever shows you the code becomes that player there, so make sure
who it is. A code is good for one approval.`,
		Example: "  syncer player approve-usid 01234-2",
		Args:    exactly("CODE"),
		RunE: func(command *cobra.Command, args []string) error {
			if err := mindustry.CheckRejectionCode(args[0]); err != nil {
				return err
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				approved, err := s.ApproveUSID(ctx, args[0], address)
				if err != nil {
					return err
				}
				return a.print(wire.RejectedUSIDOf(approved), func(w io.Writer) {
					fmt.Fprintf(w, "%s is %s on %s from the next join on\n",
						clean(approved.Code), clean(named(approved)), clean(approved.Address))
				})
			})
		},
	}
	command.Flags().StringVar(&address, "address", "", "the game server, `ip:port`, if several gave the code")
	return command
}

// named is the player of a rejection.
func named(r mindustry.RejectedUSID) string {
	if r.Name == "" {
		return string(r.ID)
	}
	return r.Name + " (" + string(r.ID) + ")"
}
