//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package postgres

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// In a directory that all may write to, others may be first.
func TestTemporaryCacheIsOurs(t *testing.T) {
	t.Parallel()
	name := "playersync-" + strconv.Itoa(os.Getuid())
	for what, prepare := range map[string]func(t *testing.T, dir string){
		"writable by all": func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(dir, 0o777); err != nil {
				t.Fatal(err)
			}
		},
		"a link": func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Symlink(t.TempDir(), dir); err != nil {
				t.Fatal(err)
			}
		},
		"another user's": func(t *testing.T, dir string) {
			t.Helper()
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chown(dir, 12345, 12345); err != nil {
				t.Skip("only root may give directories away")
			}
		},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			parent := t.TempDir()
			prepare(t, filepath.Join(parent, name))
			if dir, err := temporaryCache(parent); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("taken: %q, %v", dir, err)
			}
		})
	}
	parent := t.TempDir()
	for range 2 {
		if dir, err := temporaryCache(parent); err != nil || dir != filepath.Join(parent, name) {
			t.Errorf("own cache: %q, %v", dir, err)
		}
	}
}
