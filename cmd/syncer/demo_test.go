package main

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"playersync/syncer/postgres/pgtest"
)

// demoDir returns a directory for temporary files and the environment that names
// it. At the test's end it must be empty.
func demoDir(t *testing.T) (dir string, environ []string) {
	t.Helper()
	dir = reachableDir(t)
	t.Cleanup(func() {
		left, err := os.ReadDir(dir)
		if err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
	})
	return dir, []string{"TMPDIR=" + dir}
}

func TestDemoHoldsAndGoesOnUntilInterrupted(t *testing.T) {
	t.Parallel()
	_, environ := demoDir(t)
	p := start(t, environ, "demo", "--json")
	p.line(t, `"running": {`)
	var result demoJSON
	pgtest.Eventually(t, limit, func() error {
		_, printed, _ := strings.Cut(strings.Join(p.printed(), "\n"), "\n{")
		return json.NewDecoder(strings.NewReader("{" + printed)).Decode(&result)
	})
	if claims, failed := result.Count(); !result.Holds || claims == 0 || failed > 0 {
		t.Errorf("got %+v", result)
	}
	for name, address := range result.Running.Servers {
		response, err := http.Get(address + "/v1/players/steve")
		if err != nil {
			t.Fatal(err)
		}
		var steve struct{ Name string }
		err = json.NewDecoder(response.Body).Decode(&steve)
		if err = errors.Join(err, response.Body.Close()); err != nil || steve.Name != "Steve" {
			t.Errorf("%s: got %+v, %v", name, steve, err)
		}
	}
	p.signal(t, interrupt)
	if status := p.ended(t); status.ExitStatus() != exitDone {
		t.Errorf("ended with %v", status)
	}
}

func TestDemoIsInterruptedInTheStory(t *testing.T) {
	t.Parallel()
	_, environ := demoDir(t)
	p := start(t, environ, "demo", "--exit")
	p.line(t, "pvp sets Steve's rank")
	p.signal(t, interrupt)
	if status := p.ended(t); status.ExitStatus() != exitFailed {
		t.Errorf("ended with %v", status)
	}
	p.line(t, "syncer: interrupted")
}

func TestDemoFailsWithItsDatabase(t *testing.T) {
	t.Parallel()
	dir, environ := demoDir(t)
	p := start(t, environ, "demo", "--exit")
	p.line(t, "pvp sets Steve's rank")
	found, err := filepath.Glob(filepath.Join(dir, "playersync-postgres-*", "data", "postmaster.pid"))
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, %v", found, err)
	}
	content, err := os.ReadFile(found[0])
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(content), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(pid, syscall.SIGQUIT); err != nil { // it ends at once
		t.Fatal(err)
	}
	if status := p.ended(t); status.ExitStatus() != exitFailed {
		t.Errorf("ended with %v", status)
	}
	p.line(t, "could not go on")
	p.line(t, "syncer: the throw-away PostgreSQL ended by itself")
}
