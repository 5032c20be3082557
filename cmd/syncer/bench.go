package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"

	"playersync/cmd/syncer/internal/config"
	"playersync/syncer/bench"
	"playersync/syncer/fanout"
	"playersync/syncer/postgres"
)

func newBenchCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:   "bench",
		Short: "Measure this program beside what it cannot be faster than",
		Long: `Each figure is printed beside a floor or a rival measured in the same run, as a
ratio: figures alone say more about the machine than about the program.`,
		GroupID: groupOperate,
	})
	command.AddCommand(
		newBenchPropagationCommand(a),
		newMeasurementCommand(a, "reads", "Time reads of a player in memory, in the process and over HTTP",
			"beside a Go map under a lock, and beside an empty HTTP handler that writes the same bytes",
			postgres.Config{}, bench.Reads),
		newMeasurementCommand(a, "saves", "Count the saves of leaving players that are stored in a second",
			"64 at a time, beside one upsert per request and beside a plain UPDATE of as many\nrows at a time. Each "+
				"commit waits for the disk", postgres.Config{Durable: true}, bench.Saves),
		newMeasurementCommand(a, "changes", "Count the important changes that 64 clients commit in a second",
			"while eight sidecars follow, beside one statement for each on a table without\ntriggers; and time one "+
				"that comes alone. Each commit waits for the disk",
			postgres.Config{Durable: true}, bench.Changes),
		newBenchStartCommand(a),
		newBenchBansCommand(a),
		newBenchStormCommand(a),
		newBenchMixedCommand(a),
		newBenchGrowthCommand(a),
		newBenchIdleCommand(a),
		newBenchPlotCommand(a),
	)
	return command
}

func newBenchPropagationCommand(a *app) *cobra.Command {
	var measured bench.PropagationConfig
	var server string
	var fanouts []string
	command := &cobra.Command{
		Use:   "propagation",
		Short: "Time a change from its start until the last of N servers has it",
		Long: `Time an important change from its start until it is applied in the last of N
sidecars, beside the bare floor (the same statement on the same table with a
trigger that only notifies, until the last of N bare listeners has received it)
and beside polling once a second. The samples are taken in turn.

With --fanout listen,nats it is measured too how changes travel over NATS, beside
the same by LISTEN. --nats-url names a server for that; one that is thrown away
afterwards is started by: go run github.com/nats-io/nats-server/v2@latest

It runs on a PostgreSQL of its own. With --database-url it runs on that server,
in two databases that it makes and drops: the login needs CREATEDB, and
CREATEROLE where playersync was never installed; the roles stay.`,
		Example: `  syncer bench propagation
  syncer bench propagation --sidecars 8 --duration 1m --json
  syncer bench propagation --fanout listen,nats --nats-url nats://127.0.0.1`,
		Args: exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if err := checkPropagation(measured, fanouts); err != nil {
				return err
			}
			measured.Fanouts = nil
			for _, name := range fanouts {
				measured.Fanouts = append(measured.Fanouts, bench.Fanout(name))
			}
			connections := max(bench.PropagationConnections(measured.Sidecars)+10, 300)
			made := postgres.Config{Settings: map[string]string{"max_connections": strconv.Itoa(connections)}}
			return a.withScratchServer(command.Context(), server, made, func(url string) error {
				measured.URL = url
				return a.benchPropagation(command.Context(), measured)
			})
		},
	}
	flags := command.Flags()
	a.addJSONFlag(flags)
	flags.StringVar(&server, "database-url", "",
		"`URL` of any database of the server to use (default: a throw-away server)")
	flags.IntSliceVar(&measured.Sidecars, "sidecars", []int{1, 8, 64}, "`numbers` of sidecars to measure with")
	flags.StringSliceVar(&fanouts, "fanout", []string{string(bench.FanoutListen)},
		"`ways` of notifications to measure: listen, nats")
	flags.StringVar(&measured.NATS, "nats-url", "", "`URL` of a NATS server, for --fanout nats")
	flags.IntVar(&measured.Rounds, "rounds", 2000, "most samples of each kind, for each number of sidecars")
	measured.Duration = time.Minute
	flags.Var((*durationFlag)(&measured.Duration), "duration",
		"longest time to take samples, for each number of sidecars")
	flags.IntVar(&measured.Polls, "polls", 10, "samples of polling, a second or two each, for each number of sidecars")
	measured.PollInterval = time.Second
	return command
}

// errFoundByPoll says that the promise of the feed was broken.
var errFoundByPoll = errors.New("changes were found by a poll only: notifications were lost")

// checkPropagation refuses what cannot be measured.
func checkPropagation(measured bench.PropagationConfig, fanouts []string) error {
	for _, count := range measured.Sidecars {
		if count < 1 {
			return usagef("--sidecars: %d is not a number of sidecars", count)
		}
	}
	if measured.Rounds < 1 || measured.Duration <= 0 || measured.Polls < 0 {
		return usagef("--rounds and --duration must be above zero, --polls not below")
	}
	for _, name := range fanouts {
		switch bench.Fanout(name) {
		case bench.FanoutListen:
		case bench.FanoutNATS:
			if err := fanout.CheckURL(measured.NATS); err != nil {
				return usagef("--fanout nats needs --nats-url: it %v", err)
			}
		default:
			return usagef("--fanout: %q is neither listen nor nats", name)
		}
	}
	return nil
}

func (a *app) benchPropagation(ctx context.Context, measured bench.PropagationConfig) error {
	var done func()
	measured.Progress, done = a.progress()
	measured.Log = a.logger(config.Log{Level: slog.LevelWarn, Format: config.FormatText})
	report, err := bench.Propagation(ctx, measured)
	done()
	if err != nil {
		return err
	}
	printed := a.print(report, func(w io.Writer) { writePropagation(w, report) })
	if report.FoundByPoll > 0 {
		return errors.Join(errFoundByPoll, printed)
	}
	return printed
}

// withScratchServer calls use with the URL given, or, without one, with that of a
// server that lasts as long as the call. The configured database is not used: what
// serves people is not to be measured by accident.
func (a *app) withScratchServer(
	ctx context.Context, url string, made postgres.Config, use func(url string) error,
) (err error) {
	if url != "" {
		return use(url)
	}
	fmt.Fprintln(a.errs, "starting a throw-away PostgreSQL")
	server, err := postgres.Start(ctx, made)
	if err != nil {
		return fmt.Errorf("start throw-away PostgreSQL: %w", err)
	}
	defer func() {
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), commandTimeout)
		defer cancel()
		err = errors.Join(err, server.Stop(stopping))
	}()
	return use(server.URL())
}

// progress shows on the error output how far something is: as a bar on a terminal,
// else as a line for each step.
func (a *app) progress() (show func(share float64, what string), done func()) {
	if !isTerminal(a.errs) {
		last := ""
		return func(_ float64, what string) {
			if what != last {
				fmt.Fprintln(a.errs, what)
				last = what
			}
		}, func() {}
	}
	const steps = 1000
	bar := progressbar.NewOptions(steps,
		progressbar.OptionSetWriter(a.errs), progressbar.OptionSetWidth(30),
		progressbar.OptionThrottle(200*time.Millisecond),
		progressbar.OptionClearOnFinish(), progressbar.OptionSetPredictTime(false))
	return func(share float64, what string) {
		bar.Describe(what)
		_ = bar.Set(int(share * steps)) // nobody may be looking
	}, func() { _ = bar.Finish() }
}

func writePropagation(w io.Writer, report bench.PropagationReport) {
	fmt.Fprintf(w, "PostgreSQL %s, %d CPUs. Start of a change → applied in the last of N sidecars, milliseconds;\n"+
		"WRITER: → answered, P50.\n\n",
		report.Server, report.CPUs)
	var rows [][]string
	for _, c := range report.Comparisons {
		row := []string{
			fmt.Sprint(c.Sidecars), string(c.Fanout), c.Subject, fmt.Sprint(c.Ours.Samples), span(c.Writer.P50),
			span(c.Ours.P50), span(c.Ours.P99), "", "", "", "", "", "",
		}
		if c.Rival != "" {
			beside := []string{
				c.Rival, span(c.Theirs.P50), span(c.Theirs.P99), times(c.Ratio.P50), times(c.Ratio.P99), goal(c),
			}
			copy(row[len(row)-len(beside):], beside)
		}
		rows = append(rows, row)
	}
	table(w, []string{
		"N", "BY", "CHANGE", "SAMPLES", "WRITER", "P50", "P99", "BESIDE", "P50", "P99", "RATIO P50", "P99", "TARGET",
	}, rows)
	fmt.Fprintf(w, "\nchanges found by a poll only: %d\n", report.FoundByPoll)
}

// span shows milliseconds in three digits or more.
func span(milliseconds float64) string {
	if milliseconds >= 100 {
		return fmt.Sprintf("%.0f", milliseconds)
	}
	return fmt.Sprintf("%.3f", milliseconds)
}

func times(ratio float64) string {
	if ratio >= 100 {
		return fmt.Sprintf("%.0f ×", ratio)
	}
	return fmt.Sprintf("%.2f ×", ratio)
}

// goal says what was aimed at and whether it was reached.
func goal(c bench.Comparison) string {
	var aim string
	switch t := c.Target; {
	case t.IsZero():
		return ""
	case t.MinP50 > 0:
		aim = fmt.Sprintf("≥ %g ×", t.MinP50)
	default:
		aim = fmt.Sprintf("≤ %g × / ≤ %g ×", t.MaxP50, t.MaxP99)
	}
	if !c.Reached() {
		return aim + ": missed"
	}
	return aim + ": reached"
}
