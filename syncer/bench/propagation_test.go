package bench_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/bench"
	"playersync/syncer/fanout/natstest"
	"playersync/syncer/postgres"
	"playersync/syncer/postgres/pgtest"
)

func config(url string) bench.PropagationConfig {
	return bench.PropagationConfig{
		URL: url, Sidecars: []int{1, 3}, Rounds: 4, Duration: time.Minute, Polls: 2,
		PollInterval: 20 * time.Millisecond,
		Progress:     func(float64, string) {}, Log: slog.New(slog.DiscardHandler),
	}
}

// wantNoScratch fails the test if the server has databases left.
func wantNoScratch(t *testing.T, url string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var left int
	const sql = `select count(*) from pg_database where datname like 'playersync\_b%'`
	if err := conn.QueryRow(t.Context(), sql).Scan(&left); err != nil {
		t.Fatal(err)
	}
	if left != 0 {
		t.Errorf("%d scratch databases are left", left)
	}
}

func TestPropagation(t *testing.T) {
	t.Parallel()
	url := pgtest.Server(t, "").URL()
	c := config(url)
	shares := []float64{}
	c.Progress = func(share float64, _ string) { shares = append(shares, share) }
	report, err := bench.Propagation(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if report.FoundByPoll != 0 {
		t.Errorf("%d changes were found by a poll only", report.FoundByPoll)
	}
	if report.Server == "" || report.CPUs < 1 {
		t.Errorf("report is of %q, %d CPUs", report.Server, report.CPUs)
	}
	if len(report.Comparisons) != 8 {
		t.Fatalf("%d comparisons, want 8: %+v", len(report.Comparisons), report.Comparisons)
	}
	for i, got := range report.Comparisons {
		if want := c.Sidecars[i/4]; got.Sidecars != want {
			t.Errorf("comparison %d is of %d sidecars, want %d", i, got.Sidecars, want)
		}
		theirs := c.Rounds
		if got.Rival == bench.RivalPolling {
			theirs = c.Polls
		}
		wantFigure(t, got.Ours, c.Rounds)
		wantFigure(t, got.Theirs, theirs)
		if got.Ratio.P50 <= 0 || got.Ratio.P99 <= 0 {
			t.Errorf("no ratio in %+v", got)
		}
	}
	if last := len(shares) - 1; last < 0 || shares[last] != 1 {
		t.Errorf("progress is %v, want it to end at 1", shares)
	}
	wantNoScratch(t, url)
}

func TestPropagationOverNATS(t *testing.T) {
	t.Parallel()
	c := config(pgtest.Server(t, "").URL())
	c.Fanouts, c.NATS, c.Polls = []bench.Fanout{bench.FanoutListen, bench.FanoutNATS}, natstest.Start(t, nil).URL(), 0
	report, err := bench.Propagation(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if report.FoundByPoll != 0 || len(report.Comparisons) != 10 {
		t.Fatalf("%+v", report)
	}
	for _, got := range report.Comparisons {
		wantFigure(t, got.Ours, c.Rounds)
		wantFigure(t, got.Writer, c.Rounds)
		wantFigure(t, got.Theirs, c.Rounds)
		if (got.Fanout == bench.FanoutNATS) != (got.Rival == bench.RivalListen) {
			t.Errorf("%s is set beside %s", got.Fanout, got.Rival)
		}
	}
}

func wantFigure(t *testing.T, got bench.Figure, samples int) {
	t.Helper()
	if got.Samples != samples || got.P50 <= 0 || got.P99 < got.P50 {
		t.Errorf("figure is %+v, want %d samples", got, samples)
	}
}

func TestPropagationCleansUpWhenInterrupted(t *testing.T) {
	t.Parallel()
	url := pgtest.Server(t, "").URL()
	ctx, interrupt := context.WithCancel(t.Context())
	defer interrupt()
	c := config(url)
	c.Rounds = 1 << 30
	c.Progress = func(_ float64, what string) {
		if strings.Contains(what, "measuring") {
			interrupt()
		}
	}
	if _, err := bench.Propagation(ctx, c); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
	wantNoScratch(t, url)
}

func TestPropagationNeedsConnections(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t, "", func(c *postgres.Config) { c.Settings = map[string]string{"max_connections": "20"} })
	c := config(server.URL())
	c.Sidecars = []int{1, 8}
	if _, err := bench.Propagation(t.Context(), c); err == nil || !strings.Contains(err.Error(), "max_connections") {
		t.Errorf("error is %v, want one that names max_connections", err)
	}
	wantNoScratch(t, server.URL())
}

func TestReached(t *testing.T) {
	t.Parallel()
	slow := bench.Target{MaxP50: 1.2, MaxP99: 1.5}
	for name, c := range map[string]struct {
		bench.Comparison
		want bool
	}{
		"within":      {bench.Comparison{Target: slow, Ratio: bench.Ratio{P50: 1.2, P99: 1.5}}, true},
		"median over": {bench.Comparison{Target: slow, Ratio: bench.Ratio{P50: 1.21, P99: 1}}, false},
		"tail over":   {bench.Comparison{Target: slow, Ratio: bench.Ratio{P50: 1, P99: 1.51}}, false},
		"fast enough": {bench.Comparison{Target: bench.Target{MinP50: 500}, Ratio: bench.Ratio{P50: 500}}, true},
		"too slow":    {bench.Comparison{Target: bench.Target{MinP50: 500}, Ratio: bench.Ratio{P50: 499}}, false},
		"no target":   {bench.Comparison{Ratio: bench.Ratio{P50: 9, P99: 9}}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if c.Reached() != c.want {
				t.Errorf("Reached is %v for %+v", !c.want, c.Comparison)
			}
		})
	}
}
