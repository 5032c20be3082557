//go:build mutants

package daemon_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// mutant is a fault of ours that TestChaos has to find.
type mutant struct {
	name, file string // of the repository
	old, new   string // text, which is there once
	faults     string // -chaos.only
	mode       string // of TestChaos; "" for all
}

var mutants = []mutant{
	{
		name: "the cursor is the last transaction number",
		file: "db/feed.sql.go",
		old: `where xid >= pg_snapshot_xmin(here.cursor)
              and not pg_visible_in_snapshot(xid, here.cursor)`,
		new:    `where xid >= pg_snapshot_xmax(here.cursor)`,
		faults: "transaction left open",
		mode:   "poll",
	},
	{
		name: "what changed while the connection was lost is not read",
		file: "syncer/feed/catchup.go",
		old:  `w = f.applier.polled(`,
		new: `if f.unpolled {
			break
		}
		w = f.applier.polled(`,
		faults: "connections refused",
		mode:   "listen",
	},
	{
		name: "the outbox keeps nothing on disk",
		file: "syncer/outbox/batch.go",
		old:  "func (o *Outbox) Add(b merge.Batch) error {\n",
		new: `func (o *Outbox) Add(b merge.Batch) error {
			if true {
				return nil
			}
			`,
		faults: "database|connections refused",
	},
	{
		name: "the cache is written back",
		file: "syncer/sidecar/visitors.go",
		old:  `batch.Edits[id] = v.pending`,
		new: `if v.row != nil {
			v.pending.Rank = syncer.Some(v.row.Rank)
		}
		batch.Edits[id] = v.pending`,
		faults: "network stalled|connections cut",
		mode:   "listen",
	},
}

// TestChaosFindsFaults builds the tests of this package with one fault of ours at a time, and
// expects TestChaos to fail. It shows that TestChaos can.
func TestChaosFindsFaults(t *testing.T) {
	t.Parallel()
	for _, m := range mutants {
		t.Run(m.name, func(t *testing.T) {
			program := m.build(t)
			pattern := "TestChaos$/^" + m.mode
			run := exec.CommandContext(t.Context(), program, "-test.run", pattern, "-test.v",
				"-chaos.only", m.faults, "-chaos.duration", "1m", "-wait", "30s")
			out, err := run.CombinedOutput()
			if err == nil {
				t.Fatalf("it was not found:\n%s", out)
			}
			found := false
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "chaos_test.go") && !strings.Contains(line, "repeat with") {
					found = true
					t.Log(strings.TrimSpace(line))
				}
			}
			if !found {
				t.Fatalf("it failed in another way:\n%s", out)
			}
		})
	}
}

// build compiles this package's tests with the fault.
func (m mutant) build(t *testing.T) (program string) {
	t.Helper()
	original, err := filepath.Abs(filepath.Join("..", "..", m.file))
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.ReadFile(original)
	if err != nil {
		t.Fatal(err)
	}
	if times := strings.Count(string(source), m.old); times != 1 {
		t.Fatalf("%s has the text %d times: %s", m.file, times, m.old)
	}
	dir := t.TempDir()
	changed, overlay := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json")
	write := func(path string, content []byte) {
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write(changed, []byte(strings.Replace(string(source), m.old, m.new, 1)))
	listed, err := json.Marshal(map[string]map[string]string{"Replace": {original: changed}})
	if err != nil {
		t.Fatal(err)
	}
	write(overlay, listed)
	program = filepath.Join(dir, "daemon.test")
	build := exec.CommandContext(t.Context(), "go", "test", "-c", "-overlay", overlay, "-o", program, ".")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return program
}
