package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/store"
)

func newCountsCommand(a *app) *cobra.Command {
	command := group(&cobra.Command{
		Use:     "counts",
		Short:   "Export how many players there were",
		GroupID: groupAdministrate,
	})
	a.addConfigFlags(command)
	child := newCountsExportCommand(a)
	a.addJSONFlag(child.Flags())
	command.AddCommand(child)
	return command
}

// countFlags are the flags of the export.
type countFlags struct {
	from, to     momentFlag
	step, server string
	sum, csv     bool
}

func newCountsExportCommand(a *app) *cobra.Command {
	var flags countFlags
	command := &cobra.Command{
		Use:   "export",
		Short: "Print the samples of a range",
		Long: `Print the samples of a range, by default of the last day: of every four minutes
and server the most players, or for longer times where old samples were thinned.
With --step the most of each step, with --sum the sum of that over the servers.`,
		Example: `  syncer counts export --from 30d --sum --step 1h --csv > players.csv`,
		Args:    exactly(),
		RunE: func(command *cobra.Command, _ []string) error {
			if flags.csv && a.json {
				return usagef("give either --csv or --json")
			}
			return a.withStore(command, func(ctx context.Context, s *store.Store, now time.Time) error {
				r, err := flags.parse(now)
				if err != nil {
					return err
				}
				counts, err := exportCounts(ctx, s, r)
				if err != nil {
					return err
				}
				return a.printCounts(r, counts, flags.csv, knownServer(ctx, s, r.Server))
			})
		},
	}
	set := command.Flags()
	set.Var(&flags.from, "from", "not before this `time`, such as 2030-01-31T18:00:00Z, or 30d for 30 days ago; "+
		"default: a day before --to")
	set.Var(&flags.to, "to", "before this `time`; default: now")
	set.StringVar(&flags.server, "server", "", "only of this game server")
	set.StringVar(&flags.step, "step", "", "`length` of a step: a multiple of 4 minutes, up to a day, e.g. 1h")
	set.BoolVar(&flags.sum, "sum", false, "all servers together")
	set.BoolVar(&flags.csv, "csv", false, "print CSV")
	return command
}

// parse returns the range that the flags ask for.
func (f countFlags) parse(now time.Time) (r syncer.CountRange, err error) {
	r = syncer.CountRange{Server: f.server, Sum: f.sum}.Between(f.from.Moment, f.to.Moment, now)
	if f.step != "" {
		if r.Step, err = syncer.ParseDuration(f.step); err != nil {
			return r, usagef("--step: %s", err)
		}
	}
	return r.Normalize()
}

// exportPiece is how much is read at once: whole steps of any length.
const exportPiece = 7 * syncer.MaxCountStep

// exportCounts reads a range of any length piece by piece.
func exportCounts(ctx context.Context, s *store.Store, r syncer.CountRange) ([]syncer.PlayerCount, error) {
	all := []syncer.PlayerCount{}
	for piece := r; piece.From.Before(r.To); piece.From = piece.To {
		piece.To = syncer.FloorTo(piece.From.Add(exportPiece), max(r.Step, syncer.CountSlot))
		if piece.To.After(r.To) {
			piece.To = r.To
		}
		counts, err := s.PlayerCounts(ctx, piece, 1<<31-1)
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			slot, _ := c.Slot.Instant()
			if piece.From.After(r.From) && slot.Before(piece.From) {
				continue // reaches in from the piece before
			}
			all = append(all, c)
		}
	}
	return all, nil
}

// printCounts shows samples. If there are none, the reason ends the command, unless nil.
func (a *app) printCounts(r syncer.CountRange, counts []syncer.PlayerCount, csv bool, reason error) error {
	shown := wire.PlayerCountsOf(r, counts)
	switch {
	case csv:
		if _, err := a.out.Write(shown.AppendCSV(nil)); err != nil || len(counts) > 0 {
			return err
		}
		return reason
	case len(counts) == 0 && reason != nil:
		return a.nothing(shown.Counts, reason)
	default:
		return a.print(shown.Counts, func(w io.Writer) { countTable(w, counts, r.Sum) })
	}
}

func countTable(w io.Writer, counts []syncer.PlayerCount, sum bool) {
	if len(counts) == 0 {
		fmt.Fprintln(w, "nothing was reported then")
		return
	}
	header := []string{"SLOT", "MINUTES", "PLAYERS"}
	if !sum {
		header = append(header, "SERVER")
	}
	rows, players := make([][]string, len(counts)), make([]float64, len(counts))
	for i, c := range counts {
		players[i] = float64(c.Players)
		rows[i] = []string{clock(c.Slot, ""), decimal(c.Minutes), decimal(c.Players)}
		if !sum {
			rows[i] = append(rows[i], c.Server)
		}
	}
	if hasBars(w) {
		header, rows = withBars(header, rows, players)
	}
	table(w, header, rows)
}
