package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/store"
)

func newBalanceCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "balance",
		Short: "See and change what players own",
		Long: `Balances are whole numbers from 0 to 9007199254740991 in any number of currencies.
They change by differences only, and each change leaves an entry in the ledger.
Every server knows within milliseconds. PLAYER is an id, or a name that only one
player has.`,
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	for _, child := range []*cobra.Command{
		newBalanceGetCommand(a), newBalanceAddCommand(a), newBalanceTransferCommand(a), newBalanceLedgerCommand(a),
		newBalanceTopCommand(a), newBalanceCheckCommand(a),
	} {
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	return command
}

func newBalanceGetCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "get PLAYER",
		Short:             "Show a player's balances",
		Example:           `  syncer balance get Steve`,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withPlayer(command, args[0], func(ctx context.Context, u *useCases, p *syncer.Player) error {
				balances, _, err := u.balances.Of(ctx, p.ID)
				if err != nil {
					return err
				}
				var rows [][]string
				for _, currency := range slices.Sorted(maps.Keys(balances)) {
					rows = append(rows, []string{currency, strconv.FormatInt(balances[currency], 10)})
				}
				shown := wire.PlayerBalances{UUID: p.ID, Balances: balances}
				return a.printRows(shown, []string{"CURRENCY", "BALANCE"}, rows, "no balances")
			})
		},
	}
}

// printRows prints a table, or a remark if it has no rows.
func (a *app) printRows(value any, header []string, rows [][]string, none string) error {
	return a.print(value, func(w io.Writer) {
		if len(rows) == 0 {
			fmt.Fprintln(w, none)
			return
		}
		table(w, header, rows)
	})
}

// moveFlags are the flags of what changes balances.
type moveFlags struct{ key, reason, by string }

func (f *moveFlags) add(command *cobra.Command) {
	command.Flags().StringVar(&f.key, "key", "", "happens once for each `key`; drawn at random if not given")
	command.Flags().StringVar(&f.reason, "reason", "", "why, for the ledger")
	command.Flags().StringVar(&f.by, "by", thisUser(), "who wants it")
}

func newBalanceAddCommand(a *app) *cobra.Command {
	var flags moveFlags
	command := &cobra.Command{
		Use:   "add PLAYER CURRENCY CHANGE",
		Short: "Change a player's balance by a difference",
		Long: `Change a player's balance by a difference; a negative one takes. If there is not
enough, nothing happens.`,
		Example: `  syncer balance add Steve coins 250 --reason 'won the race'
  syncer balance add Steve coins -100 --reason fine`,
		Args:              exactly("PLAYER", "CURRENCY", "CHANGE"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			change, err := strconv.ParseInt(args[2], 10, 64)
			if err != nil {
				return syncer.Invalid("CHANGE", "%q is not a whole number", args[2])
			}
			id, err := syncer.ParsePlayerID(args[0])
			if err != nil {
				return err
			}
			return a.move(command, syncer.Transfer{Currency: args[1]}.Change(id, change), flags)
		},
	}
	flags.add(command)
	return command
}

func newBalanceTransferCommand(a *app) *cobra.Command {
	var flags moveFlags
	command := &cobra.Command{
		Use:               "transfer FROM TO CURRENCY AMOUNT",
		Short:             "Pay from one player to another",
		Example:           `  syncer balance transfer Steve Alice coins 100 --reason debts`,
		Args:              exactly("FROM", "TO", "CURRENCY", "AMOUNT"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			amount, err := strconv.ParseInt(args[3], 10, 64)
			if err != nil {
				return syncer.Invalid("AMOUNT", "%q is not a whole number", args[3])
			}
			payer, err := syncer.ParsePlayerID(args[0])
			if err != nil {
				return err
			}
			payee, err := syncer.ParsePlayerID(args[1])
			if err != nil {
				return err
			}
			return a.move(command, syncer.Transfer{Payer: payer, Payee: payee, Currency: args[2], Amount: amount},
				flags)
		},
	}
	flags.add(command)
	return command
}

// move changes balances and prints the ledger's entries.
func (a *app) move(command *cobra.Command, m syncer.Transfer, flags moveFlags) error {
	m.Key, m.Reason, m.By = flags.key, flags.reason, flags.by
	if m.Key == "" && !command.Flags().Changed("key") {
		m.Key = rand.Text()
	}
	return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
		for _, id := range []*syncer.PlayerID{&m.Payer, &m.Payee} {
			if err := identify(ctx, u.store, id); err != nil {
				return err
			}
		}
		moved, err := u.balances.Transfer(ctx, m)
		if err != nil {
			return err
		}
		return a.print(wire.MovedOf(moved), func(w io.Writer) {
			if moved.Repeated {
				fmt.Fprintln(w, "nothing changed: the key was used before, when")
			}
			for _, e := range moved.Entries {
				sentence(w, "%s has %d %s (%+d)", e.Player, e.Balance, e.Currency, e.Change)
			}
		})
	})
}

// identify puts the id in place of a player's name; none stays none.
func identify(ctx context.Context, s *store.Store, player *syncer.PlayerID) error {
	if *player == "" {
		return nil
	}
	found, err := findPlayer(ctx, s, string(*player))
	if err == nil {
		*player = found.ID
	}
	return err
}

func newBalanceLedgerCommand(a *app) *cobra.Command {
	var currency string
	var limit int
	command := &cobra.Command{
		Use:   "ledger PLAYER",
		Short: "List the changes of a player's balances, newest first",
		Long: `List the changes of a player's balances, newest first; by id also those of a player
who was deleted.`,
		Example:           `  syncer balance ledger Steve --currency coins --limit 20`,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			if limit < 1 || limit > 10_000 {
				return usagef("--limit: must be from 1 to 10000")
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				id, _, err := syncer.ReadPlayerID(args[0])
				if err != nil {
					return err
				}
				player, unknown := findPlayer(ctx, u.store, args[0])
				switch {
				case unknown == nil:
					id = player.ID
				case syncer.CodeOf(unknown) != syncer.CodeNotFound:
					return unknown
				}
				entries, err := u.balances.Ledger(ctx, id, currency, 0, limit)
				if err != nil {
					return err
				}
				if len(entries) == 0 {
					err := a.orNotThere(wire.LedgerEntriesOf(nil), unknown, knownCurrency(ctx, u.store, currency))
					if err != nil {
						return err
					}
				}
				rows := make([][]string, len(entries))
				for i, e := range entries {
					rows[i] = []string{
						clock(e.At, ""), e.Currency, fmt.Sprintf("%+d", e.Change), strconv.FormatInt(e.Balance, 10),
						cmp.Or(e.By, "login "+e.Role), whatFor(e),
					}
				}
				header := []string{"TIME", "CURRENCY", "CHANGE", "BALANCE", "BY", "WHAT FOR"}
				return a.printRows(wire.LedgerEntriesOf(entries), header, rows, "no entries")
			})
		},
	}
	command.Flags().StringVar(&currency, "currency", "", "only of this one")
	command.Flags().IntVar(&limit, "limit", 50, "how many entries at most")
	return command
}

// whatFor says of a transfer to or from whom, and why.
func whatFor(e syncer.LedgerEntry) string {
	preposition := "from "
	if e.Change < 0 {
		preposition = "to "
	}
	switch {
	case e.Peer == "":
		return e.Reason
	case e.Reason == "":
		return preposition + string(e.Peer)
	default:
		return preposition + string(e.Peer) + ": " + e.Reason
	}
}

// errMismatch makes the exit code.
var errMismatch = errors.New("balances differ from the ledger, see above")

func newBalanceCheckCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check",
		Short: "Compare every balance with the sum of its ledger",
		Long: `Compare every balance with the sum of its ledger. They differ only if somebody has
disabled triggers or edited the ledger. The exit code is 1 if any does.`,
		Args: exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				total, some, err := s.BalanceMismatches(ctx)
				if err != nil {
					return err
				}
				rows := make([][]string, len(some))
				for i, m := range some {
					rows[i] = []string{
						string(m.Player), m.Currency, strconv.FormatInt(m.Balance, 10), strconv.FormatInt(m.Ledger, 10),
					}
				}
				err = a.printRows(wire.BalanceCheckOf(total, some),
					[]string{"PLAYER", "CURRENCY", "BALANCE", "LEDGER"}, rows, "every balance is the sum of its ledger")
				if err == nil && total > 0 {
					err = fmt.Errorf("%d %w", total, errMismatch)
				}
				return err
			})
		},
	}
}
