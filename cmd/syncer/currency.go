package main

import (
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"playersync/syncer/httpapi/wire"
)

func newCurrencyCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:     "currency",
		Short:   "See and add currencies",
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	for _, child := range []*cobra.Command{newCurrencyListCommand(a), newCurrencyAddCommand(a)} {
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	return command
}

func newCurrencyListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the currencies",
		Args:  exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				currencies, err := u.balances.Currencies(ctx)
				if err != nil {
					return err
				}
				rows := make([][]string, len(currencies))
				for i, c := range currencies {
					rows[i] = []string{c.Name, clock(c.AddedAt, "")}
				}
				const none = "there are no currencies; add one by: syncer currency add NAME"
				return a.printRows(wire.CurrenciesOf(currencies).Currencies, []string{"CURRENCY", "ADDED"}, rows, none)
			})
		},
	}
}

func newCurrencyAddCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:     "add NAME",
		Short:   "Add a currency",
		Example: `  syncer currency add coins`,
		Args:    exactly("NAME"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				added, err := u.balances.AddCurrency(ctx, args[0])
				if err != nil {
					return err
				}
				return a.print(map[string]any{"name": args[0], "added": added}, func(w io.Writer) {
					if added {
						fmt.Fprintf(w, "%s is added\n", clean(args[0]))
					} else {
						fmt.Fprintf(w, "%s was there already\n", clean(args[0]))
					}
				})
			})
		},
	}
}
