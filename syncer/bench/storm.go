package bench

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"
)

// Storm measures how long it takes until all are in who join at once, on each of several
// servers, right after the sidecars have started again, beside one SELECT of each player over as
// many connections as the sidecars have. A join that fails ends the measurement.
func Storm(ctx context.Context, config Config, servers, players int) (Report, error) {
	return withScratch(ctx, config, 2*servers*perSidecar, func(made *scratch) (Report, error) {
		return storm(ctx, config, made, servers, players)
	})
}

func storm(ctx context.Context, config Config, made *scratch, servers, players int) (Report, error) {
	if err := addMore(ctx, made.ours, 1, servers*players); err != nil {
		return Report{}, err
	}
	settings, err := pgxpool.ParseConfig(made.ours)
	if err != nil {
		return Report{}, errors.New("parse scratch url: it is malformed")
	}
	settings.MaxConns = int32(servers * (perSidecar - 1)) //nolint:gosec // a few hundred
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return Report{}, fmt.Errorf("open rival's pool: %w", err)
	}
	defer pool.Close()
	var ours, theirs waves
	for began := time.Now(); len(ours.totals) == 0 || time.Since(began) < config.Duration; {
		config.Progress(min(0.9, 0.1+float64(time.Since(began))/float64(config.Duration)), "joining at once")
		if err := ours.joins(ctx, config, made, servers, players); err != nil {
			return Report{}, err
		}
		err := theirs.add(servers*players, func(i int) error {
			_, err := pool.Exec(ctx, `select * from player where uuid = $1`, grownID(i+1))
			return err
		})
		if err != nil {
			return Report{}, fmt.Errorf("read players: %w", err)
		}
	}
	return stormReport(servers*players, &ours, &theirs), nil
}

// waves are what happened at once, several times.
type waves struct {
	samples []time.Duration // of all
	p50s    []float64       // of each wave, in milliseconds
	p99s    []float64
	totals  []float64
}

// joins starts sidecars and lets everybody join.
func (w *waves) joins(ctx context.Context, config Config, made *scratch, servers, players int) (err error) {
	n, err := startNetwork(ctx, config, made.ours, servers)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	err = w.add(servers*players, func(i int) error { return n.join(ctx, i, grownID(i+1)) })
	if err != nil {
		return fmt.Errorf("join: %w", err)
	}
	return nil
}

// add does something many times at once.
func (w *waves) add(many int, do func(i int) error) error {
	samples := make([]time.Duration, many)
	var group errgroup.Group
	total, err := timed(func() error {
		for i := range many {
			group.Go(func() (err error) {
				samples[i], err = timed(func() error { return do(i) })
				return err
			})
		}
		return group.Wait()
	})
	w.samples = append(w.samples, samples...)
	figure := figureOf(samples)
	w.p50s, w.p99s = append(w.p50s, figure.P50), append(w.p99s, figure.P99)
	w.totals = append(w.totals, milliseconds(total))
	return err
}

func stormReport(many int, ours, theirs *waves) Report {
	const rival, figure = "one SELECT each", "storm"
	report := newReport("")
	for _, m := range []Measurement{
		{Figure: "p50", Ours: medianOf(ours.p50s), Theirs: medianOf(theirs.p50s)},
		{Figure: "p99", Ours: medianOf(ours.p99s), Theirs: medianOf(theirs.p99s), Goal: Goal{MaxOurs: 1000}},
		{Figure: "all", Ours: medianOf(ours.totals), Theirs: medianOf(theirs.totals)},
	} {
		m.Figure, m.Unit, m.Rival = fmt.Sprintf("%d joins at once, %s", many, m.Figure), "ms", rival
		report.add(m)
	}
	for line, w := range map[string]*waves{"joins": ours, rival: theirs} {
		report.Series = append(report.Series, Series{
			Figure: figure, Line: line, Of: "percent of them", Unit: "ms", Points: distribution(w.samples),
		})
	}
	return report
}
