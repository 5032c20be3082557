package main

import (
	"cmp"
	"context"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

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

// find completes the filter and returns the bans. Of a player whom nobody is, and who was
// never banned either, it returns not_found.
func (f *banListFlags) find(ctx context.Context, u *useCases) ([]syncer.Ban, error) {
	f.filter.CreatedFrom, f.filter.CreatedTo = f.from.At(u.now), f.to.At(u.now)
	banned, err := identifyFlag(ctx, u, "uuid", f.id)
	if err != nil {
		return nil, err
	}
	met, err := identifyFlag(ctx, u, "player", f.player)
	if err != nil {
		return nil, err
	}
	f.filter.ID, f.filter.Meets = banned.Target.ID, met.Target.ID
	bans, _, err := u.bans.ListBans(ctx, f.filter, sidecar.Page{Size: min(f.limit, maxListed)})
	if err == nil && len(bans) == 0 {
		err = cmp.Or(knownPlayer(banned), knownPlayer(met))
	}
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
				if syncer.CodeOf(err) == syncer.CodeNotFound {
					return a.nothing([]wire.Ban{}, err)
				}
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
