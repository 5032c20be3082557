package postgres

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"

	"playersync/syncer/trust"
)

// distributionDirs are patterns of the directories into which packages of
// PostgreSQL put their programs, where these are not on PATH.
var distributionDirs = []string{
	"/usr/lib/postgresql/*/bin",     // Debian, Ubuntu
	"/usr/pgsql-*/bin",              // packages of the PostgreSQL project for Fedora and its kin
	"/usr/lib/postgresql[0-9]*/bin", // SUSE
	"/usr/libexec/postgresql[0-9]*", // Alpine
	"/opt/homebrew/opt/postgresql@*/bin",
	"/usr/local/opt/postgresql@*/bin",
	"/Applications/Postgres.app/Contents/Versions/*/bin",
	"/usr/local/pgsql/bin", // built from source
}

// installedDirs lists the directories where a package may have put PostgreSQL:
// what PATH leads to, then the distributions' directories, newest first.
func installedDirs() []string {
	dirs := pathDirs(os.Getenv("PATH"))
	for _, dir := range newestFirst(distributionDirs) {
		if !slices.Contains(dirs, dir) {
			dirs = append(dirs, dir)
		}
	}
	return dirs
}

// cachedDirs lists what earlier runs fetched, newest first.
func cachedDirs(cache string) []string {
	return newestFirst([]string{filepath.Join(cache, "postgres", "[0-9]*", "bin")})
}

// pathDirs returns the directories on a PATH that have a program of the
// server. Links are followed: a PATH often holds links to single programs of
// an installation whose others are needed too.
func pathDirs(path string) []string {
	var dirs []string
	for _, dir := range filepath.SplitList(path) {
		for _, name := range []string{"postgres", "pg_ctl", "initdb"} {
			target, err := filepath.EvalSymlinks(filepath.Join(dir, executable(name)))
			if err != nil || !filepath.IsAbs(target) {
				continue
			}
			if target = filepath.Dir(target); !slices.Contains(dirs, target) {
				dirs = append(dirs, target)
			}
		}
	}
	return dirs
}

var versionInPath = regexp.MustCompile(`(\d+)[^/\\]*(?:[/\\]bin)?$`)

// newestFirst expands patterns and orders the directories by the version in
// their names, falling.
func newestFirst(patterns []string) []string {
	var dirs []string
	for _, pattern := range patterns {
		found, _ := filepath.Glob(pattern) // fails only on a malformed pattern
		dirs = append(dirs, found...)
	}
	version := func(dir string) int {
		match := versionInPath.FindStringSubmatch(dir)
		if match == nil {
			return 0
		}
		number, _ := strconv.Atoi(match[1])
		return number
	}
	slices.SortStableFunc(dirs, func(a, b string) int { return cmp.Compare(version(b), version(a)) })
	return dirs
}

// cacheDir is where fetched builds are kept. Root's home is closed to the user
// who runs the server, so root's cache is the system's.
func (s Search) cacheDir() (string, error) {
	if s.CacheDir != "" {
		return filepath.Abs(s.CacheDir)
	}
	if runningAsRoot() {
		return "/var/cache/playersync", nil
	}
	if dir, err := os.UserCacheDir(); err == nil {
		return filepath.Join(dir, "playersync"), nil
	}
	return filepath.Join(os.TempDir(), "playersync-"+strconv.Itoa(os.Geteuid())), nil // a user without a home
}

// trustCache refuses a cache to which others may write, or that they have put there: its
// programs are run.
func trustCache(cache string) error {
	for _, place := range []string{cache, filepath.Join(cache, "postgres")} {
		if err := trust.CheckDirectory(place); err != nil {
			return fmt.Errorf("programs that are kept in %s are not safe: %w", cache, err)
		}
	}
	return nil
}

func executable(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
