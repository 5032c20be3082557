package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// MinimumMajor is the oldest major version of PostgreSQL that is used.
const MinimumMajor = 14

// Binaries names one installation of PostgreSQL. The zero value names none.
type Binaries struct {
	// Dir holds the programs postgres and initdb.
	Dir string
	// Major is the major version, for example 18.
	Major int
	// Version is the version as its program prints it, for example "18.3".
	Version string
}

// Search says where [Find] looks. The zero value looks everywhere and takes
// any version from [MinimumMajor].
type Search struct {
	// Dir, if set, is the only place: a directory with postgres and initdb, or
	// one whose subdirectory bin has them.
	Dir string
	// Major, if not 0, is the only major version wanted.
	Major int
	// CacheDir is where fetched builds are kept; the default is a directory
	// "playersync" in the user's cache directory, for root in /var/cache.
	CacheDir string
}

// errTooOld marks an installation below MinimumMajor.
var errTooOld = fmt.Errorf("playersync needs PostgreSQL %d or newer", MinimumMajor)

// Find returns an installation of PostgreSQL that the user who is to run the
// server can execute; see the package comment for the order. Fetching takes
// from seconds to minutes and is logged; concurrent processes fetch once. If
// nothing is found the error names the package to install.
func Find(ctx context.Context, logger *slog.Logger, search Search) (Binaries, error) {
	return find(ctx, orDiscard(logger), search, installedDirs(), official())
}

// Installed returns the installations found in the given directories, on PATH
// and in the distributions' directories: one for each major version, the first
// found of each, in that order.
func Installed(ctx context.Context, dirs ...string) []Binaries {
	var found []Binaries
	seen := map[int]bool{}
	for _, dir := range append(dirs, installedDirs()...) {
		binaries, err := inspect(ctx, dir)
		if err == nil && !seen[binaries.Major] {
			seen[binaries.Major] = true
			found = append(found, binaries)
		}
	}
	return found
}

func find(
	ctx context.Context, logger *slog.Logger, search Search, installed []string, from source,
) (Binaries, error) {
	if search.Dir != "" {
		return findIn(ctx, search)
	}
	cache, err := search.cacheDir()
	if err != nil {
		return Binaries{}, err
	}
	dirs := installed
	if trustCache(cache) == nil { // else fetch says why not
		dirs = append(dirs, cachedDirs(cache)...)
	}
	var rejected []error
	for _, dir := range dirs {
		binaries, err := inspect(ctx, dir)
		if err == nil {
			err = search.accept(binaries)
		}
		switch {
		case err == nil:
			logger.DebugContext(ctx, "found PostgreSQL", "version", binaries.Version, "dir", binaries.Dir)
			return binaries, nil
		case !errors.Is(err, os.ErrNotExist):
			rejected = append(rejected, err)
		}
	}
	binaries, err := fetch(ctx, logger, from, search.Major, cache)
	if err != nil {
		return Binaries{}, &NotFoundError{Hint: installHint(), Rejected: rejected, Fetch: err}
	}
	return binaries, nil
}

// findIn inspects the one directory that the search names.
func findIn(ctx context.Context, search Search) (Binaries, error) {
	dir, err := filepath.Abs(search.Dir)
	if err != nil {
		return Binaries{}, fmt.Errorf("resolve %s: %w", search.Dir, err)
	}
	binaries, err := inspect(ctx, dir)
	if errors.Is(err, os.ErrNotExist) {
		binaries, err = inspect(ctx, filepath.Join(dir, "bin"))
	}
	if err != nil {
		return Binaries{}, fmt.Errorf("find PostgreSQL in %s: %w", dir, err)
	}
	if err := search.accept(binaries); err != nil {
		return Binaries{}, err
	}
	return binaries, nil
}

// accept reports why the search does not want an installation, if so.
func (s Search) accept(binaries Binaries) error {
	if s.Major != 0 && binaries.Major != s.Major {
		return fmt.Errorf("%s has PostgreSQL %s, wanted is version %d", binaries.Dir, binaries.Version, s.Major)
	}
	return nil
}

// inspect asks the programs in a directory for their version, as the user who
// would run the server. The error is os.ErrNotExist if they are not there.
func inspect(ctx context.Context, dir string) (Binaries, error) {
	for _, name := range []string{"postgres", "initdb"} {
		if _, err := os.Stat(filepath.Join(dir, executable(name))); err != nil {
			return Binaries{}, fmt.Errorf("find %s: %w", name, err)
		}
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	user := serverAccount()
	cmd := exec.CommandContext(ctx, filepath.Join(dir, executable("postgres")), "--version")
	cmd.Env = serverEnv()
	user.apply(cmd)
	out, err := cmd.Output()
	if errors.Is(err, os.ErrPermission) {
		return Binaries{}, fmt.Errorf("run %s as %s: permission denied (may that user enter the directory?)",
			cmd.Path, user)
	}
	if err != nil {
		return Binaries{}, fmt.Errorf("run %s --version: %w", cmd.Path, err)
	}
	binaries := Binaries{Dir: dir}
	if binaries.Major, binaries.Version, err = parseVersion(string(out)); err != nil {
		return Binaries{}, fmt.Errorf("read version of %s: %w", cmd.Path, err)
	}
	if binaries.Major < MinimumMajor {
		return Binaries{}, fmt.Errorf("%s has PostgreSQL %s: %w", dir, binaries.Version, errTooOld)
	}
	return binaries, nil
}

// parseVersion reads the line that `postgres --version` prints, such as
// "postgres (PostgreSQL) 18.3" or "postgres (PostgreSQL) 19beta1 (build 7)".
func parseVersion(line string) (major int, version string, err error) {
	_, rest, found := strings.Cut(line, "(PostgreSQL) ")
	fields := strings.Fields(rest)
	if !found || len(fields) == 0 {
		return 0, "", fmt.Errorf("unexpected %q", line)
	}
	digits := strings.IndexFunc(fields[0]+".", func(r rune) bool { return r < '0' || r > '9' })
	if major, err = strconv.Atoi(fields[0][:digits]); err != nil {
		return 0, "", fmt.Errorf("unexpected %q", line)
	}
	return major, fields[0], nil
}

func orDiscard(logger *slog.Logger) *slog.Logger {
	if logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return logger
}
