package bench

import (
	"context"
	"crypto/md5" //nolint:gosec // as the database names its players
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"time"
)

// smallest is how many players and bans [Growth] begins with at most; it goes on by tens.
const smallest = 1000

// moreBans inserts bans with numbers from one to another, of ids and addresses in turn.
const moreBans = `
insert into ban (uuid, reason)
select encode(decode(md5(n::text), 'hex'), 'base64'), 'griefing' from generate_series(%[1]d, %[2]d, 2) as n;
insert into ban (ip, reason)
select '10.0.0.0'::inet + n, 'bots' from generate_series(%[1]d + 1, %[2]d, 2) as n;`

// Growth measures how start, join, ban check, search, lists and memory of a sidecar grow with
// the number of players and bans, from 1000 of each to most, by tens. The figure of each is the
// exponent: 0 is flat, 1 is proportional.
func Growth(ctx context.Context, config Config, most int) (Report, error) {
	return withScratch(ctx, config, 2*perSidecar, func(made *scratch) (Report, error) {
		return growth(ctx, config, made, most)
	})
}

// grows is a figure by the number of players and bans.
type grows struct {
	figure, unit string
	flat         bool // it must not grow
	measure      func(ctx context.Context, n *network, players int) (float64, error)
}

func growth(ctx context.Context, config Config, made *scratch, most int) (Report, error) {
	figures := grownFigures(config, made)
	points := make([][]Point, len(figures))
	for from, to := 1, min(smallest, max(most/10, 1)); from <= most; from, to = to+1, min(to*10, most) {
		config.Progress(float64(from)/float64(most), fmt.Sprintf("growing to %d players and bans", to))
		if err := addMore(ctx, made.ours, from, to); err != nil {
			return Report{}, err
		}
		if err := execute(ctx, made.ours, fmt.Sprintf(moreBans, from, to)); err != nil {
			return Report{}, fmt.Errorf("insert bans: %w", err)
		}
		if err := execute(ctx, made.ours, "vacuum analyze"); err != nil { // as autovacuum would soon
			return Report{}, fmt.Errorf("vacuum: %w", err)
		}
		sizes, err := measureGrown(ctx, config, made, to, figures)
		if err != nil {
			return Report{}, err
		}
		for i, size := range sizes {
			points[i] = append(points[i], Point{X: float64(to), Y: size})
		}
	}
	report := newReport("")
	for i, f := range figures {
		exponent := exponentOf(points[i])
		goal := Goal{}
		if f.flat {
			goal.MaxOurs = 0.1
		}
		report.add(Measurement{Figure: f.figure, Unit: "exponent", Ours: exponent, Goal: goal})
		report.Series = append(report.Series, Series{
			Figure: f.figure, Line: "ours", Of: "players and bans", Unit: f.unit, Points: points[i], Exponent: exponent,
		})
	}
	return report, nil
}

// measureGrown measures everything once, on a sidecar of its own.
func measureGrown(
	ctx context.Context, config Config, made *scratch, players int, figures []grows,
) (sizes []float64, err error) {
	heap() // what lies in pools takes two collections to go
	before := heap()
	n, err := startNetwork(ctx, config, made.ours, 1)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, n.close()) }()
	heap()
	sizes = append(sizes, max(heap()-before, 0))
	for _, f := range figures[1:] {
		size, err := f.measure(ctx, n, players)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.figure, err)
		}
		sizes = append(sizes, size)
	}
	return sizes, nil
}

// grownFigures are what is measured. The first is memory, before others leave something there.
func grownFigures(config Config, made *scratch) []grows {
	requests := func(do func(n *network, ctx context.Context, player int) error) func(
		context.Context, *network, int) (float64, error) {
		return func(ctx context.Context, n *network, players int) (float64, error) {
			return config.p50(func(i int) error { return do(n, ctx, i*7919%players+1) })
		}
	}
	get := func(path string) func(n *network, ctx context.Context, player int) error {
		return func(n *network, ctx context.Context, _ int) error { return n.ask(ctx, 0, http.MethodGet, path, "") }
	}
	return []grows{
		{"memory", "bytes", false, nil},
		{"start to ready", "ms", false, func(ctx context.Context, _ *network, _ int) (float64, error) {
			var another *served
			took, err := timed(func() (err error) {
				another, err = serve(ctx, config, made.ours, "another")
				return err
			})
			if err != nil {
				return 0, err
			}
			return milliseconds(took), another.stop()
		}},
		{"join", "ms", true, requests(func(n *network, ctx context.Context, player int) error {
			return n.join(ctx, 0, grownID(player))
		})},
		{"ban check", "ms", true, requests(func(n *network, ctx context.Context, player int) error {
			return n.ask(ctx, 0, http.MethodPost, "/v1/bans/check",
				fmt.Sprintf(`{"uuid": %q, "ip": "192.0.2.7"}`, grownID(player)))
		})},
		{"search by name", "ms", true, requests(func(n *network, ctx context.Context, player int) error {
			sum := md5.Sum([]byte(strconv.Itoa(player))) //nolint:gosec // as the database names its players
			return n.ask(ctx, 0, http.MethodGet, "/v1/players?name="+hex.EncodeToString(sum[:6]), "")
		})},
		{"list of players", "ms", true, requests(get("/v1/players?limit=50"))},
		{"list of bans", "ms", true, requests(get("/v1/bans?limit=50"))},
	}
}

// warming is how often something is done before it counts.
const warming = 5

// p50 returns the milliseconds that something takes, one after the other: the median.
func (c Config) p50(do func(i int) error) (float64, error) {
	for i := range warming {
		if err := do(i); err != nil {
			return 0, err
		}
	}
	var samples []time.Duration
	turn := turn{lasts: c.Duration / stepsOfKnee, operations: max(c.Operations, 1)}
	for i := range turn.operation(time.Now()) {
		took, err := timed(func() error { return do(i) })
		if err != nil {
			return 0, err
		}
		samples = append(samples, took)
	}
	return figureOf(samples).P50, nil
}
