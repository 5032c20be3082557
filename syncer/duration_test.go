package syncer_test

import (
	"testing"
	"time"

	"playersync/syncer"
)

func TestParseDuration(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	for text, want := range map[string]time.Duration{
		"90m": 90 * time.Minute, "7d": 7 * day, "2w": 14 * day, "36h": 36 * time.Hour, "1s": time.Second,
		"1w2d3h4m5s": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second, "100000d": 100_000 * day,
		"P7D": 7 * day, "P2W": 14 * day, "PT1H": time.Hour, "P1DT12H30M1S": 36*time.Hour + 30*time.Minute + time.Second,
		"": 0, "0s": 0, "5": 0, "1.5h": 0, "-1h": 0, "1h1d": 0, " 1d": 0, "1month": 0, "1M": 0, "forever": 0,
		"P": 0, "PT": 0, "P1DT": 0, "P1M": 0, "P1Y": 0, "999999999w": 0, "9999999999999999999w": 0,
	} {
		got, err := syncer.ParseDuration(text)
		if got != want || (err == nil) != (want > 0) {
			t.Errorf("%q is read as %v (%v), want %v", text, got, err, want)
		}
	}
}
