package main

import (
	"testing"
	"time"

	"playersync/syncer"
)

func TestUntil(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for text, want := range map[string]syncer.Time{
		"1h":                        syncer.TimeOf(now.Add(time.Hour)),
		"2026-01-02T05:00:00+01:00": syncer.TimeOf(now.Add(55*time.Minute + 55*time.Second)),
		"forever":                   syncer.Forever,
		"infinity":                  syncer.Forever,
		"2026-01-02T03:04:05Z":      {}, // now is not later
		"2026-01-02":                {},
		"soon":                      {},
	} {
		got, err := parseUntil("for", text, now)
		if got != want || (err == nil) == want.IsZero() {
			t.Errorf("%q is read as %v (%v), want %v", text, got, err, want)
		}
	}
}
