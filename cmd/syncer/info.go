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
	"playersync/syncer/store"
)

func newInfoCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "info",
		Short: "See what is known of players' visits",
		Long: `See how often players joined and were kicked, under which names and from which
addresses they came, and who shares an address with whom. PLAYER is an id, or a
name that only one player has.`,
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	for _, child := range []*cobra.Command{newInfoGetCommand(a), newInfoSearchCommand(a), newInfoAccountsCommand(a)} {
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	return command
}

func newInfoGetCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:               "get PLAYER",
		Short:             "Show a player's joins, kicks, names and addresses",
		Example:           `  syncer info get Steve`,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			return a.withPlayer(command, args[0], func(ctx context.Context, u *useCases, p *syncer.Player) error {
				info, err := u.store.PlayerInfo(ctx, p.ID)
				if err != nil {
					return err
				}
				return a.print(wire.PlayerInfoOf(info, u.now), func(w io.Writer) { printInfo(w, info, u.now) })
			})
		},
	}
}

func printInfo(w io.Writer, info syncer.PlayerInfo, now time.Time) {
	table(w, nil, [][]string{{"id", string(info.ID)}, {"name", info.Name}, {"banned", bannedInWords(info.Bans, now)}})
	if info.Last.IsZero() {
		fmt.Fprintln(w, "no visit is known")
		return
	}
	row := func(server string, v syncer.Visits) []string {
		return []string{server, decimal(v.Joins), decimal(v.Kicks), clock(v.First, ""), clock(v.Last, "")}
	}
	rows := make([][]string, 0, len(info.Servers)+1)
	for _, s := range info.Servers {
		rows = append(rows, row(s.Server, s.Visits))
	}
	fmt.Fprintln(w)
	table(w, []string{"SERVER", "JOINS", "KICKS", "FIRST SEEN", "LAST SEEN"},
		append(rows, row("together", info.Visits)))
	fmt.Fprintln(w)
	seenTable(w, "NAME", info.Names)
	fmt.Fprintln(w)
	seenTable(w, "ADDRESS", info.Addresses)
}

func seenTable(w io.Writer, what string, seen []syncer.Seen) {
	rows := make([][]string, len(seen))
	for i, s := range seen {
		rows[i] = []string{s.Value, decimal(s.Times), clock(s.First, ""), clock(s.Last, "")}
	}
	table(w, []string{what, "TIMES", "FIRST SEEN", "LAST SEEN"}, rows)
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }

func newInfoSearchCommand(a *app) *cobra.Command {
	var name, ip string
	var limit int
	command := &cobra.Command{
		Use:   "search --name TEXT | --ip ADDRESS",
		Short: "List the players who joined under a name or from an address",
		Example: `  syncer info search --name steve
  syncer info search --ip 203.0.113.0/24`,
		Args: exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			search, err := infoSearch(name, ip)
			if err != nil {
				return err
			}
			if err := checkLimit(limit); err != nil {
				return err
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				found, next, err := search(ctx, s, limit)
				if err != nil {
					return err
				}
				if len(found) == 0 {
					return a.nothing(wire.InfoPageOf(nil, "").Players,
						syncer.NotFound("nobody joined under such a name or from there"))
				}
				return a.print(wire.InfoPageOf(found, "").Players, func(w io.Writer) {
					how := "JOINED AS"
					if ip != "" {
						how = "JOINED FROM"
					}
					matchTable(w, found, how, next != "")
				})
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&name, "name", "", "`part` of a name, in any case")
	flags.StringVar(&ip, "ip", "", "`address` or CIDR range")
	flags.IntVar(&limit, "limit", 100, "at most so many")
	return command
}

// infoSearch returns the search that the flags ask for: exactly one of them is given.
func infoSearch(name, ip string) (func(context.Context, *store.Store, int) ([]syncer.InfoMatch, string, error), error) {
	switch {
	case (name == "") == (ip == ""):
		return nil, usagef("give either --name or --ip")
	case name != "":
		return func(ctx context.Context, s *store.Store, limit int) ([]syncer.InfoMatch, string, error) {
			return s.InfoByName(ctx, name, limit, "")
		}, nil
	}
	prefix, err := syncer.ParsePrefix(ip)
	if err != nil {
		return nil, usagef("--%s", errorText(err))
	}
	return func(ctx context.Context, s *store.Store, limit int) ([]syncer.InfoMatch, string, error) {
		return s.InfoByAddress(ctx, prefix, limit, "")
	}, nil
}

func matchTable(w io.Writer, found []syncer.InfoMatch, how string, more bool) {
	rows := make([][]string, len(found))
	for i, m := range found {
		matched := m.Matched[0]
		if others := len(m.Matched) - 1; others > 0 {
			matched += fmt.Sprintf(" +%d", others)
		}
		rows[i] = []string{string(m.ID), m.Name, matched, decimal(m.Joins), clock(m.At, "")}
	}
	table(w, []string{"ID", "NAME", how, "JOINS", "THEN LAST"}, rows)
	if more {
		fmt.Fprintln(w, "and more: see --limit")
	}
}

func newInfoAccountsCommand(a *app) *cobra.Command {
	var limit int
	command := &cobra.Command{
		Use:               "accounts PLAYER",
		Short:             "List the players who share an address with a player",
		Example:           `  syncer info accounts Steve`,
		Args:              exactly("PLAYER"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return a.withPlayer(command, args[0], func(ctx context.Context, u *useCases, p *syncer.Player) error {
				accounts, next, err := u.store.SharingAccounts(ctx, p.ID, limit, "")
				if err != nil {
					return err
				}
				return a.print(wire.AccountsPageOf(accounts, "").Accounts, func(w io.Writer) {
					accountTable(w, accounts, next != "")
				})
			})
		},
	}
	command.Flags().IntVar(&limit, "limit", 100, "at most so many")
	return command
}

func accountTable(w io.Writer, accounts []syncer.SharingAccount, more bool) {
	if len(accounts) == 0 {
		fmt.Fprintln(w, "nobody shares an address")
		return
	}
	var rows [][]string
	for _, account := range accounts {
		id, name, banned := string(account.ID), account.Name, "no"
		if account.Banned {
			banned = "yes"
		}
		for _, shared := range account.Addresses {
			rows = append(rows, []string{id, name, banned, shared.IP, decimal(shared.Times), decimal(shared.OwnTimes)})
			id, name, banned = "", "", ""
		}
	}
	table(w, []string{"ID", "NAME", "ID BANNED", "ADDRESS", "TIMES", "PLAYER'S TIMES"}, rows)
	if more {
		fmt.Fprintln(w, "and more: see --limit")
	}
}
