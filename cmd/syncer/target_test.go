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
		"perm":                      syncer.Forever,
		"Permanent":                 syncer.Forever,
		"1mo":                       syncer.TimeOf(now.Add(30 * 24 * time.Hour)),
		"7D":                        syncer.TimeOf(now.Add(7 * 24 * time.Hour)),
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
