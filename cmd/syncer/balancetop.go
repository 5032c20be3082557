package main

import (
	"context"
	"strconv"

	"github.com/spf13/cobra"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

func newBalanceTopCommand(a *app) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:     "top CURRENCY",
		Short:   "List who has most of a currency",
		Long:    `List who has most of a currency, the richest first. Who has nothing is not listed.`,
		Example: `  syncer balance top coins --limit 10`,
		Args:    exactly("CURRENCY"),
		RunE: func(command *cobra.Command, args []string) error {
			if limit < 1 {
				return usagef("--limit: must be at least 1")
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				top, _, err := u.balances.Top(ctx, args[0], sidecar.Page{Size: min(limit, maxListed)})
				if err != nil {
					return err
				}
				rows := make([][]string, len(top))
				for i, b := range top {
					rows[i] = []string{
						strconv.Itoa(i + 1), strconv.FormatInt(b.Amount, 10), string(b.Player), b.Name,
					}
				}
				return a.printRows(wire.TopBalancesOf(top, "").Players, []string{"NO", "BALANCE", "ID", "NAME"}, rows,
					"nobody has any "+clean(args[0]))
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", 20, "at most so many")
	return command
}
