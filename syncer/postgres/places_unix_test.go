//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package postgres

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// In a directory that all may write to, others may be first.
func TestTemporaryCacheIsOurs(t *testing.T) {
	t.Parallel()
	ours := os.Geteuid()
	elsewhere := t.TempDir()
	for what, test := range map[string]struct {
		uid     int
		prepare func(dir string) error
	}{
		"writable by all": {ours, func(dir string) error {
			return errors.Join(os.Mkdir(dir, 0o700), os.Chmod(dir, 0o777))
		}},
		"a link":         {ours, func(dir string) error { return os.Symlink(elsewhere, dir) }},
		"another user's": {ours + 1, func(dir string) error { return os.Mkdir(dir, 0o700) }}, // to that one ours is
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			parent, name := t.TempDir(), fmt.Sprint("playersync-", test.uid)
			if err := test.prepare(filepath.Join(parent, name)); err != nil {
				t.Fatal(err)
			}
			if dir, err := temporaryCache(parent, test.uid); err == nil || !strings.Contains(err.Error(), name) {
				t.Errorf("taken: %q, %v", dir, err)
			}
		})
	}
	parent := t.TempDir()
	want := filepath.Join(parent, fmt.Sprint("playersync-", ours))
	for range 2 {
		if dir, err := temporaryCache(parent, ours); err != nil || dir != want {
			t.Errorf("own cache: %q, %v", dir, err)
		}
	}
}
