package main

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

func newAuditCommand(a *app) *cobra.Command {
	var list auditList
	command := &cobra.Command{
		Use:   "audit",
		Short: "See who changed what, and take it back",
		Long: `List who changed which important field of a player (rank, flags, mutes, marks,
attributes) or which ban, when and from what to what: through the API or in SQL,
newest first.

syncer audit revert takes a change back.`,
		Example: `  syncer audit --uuid abcdefghijklmnopqrstuv==
  syncer audit --by Steve --from 7d --field rank`,
		GroupID: groupAdministrate,
		Args:    exactly(),
		RunE:    func(command *cobra.Command, _ []string) error { return a.listAudit(command, list) },
	}
	a.addConfigFlags(command)
	a.addJSONFlag(command.PersistentFlags())
	list.register(command)
	command.AddCommand(newAuditRevertCommand(a))
	return command
}

// auditList is what the flags of a listing say.
type auditList struct {
	id, ip, field, by, server string
	from, to                  momentFlag
	limit                     int
}

func (l *auditList) register(command *cobra.Command) {
	flags := command.Flags()
	flags.StringVar(&l.id, "uuid", "", "only of this player, by `id` or name, and of bans of it")
	flags.StringVar(&l.ip, "ip", "", "only of bans that overlap this `address` or range")
	flags.StringVar(&l.field, "field", "", "only of this `field`, such as rank, flags, unmuteTime, lift, row")
	flags.StringVar(&l.by, "by", "", "only by this person or, where none was named, this database login")
	flags.StringVar(&l.server, "server", "", "only through this game server")
	flags.Var(&l.from, "from", "not before this `time`, such as 2030-01-31T18:00:00Z, or 7d for 7 days ago")
	flags.Var(&l.to, "to", "before this `time`")
	flags.IntVar(&l.limit, "limit", 100, "at most so many")
	fields := make([]string, len(syncer.AuditFields))
	for i, field := range syncer.AuditFields {
		fields[i] = string(field)
	}
	// the flag exists
	_ = command.RegisterFlagCompletionFunc("field", cobra.FixedCompletions(fields, cobra.ShellCompDirectiveNoFileComp))
}

// filter is what the flags ask for, of a player who may be nobody.
func (l *auditList) filter(
	ctx context.Context, u *useCases,
) (_ syncer.AuditFilter, whose syncer.IdentifiedTarget, err error) {
	f := syncer.AuditFilter{
		Field: syncer.AuditField(l.field), By: l.by, Server: l.server, Since: l.from.At(u.now), Until: l.to.At(u.now),
	}
	if whose, err = identifyFlag(ctx, u, "uuid", l.id); err != nil {
		return f, whose, err
	}
	f.ID = whose.Target.ID
	if l.ip != "" {
		if f.Prefix, err = syncer.ParsePrefix(l.ip); err != nil {
			return f, whose, err
		}
	}
	return f, whose, nil
}

func (a *app) listAudit(command *cobra.Command, list auditList) error {
	if list.limit < 1 {
		return usagef("--limit: must be at least 1")
	}
	return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
		filter, whose, err := list.filter(ctx, u)
		if err != nil {
			return err
		}
		entries, _, err := u.audit.List(ctx, filter, sidecar.Page{Size: min(list.limit, maxListed)})
		if err != nil {
			return err
		}
		if len(entries) == 0 {
			if err := a.orNotThere(wire.AuditEntriesOf(nil), knownPlayer(whose),
				knownServer(ctx, u.store, list.server)); err != nil {
				return err
			}
		}
		return a.print(wire.AuditEntriesOf(entries), func(w io.Writer) {
			if len(entries) == 0 {
				fmt.Fprintln(w, "no changes")
			}
			for _, e := range entries {
				writeAudit(w, e)
			}
		})
	})
}

func newAuditRevertCommand(a *app) *cobra.Command {
	var by, reason string
	command := &cobra.Command{
		Use:   "revert ID",
		Short: "Restore what was before a change",
		Long: `Restore what was before a change, as a change of its own that reaches every
server: a field gets its old value, a new ban is lifted, a lifted one stands
again, a deleted row comes back (a player without history, usids, balances and
visits; a ban without notes). Refused if the value is no longer the one that the
change left; what was changed and changed back counts as unchanged.`,
		Example: `  syncer audit revert 17`,
		Args:    exactly("ID"),
		RunE: func(command *cobra.Command, args []string) error {
			number, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil || number < 1 {
				return usagef("%q is not the number of a change; see: syncer audit", args[0])
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				entry, err := u.audit.Revert(ctx, number, by, reason)
				if err != nil {
					return err
				}
				return a.print(wire.AuditEntryOf(entry), func(w io.Writer) { writeAudit(w, entry) })
			})
		},
	}
	command.Flags().StringVar(&by, "by", thisUser(), "who takes it back")
	command.Flags().StringVar(&reason, "reason", "", "why; kept where a ban is lifted")
	return command
}

// writeAudit writes a change: in one line when and who, in others what.
func writeAudit(w io.Writer, e syncer.AuditEntry) {
	who := e.By
	if who == "" {
		who = "login " + e.Role
	}
	if e.Server != "" {
		who += " on " + e.Server
	}
	if e.Reverts != 0 {
		who += fmt.Sprintf(", reverting %d", e.Reverts)
	}
	sentence(w, "%d  %s  %s", e.Number, clock(e.At, ""), who)
	for _, line := range wrapped(clean(auditWhat(e)), auditWidth) {
		fmt.Fprintf(w, "    %s\n", line)
	}
}
