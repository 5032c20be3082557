package postgres

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	embedded "github.com/fergusstrange/embedded-postgres"
)

// fetchTimeout bounds a fetch whose caller set no earlier deadline.
const fetchTimeout = 10 * time.Minute

// builds are the versions that can be fetched.
var builds = map[int]embedded.PostgresVersion{
	14: embedded.V14, 15: embedded.V15, 16: embedded.V16, 17: embedded.V17, 18: embedded.V18,
}

// fetch downloads a build into the cache, unless another process did so in the
// meantime. The library below it knows no context: if ctx ends first, fetch
// returns and the download ends in the background without effect.
func fetch(ctx context.Context, logger *slog.Logger, search Search, cache string) (Binaries, error) {
	build := embedded.V18
	if search.Major != 0 {
		var known bool
		if build, known = builds[search.Major]; !known {
			return Binaries{}, fmt.Errorf("no build of PostgreSQL %d is known", search.Major)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	type result struct {
		binaries Binaries
		err      error
	}
	done := make(chan result, 1)
	go func() {
		binaries, err := fetchOnce(ctx, logger, build, search.Repository, filepath.Join(cache, "postgres"))
		done <- result{binaries, err}
	}()
	select {
	case r := <-done:
		return r.binaries, r.err
	case <-ctx.Done():
		return Binaries{}, ctx.Err()
	}
}

// fetchOnce lets one process at a time fetch. The build appears under its
// final name by a rename, so nobody ever sees half of it.
func fetchOnce(
	ctx context.Context, logger *slog.Logger, build embedded.PostgresVersion, repository, dir string,
) (Binaries, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return Binaries{}, fmt.Errorf("make cache: %w", err)
	}
	lock, err := waitForLock(ctx, filepath.Join(dir, "fetch.lock"))
	if err != nil {
		return Binaries{}, fmt.Errorf("lock cache: %w", err)
	}
	defer lock.release()
	target := filepath.Join(dir, string(build))
	if binaries, err := inspect(ctx, filepath.Join(target, "bin")); err == nil {
		return binaries, nil
	}
	logger.InfoContext(ctx, "fetching PostgreSQL", "version", string(build), "into", target)
	began := time.Now()
	binaries, err := fetchInto(ctx, target, build, repository)
	if err != nil {
		return Binaries{}, err
	}
	logger.InfoContext(ctx, "fetched PostgreSQL", "version", binaries.Version, "took", time.Since(began))
	return binaries, nil
}

// fetchInto fetches into a directory beside the target, tries the programs and
// renames.
func fetchInto(
	ctx context.Context, target string, build embedded.PostgresVersion, repository string,
) (Binaries, error) {
	dir := filepath.Dir(target)
	stale, _ := filepath.Glob(filepath.Join(dir, "fetch-*")) // left by killed processes
	for _, path := range stale {
		_ = os.RemoveAll(path)
	}
	staging, err := os.MkdirTemp(dir, "fetch-")
	if err != nil {
		return Binaries{}, fmt.Errorf("make staging directory: %w", err)
	}
	defer os.RemoveAll(staging)
	if err := os.Chmod(staging, 0o755); err != nil { // the server's user is to try the programs
		return Binaries{}, fmt.Errorf("open staging directory: %w", err)
	}
	unpacked := filepath.Join(staging, "unpacked")
	if err := download(build, repository, staging, unpacked); err != nil {
		return Binaries{}, err
	}
	binaries, err := inspect(ctx, filepath.Join(unpacked, "bin"))
	if err != nil {
		return Binaries{}, fmt.Errorf("check fetched build: %w", err)
	}
	if err := os.RemoveAll(target); err != nil {
		return Binaries{}, fmt.Errorf("remove broken build: %w", err)
	}
	if err := os.Rename(unpacked, target); err != nil {
		return Binaries{}, fmt.Errorf("move build into place: %w", err)
	}
	binaries.Dir = filepath.Join(target, "bin")
	return binaries, nil
}

// download has the library fetch, verify and unpack a build into a directory.
//
// The library has no call for that alone; its Start would also clear the data
// directory, to run initdb (which refuses root) and to start a server. A data
// path that ends in "." cannot be cleared (os.RemoveAll refuses it), so Start
// ends right there, after unpacking and before it ran anything: this one error
// is success.
func download(build embedded.PostgresVersion, repository, staging, unpacked string) error {
	config := embedded.DefaultConfig().
		Version(build).
		Port(0).
		Logger(io.Discard).
		CachePath(staging).
		RuntimePath(unpacked).
		DataPath(staging + "/.")
	if repository != "" {
		config = config.BinaryRepositoryURL(repository)
	}
	err := embedded.NewDatabase(config).Start()
	http.DefaultClient.CloseIdleConnections()
	if err != nil && strings.Contains(err.Error(), "unable to clean up data directory") {
		return nil
	}
	if err == nil {
		err = errors.New("the library started a server")
	}
	return fmt.Errorf("fetch PostgreSQL %s: %w", build, err)
}
