package main

import (
	"strings"
	"testing"

	"playersync/syncer/bench"
)

func TestBenchBans(t *testing.T) {
	t.Parallel()
	arguments := []string{"bench", "bans", "--bans", "2100", "--duration", "1ms"}
	report := decode[bench.Report](t, nil, arguments...)
	if len(report.Measurements) != 3 || report.CPUs < 1 {
		t.Errorf("report is %+v", report)
	}
	text := succeed(t, nil, arguments...)
	for _, want := range []string{"FIGURE", "check, nobody banned", " ns", "≤ 200 ns: ", "≤ 64 bytes: "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestAmountsHaveThreeDigits(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		figure float64
		unit   string
		want   string
	}{
		{7296.3, "/s", "7296 /s"},
		{29.61, "µs", "29.6 µs"},
		{7.716, "ms", "7.72 ms"},
		{0.004, "per read", "0.00 per read"},
		{64, "bytes", "64 bytes"},
		{0.01, "", "0.01"},
	} {
		if got := amount(test.figure, test.unit); got != test.want {
			t.Errorf("amount(%g, %q) = %q, want %q", test.figure, test.unit, got, test.want)
		}
	}
}

func TestMeasurementsRefuseNonsense(t *testing.T) {
	t.Parallel()
	for _, arguments := range []string{
		"bans --bans 20", "bans --duration 0s", "start --bans 9", "start --duration -1s", "reads --duration 0s",
		"saves x",
	} {
		full := append([]string{"bench"}, strings.Fields(arguments)...)
		if !strings.HasPrefix(arguments, "bans") {
			full = append(full, "--database-url", "postgres://localhost:1/")
		}
		if r := runSyncer(t, nil, full...); r.code != exitUsage {
			t.Errorf("syncer bench %s: exit code %d\n%s", arguments, r.code, r.errs)
		}
	}
}
