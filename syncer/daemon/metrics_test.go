package daemon_test

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

const (
	foundByPoll = "playersync_feed_found_by_poll_total"
	polls       = "playersync_feed_polls_total"
	reconnects  = "playersync_feed_reconnects_total"
)

// metric returns the sum of a figure over those of its labels that contain all the
// given texts.
func (n *node) metric(name string, labels ...string) float64 {
	n.t.Helper()
	sum := 0.0
	found := false
	for line := range strings.Lines(string(n.must(http.MethodGet, "/metrics", "").body)) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		given, labelled, _ := strings.Cut(series, "{")
		if given != name || !containsAll(labelled, labels) {
			continue
		}
		number, err := strconv.ParseFloat(value, 64)
		if err != nil {
			n.t.Fatalf("metric %s: %v", line, err)
		}
		sum, found = sum+number, true
	}
	if !found && len(labels) == 0 {
		n.t.Fatalf("there is no metric %s", name)
	}
	return sum
}

func containsAll(text string, parts []string) bool {
	for _, part := range parts {
		if !strings.Contains(text, part) {
			return false
		}
	}
	return true
}

// reloads counts how often a node read everything anew for a reason.
func (n *node) reloads(reason string) float64 {
	n.t.Helper()
	return n.metric("playersync_feed_reloads_total", `reason="`+reason+`"`)
}

// hasReloaded waits until a node has read everything anew for a reason, more often
// than before. That is counted a moment after memory has it.
func (n *node) hasReloaded(reason string, before float64) {
	n.t.Helper()
	pgtest.Eventually(n.t, waitTimeout, func() error {
		if got := n.reloads(reason); got <= before {
			return fmt.Errorf("node %s has read everything %v times for the reason %s, want more than %v", n.name, got,
				reason, before)
		}
		return nil
	})
}

// noneMissed checks that no change had to be found by a poll, and that polls bore out all
// that was notified.
func noneMissed(t testing.TB, nodes ...*node) {
	t.Helper()
	for i, n := range nodes {
		if missed := n.metric(foundByPoll); missed != 0 {
			t.Errorf("node %d: a poll found %v changes whose notification never came", i, missed)
		}
		if n := n.metric(unfounded) + n.metric(forged); n != 0 {
			t.Errorf("node %d: %v notifications told of what was never made", i, n)
		}
	}
}

// What alerts of the disk and a change of the program look at.
func TestMetricsTellOfDiskAndProgram(t *testing.T) {
	t.Parallel()
	url, _ := database(t)
	n := start(t, url, "a", func(c *daemon.Config) { c.Version, c.Revision = "v1.2.3", "abc" }).ready()
	if free, size := n.metric("playersync_data_free_bytes"), n.metric("playersync_data_size_bytes"); free < 0 ||
		size < 1 || free > size {
		t.Errorf("%v bytes of %v are free", free, size)
	}
	if built := n.metric("playersync_build_info", `version="v1.2.3"`, `revision="abc"`); built != 1 {
		t.Errorf("the program's version is told %v times", built)
	}
}
