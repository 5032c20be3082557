package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

// childEnv makes the test binary start a server, tell about it and wait to be
// killed, in place of running tests.
const childEnv = "PLAYERSYNC_TEST_CHILD_DIR"

func TestMain(m *testing.M) {
	if dir, ok := os.LookupEnv(childEnv); ok {
		os.Exit(runChild(dir))
	}
	code := m.Run()
	if cluster.template != nil {
		cluster.err = cluster.template.Remove()
	}
	if err := errors.Join(cluster.err, goleak.Find()); err != nil {
		fmt.Fprintln(os.Stderr, err)
		code = max(code, 1)
	}
	os.Exit(code)
}

// cluster is what [start] copies: initdb takes most of the time of making a server.
var cluster struct {
	once     sync.Once
	template *Template
	err      error
}

func clusterTemplate() (*Template, error) {
	cluster.once.Do(func() { cluster.template, cluster.err = NewTemplate(context.Background(), Config{}) })
	return cluster.template, cluster.err
}

// runChild starts a server in dir, or a throw-away one, prints its process id
// and directory and waits until its input ends.
func runChild(dir string) int {
	server, err := Start(context.Background(), Config{DataDir: dir})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Println(server.PID(), server.directory.dir)
	_, _ = io.Copy(io.Discard, os.Stdin)
	return 0
}

// start starts a server and stops it at the test's end. Only a durable one comes from initdb.
func start(t *testing.T, config Config) *Server {
	t.Helper()
	if !config.Durable && config.Template == nil {
		var err error
		if config.Template, err = clusterTemplate(); err != nil {
			t.Fatal(err)
		}
	}
	server, err := Start(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return server
}

// dataDir names a directory that the user who runs servers can reach; that of
// t.TempDir is closed to others than root.
func dataDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("/tmp", "playersync-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "server")
}

func query(t *testing.T, url, sql string) string {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	var value string
	if err := conn.QueryRow(t.Context(), sql).Scan(&value); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return value
}

// eventually is pgtest.Eventually, which imports this package.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.NewTimer(time.Minute)
	defer deadline.Stop()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for !condition() {
		select {
		case <-deadline.C:
			t.Fatalf("after a minute not yet: %s", what)
		case <-ticker.C:
		}
	}
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, os.ErrNotExist)
}
