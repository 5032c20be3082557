package bench

import (
	"testing"
	"time"
)

func TestFigureOf(t *testing.T) {
	t.Parallel()
	var samples []time.Duration
	for i := 200; i > 0; i-- {
		samples = append(samples, time.Duration(i)*time.Millisecond)
	}
	for name, c := range map[string]struct {
		samples []time.Duration
		want    Figure
	}{
		"none": {nil, Figure{}},
		"one":  {samples[:1], Figure{Samples: 1, P50: 200, P99: 200}},
		"many": {samples, Figure{Samples: 200, P50: 100, P99: 198}},
	} {
		if got := figureOf(append([]time.Duration(nil), c.samples...)); got != c.want {
			t.Errorf("%s: %+v, want %+v", name, got, c.want)
		}
	}
}

func TestWithDatabase(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"postgres://me:p%40ss@h:1/old?sslmode=disable&dbname=x": "postgres://me:p%40ss@h:1/new?sslmode=disable",
		"host=h user=me": "host=h user=me dbname=new",
	} {
		if got, err := withDatabase(address, "new"); err != nil || got != want {
			t.Errorf("%q becomes %q (%v), want %q", address, got, err, want)
		}
	}
}
