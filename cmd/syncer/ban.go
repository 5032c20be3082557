package main

import (
	"context"
	"errors"
	"io"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
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
doubt. Where a ban's number will do, write ban:7, or just 7 if no player has that id
or name.`,
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
				if command.Flags().Changed("for") {
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
a range that contains it is named. In place of the target its ban's number will do,
as ban:7; of a ban that is over nothing is lifted.`,
		Args: exactly("TARGET"),
		RunE: func(command *cobra.Command, args []string) error {
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				lifted, err := lift(ctx, u, args[0], by, reason)
				if err != nil {
					return err
				}
				if !lifted.Lifted {
					return notBanned(ctx, u, lifted)
				}
				return a.print(wire.LiftedBanOf(lifted, u.now), func(w io.Writer) {
					sentence(w, "unbanned %s", lifted.Target)
					if len(lifted.Still) > 0 {
						sentence(w, "%s", stillKeptOut(lifted))
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

// lift lifts the ban of a target or of a number.
func lift(ctx context.Context, u *useCases, text, by, reason string) (syncer.LiftedBan, error) {
	switch number, isNumber, err := banNumber(ctx, u, text); {
	case err != nil:
		return syncer.LiftedBan{}, err
	case isNumber:
		return u.bans.RevokeNumbered(ctx, number, by, reason)
	}
	target, err := syncer.ReadTarget(text)
	if err != nil {
		return syncer.LiftedBan{}, err
	}
	return u.bans.Revoke(ctx, target, by, reason)
}

// notBanned says that there was nothing to lift, and why it may look otherwise.
func notBanned(ctx context.Context, u *useCases, l syncer.LiftedBan) error {
	switch last, err := latestBan(ctx, u, l.Target); {
	case l.Ban.Number > 0 && err == nil && last.Applies(u.now):
		return syncer.NotFound("ban %d of %s is over (%s) and nothing was lifted; the one in force is ban %d",
			l.Ban.Number, l.Target, banState(l.Ban, u.now), last.Number)
	case l.Ban.Number > 0:
		return syncer.NotFound("ban %d of %s is over (%s) and nothing was lifted", l.Ban.Number, l.Target,
			banState(l.Ban, u.now))
	case len(l.Still) > 0 && l.Target.ID == "":
		return syncer.NotFound("%s itself is not banned; it is kept out by %s", l.Target, bansInWords(l.Still))
	case len(l.Still) > 0:
		return syncer.NotFound("%s itself is not banned; %s", l.Target, stillKeptOut(l))
	case err == nil:
		return syncer.NotFound("%s is not banned: ban %d %s", l.Target, last.Number, banState(last.Ban, u.now))
	case !l.Known:
		return syncer.NotFound("%s is not banned, and no player has that id or name", l.Target)
	default:
		return syncer.NotFound("%s is not banned", l.Target)
	}
}

// stillKeptOut says by which bans a target is kept out whose own was lifted.
func stillKeptOut(l syncer.LiftedBan) string {
	if l.Target.ID == "" {
		return "it is still kept out by " + bansInWords(l.Still)
	}
	return elsewhere(l.Still)
}

// elsewhere names the bans that keep a player out who joins from where they are of.
func elsewhere(bans []syncer.Ban) string {
	return "addresses that the player joined from are banned: " + bansInWords(bans)
}

// newUnbanCommand is ban lift by the word that people look for.
func newUnbanCommand(a *app) *cobra.Command {
	command := newBanLiftCommand(a)
	command.Use, command.GroupID = "unban TARGET", groupAdministrate
	a.addConfigFlags(command)
	a.addJSONFlag(command.Flags())
	return command
}
