// Package pgtest gives tests a real PostgreSQL: one private server for each
// test binary, started when the first test asks for it, and a database of its
// own for each test, so that all can run in parallel. It also has what fault
// tests need: servers to kill, a proxy that stalls or cuts connections, and
// [Eventually] to wait for a condition.
//
// A package that uses it says
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }
//
// which stops the server in the end and fails the run if a goroutine is left.
// When the test binary is killed the kernel ends its server (on Linux), and
// the next test binary removes the directory.
//
// The programs of PostgreSQL are found, or fetched, as [postgres.Find] says.
// The environment variable PLAYERSYNC_POSTGRES_BIN, a list like PATH, names
// further directories for [Versions], the first of which is the default.
package pgtest

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"playersync/syncer/postgres"
)

// BinEnv is the environment variable that lists directories with the programs
// of PostgreSQL.
const BinEnv = "PLAYERSYNC_POSTGRES_BIN"

const (
	// startTimeout bounds finding (perhaps fetching) PostgreSQL and its start.
	startTimeout = 5 * time.Minute
	// stopTimeout bounds a server's shutdown, after which it is ended at once.
	stopTimeout = time.Minute
)

// shared is the server of this process.
var shared struct {
	sync.Mutex
	server *postgres.Server
	err    error
}

// atOnce is how many parallel tests run at a time unless -parallel says otherwise. They
// wait for the server most of the time; more than processors keep these busy, and give
// the tests their share of a machine that has other things to do.
const atOnce = 8

// runMoreAtOnce sets how many parallel tests run at a time.
func runMoreAtOnce() {
	flag.Parse()
	isGiven := false
	flag.Visit(func(f *flag.Flag) { isGiven = isGiven || f.Name == "test.parallel" })
	if !isGiven {
		_ = flag.Set("test.parallel", strconv.Itoa(max(atOnce, runtime.GOMAXPROCS(0)))) // package testing defines it
	}
}

// collectAt is how much the heap grows, in percent, between collections of garbage unless
// the variable GOGC says otherwise: tests fill small heaps quickly, and collecting at every
// doubling takes a sixth of their time.
const collectAt = 400

// collectLess lets the heap grow further between collections.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(collectAt)
	}
}

// Main runs the tests, stops the server if one was started and returns the
// exit code. After tests that passed it looks for goroutines that they left,
// except for those that the options ignore, and fails if there are any.
func Main(m interface{ Run() int }, ignore ...goleak.Option) int {
	runMoreAtOnce()
	collectLess()
	code := m.Run()
	if err := errors.Join(stopShared(), removeClusters()); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		code = max(code, 1)
	}
	if code == 0 {
		if err := goleak.Find(ignore...); err != nil {
			fmt.Fprintln(os.Stderr, "pgtest:", err)
			code = 1
		}
	}
	return code
}

// sharedServer starts the server of this process at the first call.
func sharedServer(t testing.TB) *postgres.Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		ctx, cancel := context.WithTimeout(context.Background(), startTimeout)
		defer cancel()
		shared.server, shared.err = launch(ctx, defaultConfig())
	}
	if shared.err != nil {
		t.Fatalf("start PostgreSQL for tests: %v", shared.err)
	}
	return shared.server
}

func stopShared() error {
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	if err := errors.Join(admin.close(ctx), shared.server.Stop(ctx)); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

// defaultConfig is that of the servers of tests.
func defaultConfig() postgres.Config {
	return postgres.Config{
		Search:  defaultSearch(),
		TempDir: memoryDir(),
		Settings: map[string]string{
			"max_wal_size": "256MB", // WAL takes memory
			"jit":          "off",   // compiling takes longer than any query of a test
		},
	}
}

// defaultSearch looks in the first directory of PLAYERSYNC_POSTGRES_BIN, else
// everywhere.
func defaultSearch() postgres.Search {
	if dirs := filepath.SplitList(os.Getenv(BinEnv)); len(dirs) > 0 {
		return postgres.Search{Dir: dirs[0]}
	}
	return postgres.Search{}
}
