package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestNetworksRefuseNonsense(t *testing.T) {
	t.Parallel()
	for arguments, want := range map[string]string{
		"storm --servers 0": "--servers must be at least 1", "storm --players 0": "--players must be at least 1",
		"mixed --sidecars -1": "--sidecars must be at least 1", "growth --most 1": "--most must be at least 2",
		"idle --sidecars 0": "--sidecars must be at least 1", "idle --duration 0s": "--duration must be above zero",
	} {
		full := append([]string{"bench"}, strings.Fields(arguments)...)
		r := runSyncer(t, nil, append(full, "--database-url", "postgres://localhost:1/")...)
		if r.code != exitUsage || !strings.Contains(r.errs, want) {
			t.Errorf("syncer bench %s: exit code %d\n%s", arguments, r.code, r.errs)
		}
	}
}

func TestBenchPlot(t *testing.T) {
	t.Parallel()
	report := filepath.Join(t.TempDir(), "report.json")
	for text, want := range map[string]int{
		`{"series": [{"figure": "join", "of": "players", "points": [{"x": 1, "y": 2}, {"x": 9, "y": 3}]}]}`: 0,
		`{"measurements": []}`: exitUsage,
		`no JSON`:              exitFailed,
	} {
		if err := os.WriteFile(report, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := runSyncer(t, nil, "bench", "plot", report)
		if r.code != want || (want == 0) != strings.HasPrefix(r.out, "<svg ") {
			t.Errorf("%s: exit code %d\n%s%s", text, r.code, r.out, r.errs)
		}
	}
}
