package bench

import (
	"context"
	"log/slog"
	"math"
	"testing"
	"time"

	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// Whole networks are measured once, with few of everything. What it comes to depends on the
// machine; that there is something does not.
func TestNetworks(t *testing.T) {
	t.Parallel()
	made := &scratch{
		server: pgtest.Empty(t), ours: pgtest.Database(t, "schema", store.Migrate), bare: pgtest.Empty(t),
	}
	config := Config{
		Duration: 5 * time.Millisecond, Operations: 2, Progress: func(float64, string) {},
		Log: slog.New(slog.DiscardHandler),
	}
	ctx := context.Background()
	for name, test := range map[string]struct {
		figures, series int
		run             func() (Report, error)
	}{
		"storm":  {3, 2, func() (Report, error) { return storm(ctx, config, made, 2, 20) }},
		"mixed":  {2, 3, func() (Report, error) { return mixed(ctx, config, made, MixedConfig{2, 20, 100}) }},
		"growth": {7, 7, func() (Report, error) { return growth(ctx, config, made, 40) }},
		"idle":   {2, 2, func() (Report, error) { return idle(ctx, config, made, 2) }},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := test.run()
			if err != nil {
				t.Fatal(err)
			}
			if len(report.Measurements) < test.figures || len(report.Series) < test.series {
				t.Errorf("%d figures and %d series: %+v", len(report.Measurements), len(report.Series), report)
			}
			for _, s := range report.Series {
				if len(s.Points) == 0 || s.Figure == "" || s.Line == "" || s.Of == "" {
					t.Errorf("series %+v", s)
				}
			}
		})
	}
}

func TestExponent(t *testing.T) {
	t.Parallel()
	for want, power := range map[float64]func(x float64) float64{
		0: func(float64) float64 { return 7 },
		1: func(x float64) float64 { return 3 * x },
		2: func(x float64) float64 { return x * x / 5 },
	} {
		var points []Point
		for x := 1000.0; x <= 1e7; x *= 10 {
			points = append(points, Point{x, power(x)})
		}
		if got := exponentOf(points); math.Abs(got-want) > 1e-9 {
			t.Errorf("%v, want %v", got, want)
		}
	}
}
