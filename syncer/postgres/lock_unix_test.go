//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package postgres

import (
	"path/filepath"
	"syscall"
	"testing"
)

// A program that is started at the same moment has the lock's file open, too, until it
// runs.
func TestReleasedLockIsFreeThoughItsFileIsOpen(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "lock")
	lock, err := lockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	inherited, err := syscall.Dup(int(lock.file.Fd()))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = syscall.Close(inherited) }()
	lock.release()
	again, err := lockFile(path)
	if err != nil {
		t.Fatal(err)
	}
	again.release()
}
