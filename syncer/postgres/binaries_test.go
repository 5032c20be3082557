package postgres

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// standIn writes programs that claim a version; it returns their directory.
func standIn(t *testing.T, version string) string {
	t.Helper()
	dir := filepath.Join(filepath.Dir(dataDir(t)), "bin")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	writePrograms(t, dir, version)
	return dir
}

func writePrograms(t *testing.T, dir, version string) {
	t.Helper()
	for _, name := range []string{"postgres", "initdb", "pg_ctl"} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(script(version)), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

func script(version string) string {
	return "#!/bin/sh\necho 'postgres (PostgreSQL) " + version + "'\n"
}

func TestFindTakesTheNamedDirectoryOrItsBin(t *testing.T) {
	t.Parallel()
	dir := standIn(t, "17.2")
	for _, named := range []string{dir, filepath.Dir(dir)} {
		found, err := Find(t.Context(), nil, Search{Dir: named})
		if err != nil {
			t.Fatal(err)
		}
		if want := (Binaries{Dir: dir, Major: 17, Version: "17.2"}); found != want {
			t.Errorf("found %v, want %v", found, want)
		}
	}
}

func TestFindRefusesTheNamedDirectory(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		search Search
		word   string
	}{
		"too old":       {Search{Dir: standIn(t, "13.22")}, "14 or newer"},
		"other version": {Search{Dir: standIn(t, "15.1"), Major: 18}, "wanted is version 18"},
		"no programs":   {Search{Dir: filepath.Dir(dataDir(t))}, "find postgres"},
		"no version":    {Search{Dir: standIn(t, "x")}, "unexpected"},
	} {
		if _, err := Find(t.Context(), nil, c.search); err == nil || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: error %v does not mention %q", name, err, c.word)
		}
	}
}

func TestFindPassesOverWhatItCannotUse(t *testing.T) {
	t.Parallel()
	old, wanted := standIn(t, "9.6.24"), standIn(t, "16.4")
	search := Search{CacheDir: filepath.Dir(dataDir(t))}
	found, err := find(t.Context(), orDiscard(nil), search, []string{"/nonexistent", old, wanted}, source{})
	if err != nil {
		t.Fatal(err)
	}
	if found.Dir != wanted {
		t.Errorf("found %v, want the one in %s", found, wanted)
	}
}

func TestPathDirsFollowsLinks(t *testing.T) {
	t.Parallel()
	real, links := standIn(t, "16.4"), filepath.Dir(dataDir(t))
	if err := os.Symlink(filepath.Join(real, "pg_ctl"), filepath.Join(links, "pg_ctl")); err != nil {
		t.Fatal(err)
	}
	path := strings.Join([]string{"/nonexistent", links, real}, string(os.PathListSeparator))
	if got := pathDirs(path); !slices.Equal(got, []string{real}) {
		t.Errorf("%v, want only %s", got, real)
	}
}

func TestNewestFirst(t *testing.T) {
	t.Parallel()
	base := t.TempDir()
	for _, version := range []string{"9.6", "15", "18"} {
		if err := os.MkdirAll(filepath.Join(base, version, "bin"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, dir := range newestFirst([]string{filepath.Join(base, "*", "bin")}) {
		got = append(got, filepath.Base(filepath.Dir(dir)))
	}
	if want := []string{"18", "15", "9.6"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestInstalledHasOneOfEachVersion(t *testing.T) {
	t.Parallel()
	first, second, other := standIn(t, "41.1"), standIn(t, "41.2"), standIn(t, "42.0")
	found := Installed(t.Context(), first, second, other)
	if len(found) < 2 || found[0].Dir != first || found[1].Dir != other {
		t.Errorf("found %v", found)
	}
}

func TestParseVersion(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]struct {
		major   int
		version string
	}{
		"postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)\n": {15, "15.18"},
		"postgres (PostgreSQL) 19beta1":                          {19, "19beta1"},
		"postgres (PostgreSQL) 20devel":                          {20, "20devel"},
		"postgres (PostgreSQL) 9.6.24":                           {9, "9.6.24"},
	} {
		if major, version, err := parseVersion(line); err != nil || major != want.major || version != want.version {
			t.Errorf("%q: %d %q %v", line, major, version, err)
		}
	}
	for _, line := range []string{"", "postgres 15", "postgres (PostgreSQL) ", "postgres (PostgreSQL) beta"} {
		if major, version, err := parseVersion(line); err == nil {
			t.Errorf("%q: %d %q", line, major, version)
		}
	}
}

func TestInstallCommandFitsTheSystem(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ goos, manager, want string }{
		{"darwin", "apt-get", "brew install postgresql@18"},
		{"linux", "apt-get", "apt-get install postgresql"},
		{"linux", "dnf", "dnf install postgresql-server"},
		{"linux", "none", "apt-get install postgresql"},
	} {
		got := installCommand(c.goos, func(program string) bool { return program == c.manager })
		if got != c.want {
			t.Errorf("%s with %s: %q, want %q", c.goos, c.manager, got, c.want)
		}
	}
}

func TestFreePortIsInRangeAndFree(t *testing.T) {
	t.Parallel()
	port, err := freePort()
	if err != nil {
		t.Fatal(err)
	}
	if port < lowestPort || port >= highestPort {
		t.Error("port " + strconv.Itoa(port) + " is out of range")
	}
}
