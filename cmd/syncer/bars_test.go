package main

import (
	"bytes"
	"slices"
	"testing"

	"playersync/syncer"
)

func TestBars(t *testing.T) {
	t.Parallel()
	for value, want := range map[float64]string{
		0: "", 1: "▎", 50: "██████████", 100: "████████████████████", 53: "██████████▋", 0.01: "▏",
	} {
		if got := bar(value, 100); got != want {
			t.Errorf("%v of 100 is %q, want %q", value, got, want)
		}
	}
	header, rows := withBars([]string{"A"}, [][]string{{"x"}, {"y"}}, []float64{4, 8})
	if !slices.Equal(header, []string{"A", ""}) || !slices.Equal(rows[0], []string{"x", "██████████"}) {
		t.Errorf("%q %q", header, rows)
	}
	if _, rows = withBars([]string{"A"}, [][]string{{"x"}}, []float64{0}); rows[0][1] != "" {
		t.Errorf("%q", rows)
	}
	stats := syncer.MapStats{Runs: 20, Won: 10, Lost: 6, LateRTVs: 2, EarlyRTVs: 4}
	if got := outcomeBar(stats); got != "██████████▓▓▓▓▒▒░░░░" {
		t.Errorf("runs are drawn as %q", got)
	}
	if outcomeBar(syncer.MapStats{}) != "" {
		t.Error("no runs are drawn")
	}
}

// What goes into a pipe or a file has no bars.
func TestBarsAreForTerminalsOnly(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	if hasBars(&out) || hasBars(cleanWriter{&out}) {
		t.Error("a buffer is taken for a terminal")
	}
	mapStatsText(&out, []syncer.MapStats{{Map: "a", Runs: 1, Won: 1}}, false)
	countTable(&out, []syncer.PlayerCount{{Players: 3}}, true)
	if bytes.ContainsRune(out.Bytes(), '█') {
		t.Errorf("printed %s", out.String())
	}
}
