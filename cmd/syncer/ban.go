package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

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
		Long: `Ban players, addresses and ranges of addresses, lift bans and list them. Every server
knows within milliseconds.

TARGET is a player's id, or a name that only one player has, an address or a range. A
text that looks like an address or range is one; write uuid:… or ip:… to leave no
doubt.`,
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
	var replace, unknown, yes bool
	command := &cobra.Command{
		Use:   "add TARGET",
		Short: "Ban a player, an address or a range",
		Long: `Ban a player by id or name, an address or a range. An id that no player has is
refused unless --unknown is given. A target that is banned already stays banned as
it is, and the exit code is 3, unless --replace is given. A range wider than /8
(IPv6: /32), and what more than 100 known players joined from, wants --yes.`,
		Example: `  syncer ban add Griefer --reason griefing --for 7d
  syncer ban add 203.0.113.0/24 --reason "bot network"`,
		Args:              exactly("TARGET"),
		ValidArgsFunction: a.completePlayers,
		RunE: func(command *cobra.Command, args []string) error {
			target, err := syncer.ReadTarget(args[0])
			if err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				asked := wire.NewBan{Reason: &reason, By: &by, Replace: replace, Confirm: yes}
				if until != "" {
					if asked.ExpiresAt, err = parseUntil("for", until, u.now); err != nil {
						return err
					}
				}
				ban, err := asked.Of(target, u.now)
				if err != nil {
					return err
				}
				ban.MeantID = syncer.IsMeantID(args[0])
				return a.addBan(ctx, u, ban, unknown)
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&reason, "reason", "", "why")
	flags.StringVar(&by, "by", thisUser(), "who bans")
	flags.StringVar(&until, "for", "",
		"how `long`: 36h, 7d, 1mo (30 days), 1y (365 days), or a time such as 2030-01-31T18:00:00Z; else until lifted")
	flags.BoolVar(&replace, "replace", false, "give a ban that stands already this reason and end")
	flags.BoolVar(&unknown, "unknown", false, "ban an id that no player has yet")
	flags.BoolVar(&yes, "yes", false, "ban also a wide range, or many players")
	return command
}

// addBan bans and prints what became of it.
func (a *app) addBan(ctx context.Context, u *useCases, ban syncer.NewBan, unknown bool) error {
	added, err := u.bans.Impose(ctx, ban, unknown)
	if syncer.CodeOf(err) == syncer.CodeNotFound {
		return syncer.NotFound("%s; with --unknown the id is banned before anybody has it", err)
	}
	if err != nil {
		return confirmable(err)
	}
	if err := a.printAdded(ban, added, u.now); err != nil {
		return err
	}
	if added.Outcome == syncer.BanStands {
		return banStands(added.Ban.Number)
	}
	return nil
}

// confirmable says how to confirm what was refused for want of it.
func confirmable(err error) error {
	if e, ok := errors.AsType[*syncer.Error](err); ok && e.Code == syncer.CodeUnconfirmed {
		return &syncer.Error{Code: e.Code, Field: e.Field, Message: e.Message + ", by --yes"}
	}
	return err
}

func newBanLiftCommand(a *app) *cobra.Command {
	var reason, by string
	command := &cobra.Command{
		Use:   "lift TARGET",
		Short: "Unban; the ban stays in the history",
		Long: `Unban a player by id or name, an address, or a range. Exactly this one is unbanned:
a range that contains it is named. In place of the target its ban's number will do.`,
		Args: exactly("TARGET"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				target, err := readTarget(ctx, u, args[0])
				if err != nil {
					return err
				}
				lifted, err := u.bans.Revoke(ctx, target, by, reason)
				if err != nil {
					return err
				}
				if !lifted.Lifted {
					return notBanned(ctx, u, lifted)
				}
				return a.print(wire.LiftedBanOf(lifted, u.now), func(w io.Writer) {
					fmt.Fprintln(w, "unbanned", clean(lifted.Target.String()))
					if len(lifted.Still) > 0 {
						fmt.Fprintln(w, "it is still kept out by", clean(bansInWords(lifted.Still)))
					}
				})
			})
		},
		ValidArgsFunction: a.completeTargets,
	}
	command.Flags().StringVar(&reason, "reason", "", "why")
	command.Flags().StringVar(&by, "by", thisUser(), "who lifts it")
	return command
}

// notBanned says that there was nothing to lift, and why it may look otherwise.
func notBanned(ctx context.Context, u *useCases, l syncer.LiftedBan) error {
	switch last, err := findBan(ctx, u, l.Target.Key()); {
	case len(l.Still) > 0:
		return syncer.NotFound("%s itself is not banned; it is kept out by %s", l.Target, bansInWords(l.Still))
	case err == nil:
		return syncer.NotFound("%s is not banned: ban %d %s", l.Target, last.Number, banState(last.Ban, u.now))
	case !l.Known:
		return syncer.NotFound("%s is not banned, and no player has that id or name", l.Target)
	default:
		return syncer.NotFound("%s is not banned", l.Target)
	}
}

// newUnbanCommand is ban lift by the word that people look for.
func newUnbanCommand(a *app) *cobra.Command {
	command := newBanLiftCommand(a)
	command.Use, command.GroupID = "unban TARGET", groupAdministrate
	a.addConfigFlags(command)
	a.addJSONFlag(command.Flags())
	return command
}

// banListFlags choose the bans that ban list shows.
type banListFlags struct {
	filter           syncer.BanFilter
	all              bool
	id, player, kind string
	from, to         momentFlag
	limit            int
}

func (f *banListFlags) register(flags *pflag.FlagSet) {
	flags.BoolVar(&f.all, "all", false, "also bans that expired or were lifted")
	flags.StringVar(&f.id, "uuid", "", "only bans of this player, by `id` or name")
	flags.StringVar(&f.player, "player", "",
		"only bans that meet this player, by `id` or name, or did: of the id, the addresses and ranges around them")
	flags.StringVar(&f.filter.IP, "ip", "", "only bans that overlap this `address` or range")
	flags.StringVar(&f.filter.By, "by", "", "only bans by this person")
	flags.StringVar(&f.filter.LiftedBy, "lifted-by", "", "only bans that this person lifted; with --all")
	flags.StringVar(&f.filter.Reason, "reason", "", "only bans whose reason contains this `text`")
	flags.StringVar(&f.kind, "kind", "", "only bans of this `kind`: player, address or range")
	flags.Var(&f.from, "from",
		"only bans made at this `time` or later, such as 2030-01-31T18:00:00Z, or 7d for 7 days ago")
	flags.Var(&f.to, "to", "only bans made before this `time`")
	flags.IntVar(&f.limit, "limit", 1000, "at most so many")
}

// validate completes the filter by what needs no database.
func (f *banListFlags) validate() (err error) {
	if f.limit < 1 {
		return usagef("--limit: must be at least 1")
	}
	if !f.all && f.player == "" {
		f.filter.Active = new(true)
	}
	if f.kind != "" {
		f.filter.Kind, err = syncer.ParseBanKind(f.kind)
	}
	return err
}

// find completes the filter and returns the bans.
func (f *banListFlags) find(ctx context.Context, u *useCases) (bans []syncer.Ban, err error) {
	f.filter.CreatedFrom, f.filter.CreatedTo = f.from.At(u.now), f.to.At(u.now)
	if f.filter.ID, err = identifyFlag(ctx, u, f.id); err != nil {
		return nil, err
	}
	if f.filter.Meets, err = identifyFlag(ctx, u, f.player); err != nil {
		return nil, err
	}
	bans, _, err = u.bans.ListBans(ctx, f.filter, sidecar.Page{Size: min(f.limit, maxListed)})
	return bans, err
}

func newBanListCommand(a *app) *cobra.Command {
	var chosen banListFlags
	command := &cobra.Command{
		Use:   "list",
		Short: "List bans, newest first",
		Long: `List bans, newest first: those in force, and with --all or --player also those that are
over.`,
		Example: `  syncer ban list --by Alice --from 7d
  syncer ban list --player Steve`,
		Args: exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := chosen.validate(); err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				bans, err := chosen.find(ctx, u)
				if err != nil {
					return err
				}
				return a.printBans(bans, u.now)
			})
		},
	}
	chosen.register(command.Flags())
	_ = command.RegisterFlagCompletionFunc("kind",
		cobra.FixedCompletions([]string{"player", "address", "range"}, cobra.ShellCompDirectiveNoFileComp))
	return command
}

// identifyFlag returns the id that a flag means, which may have a player's name; none
// stays none.
func identifyFlag(ctx context.Context, u *useCases, text string) (syncer.PlayerID, error) {
	if text == "" {
		return "", nil
	}
	id, err := syncer.ParsePlayerID(text)
	if err != nil {
		return "", err
	}
	identified, err := u.bans.Identify(ctx, syncer.TargetID(id))
	return identified.Target.ID, err
}

func newBanCheckCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "check TARGET...",
		Short: "Say whether a player or an address may join, and why not",
		Long: `Say whether a player or an address may join, and why not. The exit code is 0 for
may join, 3 for banned, and 4 if nobody has that id or name and it is not banned.`,
		Example: `  syncer ban check Steve 198.51.100.7`,
		Args:    atLeastOne("TARGET"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				who, err := whoJoins(ctx, u, args)
				if err != nil {
					return err
				}
				bans, err := u.bans.CheckBans(ctx, who.id, who.address)
				if err != nil {
					return err
				}
				answer := wire.CheckedTarget{Checked: wire.CheckedOf(bans, u.now), Known: !who.unknown}
				if err := a.print(answer, func(w io.Writer) {
					if who.unknown {
						fmt.Fprintf(w, "no player has the id or name %q\n", who.id)
					}
					if !answer.Banned {
						fmt.Fprintln(w, "not banned")
						return
					}
					fmt.Fprintln(w, "banned")
					banTable(w, bans, u.now)
				}); err != nil {
					return err
				}
				switch {
				case answer.Banned:
					return &answered{exitBanned}
				case who.unknown:
					return &answered{exitNotFound}
				}
				return nil
			})
		},
		ValidArgsFunction: a.completePlayers,
	}
}

// joining is who may join or not: a player, an address, or one of each.
type joining struct {
	id      syncer.PlayerID
	unknown bool // no player has the id
	address netip.Addr
}

// whoJoins reads a player, an address, or one of each.
func whoJoins(ctx context.Context, u *useCases, args []string) (who joining, err error) {
	for _, text := range args {
		target, err := readTarget(ctx, u, text)
		switch {
		case err != nil:
			return who, err
		case target.ID != "" && who.id == "":
			identified, err := u.bans.Identify(ctx, target)
			if err != nil {
				return who, err
			}
			who.id, who.unknown = identified.Target.ID, !identified.Known
		case target.ID == "" && !target.Prefix.IsSingleIP():
			return who, usagef("%s is a range; nobody joins from a whole range, see: syncer ban list --ip %s", target,
				target)
		case target.ID == "" && !who.address.IsValid():
			who.address = target.Prefix.Addr()
		default:
			return who, usagef("give one player, one address, or one of each")
		}
	}
	return who, nil
}
