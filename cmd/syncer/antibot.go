package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
	"playersync/syncer/store"
)

func newAntibotCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "antibot",
		Short: "See and set the patterns by which servers know bots",
		Long: `Game servers keep out players whose whole name matches the blacklist pattern and
watch those who match the graylist pattern. Both are regular expressions of
Java; they change on every server within seconds.

A pattern has at most 1000 characters and consists of
  characters           as they are; \.[](){}|*+?^$ need a \ before them
  \d \D \w \W \s \S .  and \uXXXX, \p{L} \p{Lu} \p{IsCyrillic} and the like
  [abc] [^a-z]         sets, in which [ ] \ ^ & - need a \ before them
  ^ $ \b \B            places
  ( ) (?: ) |          groups, and look-aheads (?= ) (?! )
  * + ? {n} {n,m}      how often; ? or + may follow
and may begin with (?i) or (?iu) for names in any case. Everything else is
refused: a pattern that Java refuses would make every server fail.

A name must not take long to compare with: the ways in which a pattern may match,
64 for * + {n,}, m-n+1 for {n,m}, 2 for ? and 1 for each side of a |, multiplied,
are at most 1048576. What is repeated, other than by ?, holds none of these.`,
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	for _, child := range []*cobra.Command{
		newAntibotGetCommand(a), newAntibotSetCommand(a), newAntibotClearCommand(a),
	} {
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	return command
}

func newAntibotGetCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "get",
		Short: "Show the patterns that are set",
		Args:  exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				patterns, err := s.AntibotPatterns(ctx)
				if err != nil {
					return err
				}
				shown, rows := make([]wire.NamePattern, len(patterns)), make([][]string, len(patterns))
				for i, p := range patterns {
					shown[i] = wire.NamePatternOf(p)
					rows[i] = []string{string(p.Kind), p.Pattern, clock(p.SetAt, ""), p.SetBy}
				}
				return a.print(shown, func(w io.Writer) {
					if len(rows) == 0 {
						fmt.Fprintln(w, "no pattern is set")
						return
					}
					table(w, []string{"KIND", "PATTERN", "SET", "BY"}, rows)
				})
			})
		},
	}
}

func newAntibotSetCommand(a *app) *cobra.Command {
	var by string
	command := &cobra.Command{
		Use:     "set blacklist|graylist PATTERN",
		Short:   "Set a pattern",
		Example: `  syncer antibot set blacklist '(?i)bot[\-_ ]?\d+'`,
		Args:    exactly("KIND", "PATTERN"),
		RunE: func(command *cobra.Command, args []string) error {
			kind, err := mindustry.ParsePatternKind(args[0])
			if err != nil {
				return err
			}
			if err := mindustry.CheckNamePattern(args[1]); err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				set, err := u.patterns.SetPattern(ctx, kind, args[1], by)
				if err != nil {
					return err
				}
				return a.print(wire.NamePatternOf(set), func(w io.Writer) {
					fmt.Fprintf(w, "%s is %s\n", kind, clean(args[1]))
				})
			})
		},
		ValidArgsFunction: completeKinds,
	}
	command.Flags().StringVar(&by, "by", thisUser(), "who sets it")
	return command
}

func newAntibotClearCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "clear blacklist|graylist",
		Short: "Remove a pattern",
		Args:  exactly("KIND"),
		RunE: func(command *cobra.Command, args []string) error {
			kind, err := mindustry.ParsePatternKind(args[0])
			if err != nil {
				return err
			}
			return a.withUseCases(command, func(ctx context.Context, u *useCases) error {
				if err := u.patterns.ClearPattern(ctx, kind); err != nil {
					return err
				}
				return a.print(wire.NamePattern{Kind: kind}, func(w io.Writer) {
					fmt.Fprintf(w, "%s is cleared\n", kind)
				})
			})
		},
		ValidArgsFunction: completeKinds,
	}
}

// completeKinds offers the kinds of patterns.
func completeKinds(_ *cobra.Command, args []string, _ string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	kinds := []string{string(mindustry.PatternBlacklist), string(mindustry.PatternGraylist)}
	return kinds, cobra.ShellCompDirectiveNoFileComp
}
