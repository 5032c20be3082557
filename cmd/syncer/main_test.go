package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/rogpeppe/go-internal/testscript"

	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// limit is how long a test waits for what should happen soon.
const limit = pgtest.WaitTimeout

// TestMain makes the test binary the program itself where it is called syncer, so that
// the program runs with the race detector where the tests do.
func TestMain(m *testing.M) { testscript.Main(tests{m}, map[string]func(){"syncer": main}) }

// tests are all tests of this package.
type tests struct{ *testing.M }

// Run runs them and stops their server.
func (t tests) Run() int { return pgtest.Main(t.M) }

// command prepares a run of the program with nothing of this machine's
// configuration or state, and the given variables.
func command(t *testing.T, environ []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "syncer", args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "TZ=UTC",
		"SYNCER_DATA_DIR=" + filepath.Join(cmd.Dir, "data"),
	}, environ...)
	return cmd
}

// result is how a run ended.
type result struct {
	code      int
	out, errs string
}

// runSyncer runs the program to its end.
func runSyncer(t *testing.T, environ []string, args ...string) result {
	t.Helper()
	var out, errs bytes.Buffer
	cmd := command(t, environ, args...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
		t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errs.String()}
}

// succeed runs the program and fails the test if it does.
func succeed(t *testing.T, environ []string, args ...string) string {
	t.Helper()
	r := runSyncer(t, environ, args...)
	if r.code != exitDone {
		t.Fatalf("syncer %s: exit code %d\n%s%s", strings.Join(args, " "), r.code, r.out, r.errs)
	}
	return r.out
}

// decode runs the program with --json and reads what it prints.
func decode[T any](t *testing.T, environ []string, args ...string) T {
	t.Helper()
	var value T
	out := succeed(t, environ, append(args, "--json")...)
	if err := json.Unmarshal([]byte(out), &value); err != nil {
		t.Fatalf("syncer %s prints no JSON: %v\n%s", strings.Join(args, " "), err, out)
	}
	return value
}

// database returns a migrated database and the environment that names it.
func database(t *testing.T) (url string, environ []string) {
	t.Helper()
	url = pgtest.Database(t, "migrated", store.Migrate)
	return url, []string{"SYNCER_DATABASE_URL=" + url}
}

// execute runs SQL in a database.
func execute(t *testing.T, url string, statements ...string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	for _, statement := range statements {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatalf("%s: %v", statement, err)
		}
	}
}

// process is a run of the program in the background.
type process struct {
	*exec.Cmd
	done chan struct{}

	mu    sync.Mutex
	lines []string // of both outputs
	rest  []byte
}

// start runs the program in the background; it is killed at the test's end.
func start(t *testing.T, environ []string, args ...string) *process {
	t.Helper()
	p := &process{Cmd: command(t, environ, args...), done: make(chan struct{})}
	p.Stdout, p.Stderr = p, p
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(p.done)
		_ = p.Wait() // the state tells
	}()
	t.Cleanup(func() {
		_ = p.Process.Kill() // it has ended in most tests
		<-p.done
		if t.Failed() {
			t.Logf("syncer %s printed:\n%s", strings.Join(args, " "), strings.Join(p.printed(), "\n"))
		}
	})
	return p
}

// Write takes what the program prints.
func (p *process) Write(data []byte) (int, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.rest = append(p.rest, data...)
	for {
		line, rest, found := bytes.Cut(p.rest, []byte("\n"))
		if !found {
			return len(data), nil
		}
		p.lines, p.rest = append(p.lines, string(line)), rest
	}
}

func (p *process) printed() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]string(nil), p.lines...)
}

// line waits for a line that contains a text.
func (p *process) line(t *testing.T, text string) string {
	t.Helper()
	var found string
	pgtest.Eventually(t, limit, func() error {
		for _, line := range p.printed() {
			if strings.Contains(line, text) {
				found = line
				return nil
			}
		}
		select {
		case <-p.done:
			t.Fatalf("ended without printing %q", text)
		default:
		}
		return fmt.Errorf("no line with %q", text)
	})
	return found
}

func (p *process) signal(t *testing.T, signal syscall.Signal) {
	t.Helper()
	if err := p.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
}

// ended waits for the end and returns how it was.
func (p *process) ended(t *testing.T) syscall.WaitStatus {
	t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		t.Fatal("still running")
	}
	status, ok := p.ProcessState.Sys().(syscall.WaitStatus)
	if !ok {
		t.Fatalf("ended with %v", p.ProcessState)
	}
	return status
}
