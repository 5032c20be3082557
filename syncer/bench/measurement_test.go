package bench_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"playersync/syncer/bench"
	"playersync/syncer/postgres/pgtest"
)

// TestMeasurements runs every measurement once. What it finds depends on the
// machine; that it finds something of each figure does not.
func TestMeasurements(t *testing.T) {
	t.Parallel()
	url := pgtest.Server(t, "").URL()
	defer wantNoScratch(t, url)
	for name, test := range map[string]struct {
		run     func(ctx context.Context, c bench.Config) (bench.Report, error)
		figures int
	}{
		"reads":   {bench.Reads, 4},
		"saves":   {bench.Saves, 2},
		"changes": {bench.Changes, 2},
		"bans": {
			func(ctx context.Context, c bench.Config) (bench.Report, error) { return bench.Bans(ctx, c, 2100) }, 3,
		},
		"start": {
			func(ctx context.Context, c bench.Config) (bench.Report, error) { return bench.Start(ctx, c, 1000) }, 1,
		},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := test.run(t.Context(), bench.Config{
				URL: url, Duration: time.Millisecond, Operations: 2, Progress: func(float64, string) {},
				Log: slog.New(slog.DiscardHandler),
			})
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Measurements) != test.figures {
				t.Fatalf("%d measurements: %+v", len(report.Measurements), report)
			}
			for i, m := range report.Measurements {
				// a figure may stand beside its floor, too
				aimless := m.Goal.IsZero() && (i == 0 || m.Figure != report.Measurements[i-1].Figure)
				if m.Figure == "" || m.Unit == "" || aimless || (m.Rival != "") != (m.Theirs > 0) {
					t.Errorf("measurement %+v", m)
				}
			}
		})
	}
}

func TestGoals(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		measured bench.Measurement
		want     bool
	}{
		{bench.Measurement{Ours: 5}, true},
		{bench.Measurement{Ours: 5, Goal: bench.Goal{MaxOurs: 5}}, true},
		{bench.Measurement{Ours: 6, Goal: bench.Goal{MaxOurs: 5}}, false},
		{bench.Measurement{Ratio: 2, Goal: bench.Goal{MaxRatio: 2}}, true},
		{bench.Measurement{Ratio: 2.1, Goal: bench.Goal{MaxRatio: 2}}, false},
		{bench.Measurement{Ratio: 0.8, Goal: bench.Goal{MinRatio: 0.85}}, false},
		{bench.Measurement{Ratio: 0.85, Goal: bench.Goal{MinRatio: 0.85}}, true},
	} {
		if got := test.measured.Reached(); got != test.want {
			t.Errorf("%+v: reached is %t", test.measured, got)
		}
	}
}
