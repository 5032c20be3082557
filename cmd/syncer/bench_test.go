package main

import (
	"strings"
	"testing"

	"playersync/syncer/bench"
	"playersync/syncer/postgres/pgtest"
)

func TestBenchPropagation(t *testing.T) {
	t.Parallel()
	arguments := []string{"bench", "propagation", "--database-url", pgtest.Empty(t), "--sidecars", "1,2", "--rounds", "2", "--polls", "0"}
	report := decode[bench.PropagationReport](t, nil, arguments...)
	if len(report.Comparisons) != 6 || report.FoundByPoll != 0 {
		t.Errorf("report is %+v", report)
	}
	text := succeed(t, nil, arguments...)
	for _, want := range []string{bench.SubjectUpdate, bench.RivalEdit, "RATIO", "≤ 1.2 ×", "found by a poll only: 0"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}

func TestBenchRefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, arguments := range [][]string{{"--sidecars", "0"}, {"--rounds", "0"}, {"--duration", "0s"}, {"--polls", "-1"}} {
		arguments = append([]string{"bench", "propagation", "--database-url", "postgres://localhost:1/"}, arguments...)
		if r := runSyncer(t, nil, arguments...); r.code != exitUsage {
			t.Errorf("syncer %s: exit code %d\n%s", strings.Join(arguments, " "), r.code, r.errs)
		}
	}
}
