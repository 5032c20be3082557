package bench

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

// Idle measures what sidecars cost a database while nobody plays: transactions in a second,
// the processor time of their sessions, and how many these are; with one sidecar, with a tenth
// of them, and with all. Processor time is known where the server runs on this machine, under
// Linux.
func Idle(ctx context.Context, config Config, sidecars int) (Report, error) {
	return withScratch(ctx, config, sidecars*perSidecar, func(made *scratch) (Report, error) {
		return idle(ctx, config, made, sidecars)
	})
}

func idle(ctx context.Context, config Config, made *scratch, sidecars int) (Report, error) {
	counts := slices.Compact([]int{1, max(sidecars/10, 1), sidecars})
	report := newReport("")
	lines := []*Series{
		{Figure: "transactions", Unit: "/s"},
		{Figure: "sessions", Unit: ""},
		{Figure: "processor time of the database", Unit: "ms/s"},
	}
	for i, count := range counts {
		config.Progress(float64(i)/float64(len(counts)), fmt.Sprintf("watching %d idle sidecars", count))
		cost, err := costOfIdle(ctx, config, made, count)
		if err != nil {
			return Report{}, err
		}
		for i, figure := range cost {
			lines[i].Points = append(lines[i].Points, Point{X: float64(count), Y: figure})
		}
	}
	for _, line := range lines {
		if len(line.Points) == 0 {
			continue
		}
		last := line.Points[len(line.Points)-1]
		report.add(Measurement{
			Figure: fmt.Sprintf("%s, %d idle sidecars", line.Figure, sidecars), Unit: line.Unit, Ours: last.Y,
		})
		line.Line, line.Of, line.Exponent = "ours", "sidecars", exponentOf(line.Points)
		report.Series = append(report.Series, *line)
	}
	return report, nil
}

// costOfIdle returns transactions in a second, sessions and, where it is known, milliseconds of
// processor time in a second.
func costOfIdle(ctx context.Context, config Config, made *scratch, sidecars int) (cost []float64, err error) {
	n, err := startNetwork(ctx, config, made.ours, sidecars)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	conn, err := pgx.Connect(ctx, made.server) // not to the same database: it would count
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(ctx)) }()
	before, err := spentBy(ctx, conn, made.ours)
	if err != nil {
		return nil, err
	}
	took, _ := timed(func() error { rest(ctx, config.Duration); return nil })
	after, err := spentBy(ctx, conn, made.ours)
	if err != nil {
		return nil, err
	}
	cost = []float64{float64(after.transactions-before.transactions) / took.Seconds(), float64(len(after.processor))}
	var processor time.Duration
	for pid, now := range after.processor {
		processor += now - before.processor[pid]
	}
	if before.known && after.known {
		cost = append(cost, milliseconds(processor)/took.Seconds())
	}
	return cost, ctx.Err()
}

// spent is what a database has done since it was made.
type spent struct {
	transactions int64
	processor    map[int]time.Duration // by the process of each session
	known        bool                  // processor time
}

func spentBy(ctx context.Context, conn *pgx.Conn, database string) (s spent, err error) {
	parsed, err := url.Parse(database)
	if err != nil {
		return s, errors.New("parse scratch url: it is malformed")
	}
	name := strings.TrimPrefix(parsed.Path, "/")
	const asked = `select xact_commit + xact_rollback from pg_stat_database where datname = $1`
	if err := conn.QueryRow(ctx, asked, name).Scan(&s.transactions); err != nil {
		return s, fmt.Errorf("count transactions: %w", err)
	}
	rows, err := conn.Query(ctx, `select pid from pg_stat_activity where datname = $1`, name)
	if err != nil {
		return s, fmt.Errorf("list sessions: %w", err)
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	s.processor, s.known = map[int]time.Duration{}, true
	for _, pid := range pids {
		used, known := processorTime(pid)
		s.processor[pid], s.known = used, s.known && known
	}
	return s, err
}

// processorTime returns how long a process has run on a processor, where Linux says so.
func processorTime(pid int) (used time.Duration, known bool) {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/schedstat")
	if err != nil {
		return 0, false
	}
	first, _, _ := strings.Cut(string(text), " ")
	nanoseconds, err := strconv.ParseInt(first, 10, 64)
	return time.Duration(nanoseconds), err == nil
}
