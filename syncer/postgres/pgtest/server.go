package pgtest

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"playersync/syncer/postgres"
)

// Server starts a server for one test, which may shut it down, kill and
// restart it, and stops it at the test's end. version is a major version among
// [Versions], or "" for the default. Options change the configuration before the start.
// If the test fails the end of the server's log is printed.
func Server(t testing.TB, version string, options ...func(*postgres.Config)) *postgres.Server {
	t.Helper()
	config := defaultConfig()
	if version != "" {
		config.Binaries = binariesOf(t, version)
	}
	for _, option := range options {
		option(&config)
	}
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	server, err := launch(ctx, config)
	if err != nil {
		t.Fatalf("start PostgreSQL %s: %v", version, err)
	}
	t.Cleanup(func() { stop(t, server) })
	return server
}

// launch starts a server on a copy of the process's cluster.
func launch(ctx context.Context, config postgres.Config) (*postgres.Server, error) {
	if err := fromTemplate(ctx, &config); err != nil {
		return nil, err
	}
	return postgres.Start(ctx, config)
}

func stop(t testing.TB, server *postgres.Server) {
	if t.Failed() {
		log, _ := os.ReadFile(server.LogPath())
		t.Logf("end of the log of %s:\n%s", server, log[max(0, len(log)-4000):])
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := server.Stop(ctx); err != nil {
		t.Errorf("stop %s: %v", server, err)
	}
}

// Versions returns the installations on this machine, one for each major
// version: those that PLAYERSYNC_POSTGRES_BIN names, then those on PATH and in the
// distributions' directories; if there are none, the one that is fetched. A
// directory named by the variable that is of no use fails the test.
func Versions(t testing.TB) []postgres.Binaries {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
	defer cancel()
	dirs := filepath.SplitList(os.Getenv(BinEnv))
	for i, dir := range dirs {
		binaries, err := postgres.Find(ctx, nil, postgres.Search{Dir: dir})
		if err != nil {
			t.Fatalf("use %s: %v", BinEnv, err)
		}
		dirs[i] = binaries.Dir
	}
	if found := postgres.Installed(ctx, dirs...); len(found) > 0 {
		return found
	}
	binaries, err := postgres.Find(ctx, nil, postgres.Search{})
	if err != nil {
		t.Fatal(err)
	}
	return []postgres.Binaries{binaries}
}

func binariesOf(t testing.TB, version string) postgres.Binaries {
	t.Helper()
	versions := Versions(t)
	for _, binaries := range versions {
		if strconv.Itoa(binaries.Major) == version {
			return binaries
		}
	}
	t.Fatalf("PostgreSQL %s is not on this machine, but %v; name it in %s", version, versions, BinEnv)
	return postgres.Binaries{}
}
