package main

import (
	"context"
	"fmt"
	"io"
	"net/netip"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

// maxListed bounds the flag --limit of lists that have no bound of their own.
const maxListed = 1 << 30

func newBanCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "ban",
		Short: "Ban, unban, and see who is banned",
		Long: `Ban player ids, addresses and ranges of addresses, lift bans and list them. Every
server knows within milliseconds.

A target that looks like an address or range is one; write uuid:… or ip:… to
leave no doubt.`,
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	for _, child := range []*cobra.Command{
		newBanAddCommand(a), newBanLiftCommand(a), newBanListCommand(a), newBanCheckCommand(a),
		newBanShowCommand(a), newBanChangeCommand(a), newBanNoteCommand(a), newBanPreviewCommand(a),
		newBanImportCommand(a),
	} {
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	command.AddCommand(newBanExportCommand(a)) // which has a format of its own
	return command
}

func newBanAddCommand(a *app) *cobra.Command {
	var reason, by, until string
	command := &cobra.Command{
		Use:   "add TARGET",
		Short: "Ban a player id, an address or a range",
		Example: `  syncer ban add abcdefghijklmnopqrstuv== --reason griefing --for 7d
  syncer ban add 203.0.113.0/24 --reason "bot network"`,
		Args: exactly("TARGET"),
		RunE: func(command *cobra.Command, args []string) error {
			target, err := parseTarget(args[0])
			if err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				uuid, ip := target.Fields()
				asked := wire.NewBan{UUID: (*string)(uuid), IP: ip, Reason: &reason, By: &by}
				if until != "" {
					if asked.ExpiresAt, err = parseUntil("for", until, u.now); err != nil {
						return err
					}
				}
				ban, err := asked.Ban(u.now)
				if err != nil {
					return err
				}
				stands, created, err := u.bans.AddBan(ctx, ban)
				if err != nil {
					return err
				}
				return a.print(wire.BanOf(stands, u.now), func(w io.Writer) {
					verb := "banned"
					if !created {
						verb = "already banned:"
					}
					fmt.Fprintf(w, "%s %s, %s\n", verb, clean(target.String()), banState(stands, u.now))
					if target.ID == "" && !target.Prefix.IsSingleIP() {
						a.warnOfRange(ctx, u, target)
					}
				})
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&reason, "reason", "", "why")
	flags.StringVar(&by, "by", thisUser(), "who bans")
	flags.StringVar(&until, "for", "",
		"how `long`: a duration such as 36h or 7d, a time such as 2030-01-31T18:00:00Z; else until lifted")
	return command
}

func newBanLiftCommand(a *app) *cobra.Command {
	var reason, by string
	command := &cobra.Command{
		Use:   "lift TARGET",
		Short: "Unban; the ban stays in the history",
		Args:  exactly("TARGET"),
		RunE: func(command *cobra.Command, args []string) error {
			target, err := parseTarget(args[0])
			if err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				ban, lifted, err := u.bans.LiftBan(ctx, target, by, reason)
				if err != nil {
					return err
				}
				if !lifted {
					return syncer.NotFound("%s is not banned", target)
				}
				return a.print(wire.BanOf(ban, u.now), func(w io.Writer) {
					fmt.Fprintln(w, "unbanned", clean(target.String()))
				})
			})
		},
		ValidArgsFunction: a.completeTargets,
	}
	command.Flags().StringVar(&reason, "reason", "", "why")
	command.Flags().StringVar(&by, "by", thisUser(), "who lifts it")
	return command
}

func newBanListCommand(a *app) *cobra.Command {
	var filter syncer.BanFilter
	var all bool
	var id, kind, from, to string
	var limit int
	command := &cobra.Command{
		Use:   "list",
		Short: "List bans, newest first",
		Args:  exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if limit < 1 {
				return usagef("--limit: must be at least 1")
			}
			filter.ID = syncer.PlayerID(id)
			if !all {
				filter.Active = new(true)
			}
			if err := readBanFilter(&filter, kind, from, to); err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				bans, _, err := u.bans.ListBans(ctx, filter, sidecar.Page{Size: min(limit, maxListed)})
				if err != nil {
					return err
				}
				return a.printBans(bans, u.now)
			})
		},
	}
	flags := command.Flags()
	flags.BoolVar(&all, "all", false, "also bans that expired or were lifted")
	flags.StringVar(&id, "uuid", "", "only bans of this player `id`")
	flags.StringVar(&filter.IP, "ip", "", "only bans that overlap this `address` or range")
	flags.StringVar(&filter.By, "by", "", "only bans by this person")
	flags.StringVar(&filter.LiftedBy, "lifted-by", "", "only bans that this person lifted; with --all")
	flags.StringVar(&filter.Reason, "reason", "", "only bans whose reason contains this `text`")
	flags.StringVar(&kind, "kind", "", "only bans of this `kind`: player, address or range")
	flags.StringVar(&from, "from", "", "only bans made at this `time` or later, such as 2030-01-31T18:00:00Z")
	flags.StringVar(&to, "to", "", "only bans made before this `time`")
	_ = command.RegisterFlagCompletionFunc("kind",
		cobra.FixedCompletions([]string{"player", "address", "range"}, cobra.ShellCompDirectiveNoFileComp))
	flags.IntVar(&limit, "limit", 1000, "at most so many")
	return command
}

// readBanFilter reads the flags that are no plain text.
func readBanFilter(filter *syncer.BanFilter, kind, from, to string) (err error) {
	if kind != "" {
		if filter.Kind, err = syncer.ParseBanKind(kind); err != nil {
			return err
		}
	}
	for _, at := range []struct {
		flag, text string
		into       *syncer.Time
	}{{"from", from, &filter.CreatedFrom}, {"to", to, &filter.CreatedTo}} {
		if at.text == "" {
			continue
		}
		if *at.into, err = syncer.ParseTime(at.text); err != nil || at.into.IsForever() {
			return usagef("--%s: %q is not a time such as 2030-01-31T18:00:00Z", at.flag, at.text)
		}
	}
	return nil
}

func newBanCheckCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check TARGET...",
		Short: "Say whether a player id or an address may join, and why not",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(command *cobra.Command, args []string) error {
			id, address, err := whoJoins(args)
			if err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				bans, err := u.bans.CheckBans(ctx, id, address)
				if err != nil {
					return err
				}
				answer := wire.Checked{Banned: len(bans) > 0, Bans: wire.BansOf(bans, u.now)}
				return a.print(answer, func(w io.Writer) {
					if !answer.Banned {
						fmt.Fprintln(w, "not banned")
						return
					}
					fmt.Fprintln(w, "banned")
					banTable(w, bans, u.now)
				})
			})
		},
	}
}

// whoJoins reads a player id, an address, or one of each.
func whoJoins(args []string) (id syncer.PlayerID, address netip.Addr, err error) {
	for _, text := range args {
		target, err := parseTarget(text)
		switch {
		case err != nil:
			return "", netip.Addr{}, err
		case target.ID != "" && id == "":
			id = target.ID
		case target.ID == "" && !target.Prefix.IsSingleIP():
			return "", netip.Addr{}, usagef("%s is a range; nobody joins from a whole range, see: syncer ban list "+
				"--ip %s", text, text)
		case target.ID == "" && !address.IsValid():
			address = target.Prefix.Addr()
		default:
			return "", netip.Addr{}, usagef("give one player id, one address, or one of each")
		}
	}
	return id, address, nil
}
