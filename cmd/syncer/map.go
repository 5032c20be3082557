package main

import (
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/store"
)

func newMapCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "map",
		Short: "See which maps run, ran, and how they went",
		Long: `Shows the runs in progress, the finished ones, and statistics of maps over all
servers.

A run is won, lost, or voted away: an early RTV (before 3 minutes of play, in
pvp 20) is not significant, a late one counts as lost but in pvp.`,
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	for _, child := range []*cobra.Command{newMapStatsCommand(a), newMapRunsCommand(a), newMapCurrentCommand(a)} {
		a.addJSONFlag(child.Flags())
		command.AddCommand(child)
	}
	return command
}

func newMapStatsCommand(a *app) *cobra.Command {
	var filter syncer.MapStatsFilter
	command := &cobra.Command{
		Use:   "stats [MAP]",
		Short: "Show statistics of a map, or of all",
		Example: `  syncer map stats
  syncer map stats Frozen_Forest.msav --gamemode survival`,
		Args: atMost("MAP"),
		RunE: func(command *cobra.Command, args []string) error {
			if len(args) > 0 {
				filter.Map = args[0]
				if err := syncer.CheckMap("MAP", filter.Map); err != nil {
					return err
				}
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				stats, err := allMapStats(ctx, s, filter)
				if err != nil {
					return err
				}
				if filter.Map != "" && len(stats) == 0 {
					return noRuns(ctx, s, filter.Map)
				}
				return a.print(wire.MapStatsPageOf(stats, "").Stats, func(w io.Writer) {
					mapStatsText(w, stats, filter.Map != "")
				})
			})
		},
	}
	command.Flags().StringVar(&filter.Gamemode, "gamemode", "", "only in this `gamemode`")
	return command
}

// noRuns says that there are no statistics of a map, and of which maps with such a name
// there are.
func noRuns(ctx context.Context, s *store.Store, name string) error {
	all, err := allMapStats(ctx, s, syncer.MapStatsFilter{})
	if err != nil {
		return err
	}
	var near []string
	for _, stats := range all {
		if strings.Contains(strings.ToLower(stats.Map), strings.ToLower(name)) && !slices.Contains(near, stats.Map) {
			near = append(near, stats.Map)
		}
	}
	if len(near) == 0 {
		return syncer.NotFound("no run of %s had players; give the map's file, as syncer map stats lists it", name)
	}
	return syncer.NotFound("no run of %s had players; did you mean %s?", name,
		strings.Join(near[:min(5, len(near))], ", "))
}

// statsPage is how many statistics are read at a time.
const statsPage = 100

// allMapStats reads all pages; never nil.
func allMapStats(ctx context.Context, s *store.Store, filter syncer.MapStatsFilter) ([]syncer.MapStats, error) {
	all := []syncer.MapStats{}
	for after := ""; ; {
		page, next, err := s.MapStats(ctx, filter, statsPage, after)
		if err != nil {
			return nil, err
		}
		if all = append(all, page...); next == "" {
			return all, nil
		}
		after = next
	}
}

func newMapRunsCommand(a *app) *cobra.Command {
	var filter syncer.MapRunFilter
	var limit int
	command := &cobra.Command{
		Use:     "runs",
		Short:   "List finished runs, newest first",
		Example: `  syncer map runs --map Frozen_Forest.msav --limit 10`,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if limit < 1 {
				return usagef("--limit: must be at least 1")
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, _ time.Time) error {
				runs, err := s.ListMapRuns(ctx, filter, math.MaxInt64, min(limit, math.MaxInt32))
				if err != nil {
					return err
				}
				if len(runs) == 0 {
					if err := a.orNotThere(wire.MapRunsPageOf(nil, "").Runs, playedMap(ctx, s, filter.Map),
						knownServer(ctx, s, filter.Server)); err != nil {
						return err
					}
				}
				rows := make([][]string, len(runs))
				for i, r := range runs {
					rows[i] = []string{
						clock(r.EndedAt, ""), r.Server, r.Map, string(r.Outcome()), playTime(r.Played),
						strconv.Itoa(r.MaxPlayers), wave(r.Wave),
					}
				}
				return a.print(wire.MapRunsPageOf(runs, "").Runs, func(w io.Writer) {
					if len(rows) == 0 {
						fmt.Fprintln(w, "no runs")
						return
					}
					table(w, []string{"ENDED", "SERVER", "MAP", "OUTCOME", "PLAYED", "MOST", "WAVE"}, rows)
				})
			})
		},
	}
	flags := command.Flags()
	flags.StringVar(&filter.Map, "map", "", "only of this `map`")
	flags.StringVar(&filter.Gamemode, "gamemode", "", "only in this `gamemode`")
	flags.StringVar(&filter.Server, "server", "", "only on this `server`")
	flags.IntVar(&limit, "limit", 50, "at most so many")
	return command
}

func newMapCurrentCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "current",
		Short: "Show the runs in progress",
		Args:  exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withStore(command, func(ctx context.Context, s *store.Store, now time.Time) error {
				runs, err := s.CurrentMapRuns(ctx)
				if err != nil {
					return err
				}
				shown, rows := make([]wire.CurrentMapRun, len(runs)), make([][]string, len(runs))
				for i, r := range runs {
					shown[i] = *wire.CurrentRunOf(&r).Run
					reported, _ := r.ReportedAt.Instant()
					rows[i] = []string{
						r.Server, r.Map, playTime(r.Played), strconv.Itoa(r.Players), strconv.Itoa(r.MaxPlayers),
						wave(r.Wave),
						remaining(max(0, now.Sub(reported))) + " ago",
					}
				}
				return a.print(shown, func(w io.Writer) {
					if len(rows) == 0 {
						fmt.Fprintln(w, "no run is in progress")
						return
					}
					table(w, []string{"SERVER", "MAP", "PLAYED", "PLAYERS", "MOST", "WAVE", "REPORTED"}, rows)
				})
			})
		},
	}
}
