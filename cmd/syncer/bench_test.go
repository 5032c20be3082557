package main

import (
	"strings"
	"testing"

	"playersync/syncer/bench"
	"playersync/syncer/postgres/pgtest"
)

func TestBenchPropagationRefusesWaysThatCannotBe(t *testing.T) {
	t.Parallel()
	for way, want := range map[string]string{
		"pigeon": `"pigeon" is neither listen nor nats`, "listen,nats": "--fanout nats needs --nats-url",
	} {
		r := runSyncer(t, nil, "bench", "propagation", "--fanout", way)
		if r.code != exitUsage || !strings.Contains(r.errs, want) {
			t.Errorf("--fanout %s: %+v", way, r)
		}
	}
}

func TestBenchPropagation(t *testing.T) {
	t.Parallel()
	arguments := []string{
		"bench", "propagation", "--database-url", pgtest.Empty(t), "--sidecars", "1,2", "--rounds", "2", "--polls", "0",
	}
	report := decode[bench.PropagationReport](t, nil, arguments...)
	if len(report.Comparisons) != 6 || report.FoundByPoll != 0 {
		t.Errorf("report is %+v", report)
	}
	text := succeed(t, nil, arguments...)
	wanted := []string{bench.SubjectUpdate, bench.RivalEdit, "RATIO", "≤ 1.2 ×", "found by a poll only: 0"}
	for _, want := range wanted {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in\n%s", want, text)
		}
	}
}
