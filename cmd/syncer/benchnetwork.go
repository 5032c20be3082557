package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer/bench"
	"playersync/syncer/postgres"
)

// number is a flag of a measurement that counts something.
type number struct {
	name, usage string
	value, low  int
}

// newNetworkCommand returns a measurement command with numbers of its own. Connections says how
// many the server needs for them.
func newNetworkCommand(
	a *app, name, short, what string, made postgres.Config, numbers []*number,
	connections func() int, run func(ctx context.Context, c bench.Config) (bench.Report, error),
) *cobra.Command {
	made.Settings = map[string]string{}
	command := newMeasurementCommand(a, name, short, what, made, run)
	for _, n := range numbers {
		command.Flags().IntVar(&n.value, n.name, n.value, n.usage)
	}
	measured := command.RunE
	command.RunE = func(command *cobra.Command, args []string) error {
		for _, n := range numbers {
			if n.value < n.low {
				return usagef("--%s must be at least %d", n.name, n.low)
			}
		}
		made.Settings["max_connections"] = strconv.Itoa(max(connections()+30, 100))
		return measured(command, args)
	}
	return command
}

// connectionsOf is how many connections sidecars and a rival of the same size may have.
func connectionsOf(sidecars int) int { return 2 * 9 * sidecars }

func newBenchStormCommand(a *app) *cobra.Command {
	servers := &number{"servers", "game servers, each with a sidecar", 8, 1}
	players := &number{"players", "players who join each of them", 200, 1}
	return newNetworkCommand(a, "storm", "Time joins of everybody at once after a restart",
		"on each of several servers, beside one SELECT of each player", postgres.Config{},
		[]*number{servers, players}, func() int { return connectionsOf(servers.value) },
		func(ctx context.Context, c bench.Config) (bench.Report, error) {
			return bench.Storm(ctx, c, servers.value, players.value)
		})
}

func newBenchMixedCommand(a *app) *cobra.Command {
	sidecars := &number{"sidecars", "sidecars of the network", 8, 1}
	players := &number{"players", "players of the network", 2000, 1}
	command := newNetworkCommand(a, "mixed", "Find how many operations of an ordinary hour a second carries",
		"before one in a hundred takes more than 50 ms: joins, leaves, ranks, purchases,\nbans and player counts, "+
			"with one sidecar and with several, beside transactions\nlike those of TPC-B. Each commit waits "+
			"for the disk",
		postgres.Config{Durable: true}, []*number{sidecars, players},
		func() int { return connectionsOf(sidecars.value) },
		func(ctx context.Context, c bench.Config) (bench.Report, error) {
			return bench.Mixed(ctx, c, bench.MixedConfig{
				Sidecars: sidecars.value, Players: players.value, Accounts: 100_000,
			})
		})
	return withDuration(command, time.Minute)
}

func newBenchGrowthCommand(a *app) *cobra.Command {
	most := &number{"most", "players, and as many bans, to grow to", 1_000_000, 2}
	return newNetworkCommand(a, "growth", "Show how time and memory grow with players and bans",
		"from a thousand of each: start, join, ban check, search, lists. An exponent of 0\nis flat, 1 is proportional",
		postgres.Config{}, []*number{most}, func() int { return connectionsOf(2) },
		func(ctx context.Context, c bench.Config) (bench.Report, error) {
			return bench.Growth(ctx, c, most.value)
		})
}

func newBenchIdleCommand(a *app) *cobra.Command {
	sidecars := &number{"sidecars", "sidecars of the network", 100, 1}
	command := newNetworkCommand(a, "idle", "Count what a network costs the database while nobody plays",
		"in transactions, sessions and, under Linux, processor time: with one sidecar, a\ntenth of them, and all",
		postgres.Config{}, []*number{sidecars}, func() int { return connectionsOf(sidecars.value) },
		func(ctx context.Context, c bench.Config) (bench.Report, error) {
			return bench.Idle(ctx, c, sidecars.value)
		})
	return withDuration(command, time.Minute)
}

// withDuration sets the default of --duration.
func withDuration(command *cobra.Command, duration time.Duration) *cobra.Command {
	flag := command.Flags().Lookup("duration")
	_ = flag.Value.Set(duration.String()) // it is one
	flag.DefValue = flag.Value.String()
	return command
}

func newBenchPlotCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "plot FILE",
		Short: "Draw a report as SVG",
		Long: `Draw a report that bench storm, mixed, growth or idle printed with --json, as SVG
on the standard output.`,
		Example: `  syncer bench growth --json > growth.json
  syncer bench plot growth.json > growth.svg`,
		Args: exactly("FILE"),
		RunE: func(_ *cobra.Command, args []string) error {
			text, err := os.ReadFile(args[0])
			if err != nil {
				return err
			}
			var report bench.Report
			if err := json.Unmarshal(text, &report); err != nil {
				return fmt.Errorf("read %s: %w", args[0], err)
			}
			if len(report.Series) == 0 {
				return usagef("%s: there is nothing to draw in it", args[0])
			}
			return bench.WritePlot(a.out, report)
		},
	}
}
