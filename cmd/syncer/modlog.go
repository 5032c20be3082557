package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
	"playersync/syncer/store"
)

func newModLogCommand(a *app) *cobra.Command {
	var source, text string
	var from, to momentFlag
	var limit int
	command := &cobra.Command{
		Use:     "modlog",
		Short:   "Read the moderation log",
		Long:    `Read what game servers report of moderation, newest first.`,
		Example: `  syncer modlog --text Steve --from 7d`,
		GroupID: groupAdministrate,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkLimit(limit); err != nil {
				return err
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, now time.Time) error {
				filter := mindustry.ModLogFilter{Source: source, Text: text, Since: from.At(now), Until: to.At(now)}
				if err := filter.Validate(); err != nil {
					return err
				}
				entries, err := s.ModLog(ctx, filter, math.MaxInt64, limit)
				if err != nil {
					return err
				}
				return a.print(wire.ModEntriesOf(entries), func(w io.Writer) {
					if len(entries) == 0 {
						fmt.Fprintln(w, "no entry")
					}
					for _, e := range entries {
						writeRemark(w, fmt.Sprintf("%s %s: %s", clock(e.At, ""), e.Source, e.Message))
					}
				})
			})
		},
	}
	a.addConfigFlags(command)
	a.addJSONFlag(command.Flags())
	flags := command.Flags()
	flags.StringVar(&source, "source", "", "only what was reported from there: a game server, by address or name")
	flags.StringVar(&text, "text", "", "only entries that contain this text")
	flags.Var(&from, "from", "not before this `time`, such as 2030-01-31T18:00:00Z, or 7d for 7 days ago")
	flags.Var(&to, "to", "before this `time`")
	flags.IntVar(&limit, "limit", 100, "at most so many")
	return command
}
