package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/bench"
	"playersync/syncer/postgres"
)

// measure is one of the measurements of package bench.
type measure func(ctx context.Context, c bench.Config) (bench.Report, error)

// newMeasurementCommand returns a command that measures on a server of its own, made
// as said, or on the one given.
func newMeasurementCommand(a *app, name, short, what string, made postgres.Config, run measure) *cobra.Command {
	var server string
	var duration time.Duration
	command := &cobra.Command{
		Use:   name,
		Short: short,
		Long: short + ",\n" + what + `.

It runs on a PostgreSQL of its own. With --database-url it runs on that server,
in two databases that it makes and drops: the login needs CREATEDB, and
CREATEROLE where playersync was never installed; the roles stay.`,
		Example: "  syncer bench " + name,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			return a.withScratchServer(command.Context(), server, made, func(url string) error {
				return a.measure(command.Context(), bench.Config{URL: url, Duration: duration}, run)
			})
		},
	}
	command.Flags().StringVar(&server, "database-url", "",
		"`URL` of any database of the server to use (default: a throw-away server)")
	a.addMeasurementFlags(command, &duration)
	return command
}

func newBenchStartCommand(a *app) *cobra.Command {
	var bans int
	command := newMeasurementCommand(a, "start", "Time the start of a sidecar until it is ready",
		"with many bans in the database, beside a COPY of the same rows", postgres.Config{},
		func(ctx context.Context, c bench.Config) (bench.Report, error) { return bench.Start(ctx, c, bans) })
	measured := command.RunE
	command.RunE = func(command *cobra.Command, args []string) error {
		if bans < 10 {
			return usagef("--bans must be at least 10")
		}
		return measured(command, args)
	}
	command.Flags().IntVar(&bans, "bans", 1_000_000, "open bans in the database")
	return command
}

func newBenchBansCommand(a *app) *cobra.Command {
	var duration time.Duration
	var bans int
	command := &cobra.Command{
		Use:   "bans",
		Short: "Time the check on connect among millions of bans",
		Long: `Time the check on connect among bans in memory, of ids, addresses and ranges
as 10 : 10 : 1, and measure what one takes there. It needs no database.`,
		Example: "  syncer bench bans",
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if bans < 21 {
				return usagef("--bans must be at least 21")
			}
			return a.measure(command.Context(), bench.Config{Duration: duration},
				func(ctx context.Context, c bench.Config) (bench.Report, error) {
					return bench.Bans(ctx, c, bans)
				})
		},
	}
	command.Flags().IntVar(&bans, "bans", 2_100_000, "bans in memory")
	a.addMeasurementFlags(command, &duration)
	return command
}

func (a *app) addMeasurementFlags(command *cobra.Command, duration *time.Duration) {
	a.addJSONFlag(command.Flags())
	*duration = 10 * time.Second
	command.Flags().Var((*durationFlag)(duration), "duration", "how long to take samples")
}

// measure runs a measurement and prints its report.
func (a *app) measure(ctx context.Context, c bench.Config, run measure) error {
	if c.Duration <= 0 {
		return usagef("--duration must be above zero")
	}
	var done func()
	c.Progress, done = a.progress()
	c.Log = a.logger(config.Log{Level: slog.LevelWarn, Format: config.FormatText})
	report, err := run(ctx, c)
	done()
	if err != nil {
		return err
	}
	return a.print(report, func(w io.Writer) { writeMeasurements(w, report) })
}

func writeMeasurements(w io.Writer, report bench.Report) {
	if report.Server != "" {
		fmt.Fprintf(w, "PostgreSQL %s, ", report.Server)
	}
	fmt.Fprintf(w, "%d CPUs. Medians of rounds in turn.\n\n", report.CPUs)
	var rows [][]string
	for _, m := range report.Measurements {
		row := []string{m.Figure, amount(m.Ours, m.Unit), "", "", "", target(m)}
		if m.Rival != "" {
			row[2], row[3], row[4] = m.Rival, amount(m.Theirs, m.Unit), times(m.Ratio)
		}
		rows = append(rows, row)
	}
	table(w, []string{"FIGURE", "OURS", "BESIDE", "THEIRS", "RATIO", "TARGET"}, rows)
}

// amount shows a figure in three digits or more.
func amount(figure float64, unit string) string {
	digits := 0
	for bound := 100.0; digits < 2 && figure < bound && figure != float64(int64(figure)); bound /= 10 {
		digits++
	}
	text := strconv.FormatFloat(figure, 'f', digits, 64)
	if unit == "" {
		return text
	}
	return text + " " + unit
}

// target says what was aimed at and whether it was reached.
func target(m bench.Measurement) string {
	var aim string
	switch {
	case m.Goal.IsZero():
		return ""
	case m.Goal.MaxOurs > 0:
		aim = "≤ " + amount(m.Goal.MaxOurs, m.Unit)
	case m.Goal.MaxRatio > 0:
		aim = fmt.Sprintf("≤ %g ×", m.Goal.MaxRatio)
	default:
		aim = fmt.Sprintf("≥ %g ×", m.Goal.MinRatio)
	}
	if !m.Reached() {
		return aim + ": missed"
	}
	return aim + ": reached"
}
