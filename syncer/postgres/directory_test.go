package postgres

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// refused starts a server that must not start and checks what the error says.
func refused(t *testing.T, config Config, words ...string) {
	t.Helper()
	server, err := Start(t.Context(), config)
	if err == nil {
		_ = server.Stop(context.Background())
		t.Fatal("the server started")
	}
	for _, word := range words {
		if !strings.Contains(err.Error(), word) {
			t.Errorf("error %q does not mention %q", err, word)
		}
	}
}

func TestDirectoryInUseIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, Config{DataDir: dataDir(t)})
	refused(t, Config{DataDir: server.directory.dir}, "in use by another playersync", server.directory.dir)
	// Without the lock, only the live postmaster prevents it.
	server.directory.lock.release()
	refused(t, Config{DataDir: server.directory.dir}, "in use by another PostgreSQL", strconv.Itoa(server.PID()))
	query(t, server.URL(), "SELECT 'unharmed'")
}

func TestClusterOfAnotherVersionIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, Config{DataDir: dataDir(t)})
	if err := server.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	other := server.Binaries()
	other.Major, other.Version = 99, "99.1"
	refused(t, Config{DataDir: server.directory.dir, Binaries: other},
		fmt.Sprintf("made by PostgreSQL %d", server.Binaries().Major), "99.1", "dump")
}

func TestStalePIDOfAnotherProcessIsNoObstacle(t *testing.T) {
	t.Parallel()
	server := start(t, Config{DataDir: dataDir(t)})
	server.Kill()
	stale := filepath.Join(server.directory.data(), "postmaster.pid")
	content, err := os.ReadFile(stale)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(content), "\n")
	ours := strconv.Itoa(os.Getppid()) + "\n" + rest
	if err := os.WriteFile(stale, []byte(ours), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestUnfinishedInitdbIsDoneAgain(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	if err := os.MkdirAll(filepath.Join(dir, "data.new", "base"), 0o755); err != nil {
		t.Fatal(err)
	}
	query(t, start(t, Config{DataDir: dir}).URL(), "SELECT 'x'")
}

func TestUnusableDirectoriesAreRefused(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, Config{DataDir: filepath.Join(file, "below")}, "make data directory", file)
	refused(t, Config{DataDir: "/proc/playersync"}, "data directory", "/proc/playersync")

	bare := dataDir(t)
	if err := os.MkdirAll(bare, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(bare, "PG_VERSION"), []byte("15\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	refused(t, Config{DataDir: bare}, "bare PostgreSQL cluster")
}

func TestDirectoryClosedToServerUserIsRefused(t *testing.T) {
	t.Parallel()
	closed := filepath.Dir(dataDir(t))
	if err := os.Chmod(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	// For root the user postgres may not enter; for others they may not write.
	refused(t, Config{DataDir: filepath.Join(closed, "server")}, "data directory", closed)
}

func TestTakenPortIsRefused(t *testing.T) {
	t.Parallel()
	server := start(t, Config{})
	refused(t, Config{Port: server.Port()}, strconv.Itoa(server.Port()))
}

func TestStartErrorShowsServersOwnWords(t *testing.T) {
	t.Parallel()
	refused(t, Config{Settings: map[string]string{"no_such_setting": "1"}}, "no_such_setting")
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	dir := dataDir(t)
	if _, err := Start(ctx, Config{DataDir: dir}); err == nil {
		t.Fatal("the server started")
	}
	query(t, start(t, Config{DataDir: dir}).URL(), "SELECT 'x'")
}
