package postgres

import (
	"fmt"
	"os"
	"path/filepath"
)

const temporaryPrefix = "playersync-postgres-"

// openTemporaryDirectory makes the directory of a throw-away server in parent, or
// else in [os.TempDir], and removes those of processes that were killed.
func openTemporaryDirectory(parent string) (*directory, error) {
	d := &directory{account: serverAccount(), temporary: true}
	if parent == "" {
		parent = os.TempDir()
	}
	if closed, _ := d.account.closedParent(parent); closed != "" {
		parent = "/tmp"
	}
	sweep(parent)
	dir, err := os.MkdirTemp(parent, temporaryPrefix)
	if err != nil {
		return nil, fmt.Errorf("make throw-away server: %w", err)
	}
	d.dir = dir
	if err := os.Chmod(dir, d.mode()); err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("make throw-away server: %w", err)
	}
	// Only a locked file gets the name that a sweep looks for.
	if d.lock, err = lockFile(filepath.Join(dir, "lock.new")); err == nil {
		err = os.Rename(filepath.Join(dir, "lock.new"), filepath.Join(dir, "lock"))
	}
	if err != nil {
		os.RemoveAll(dir)
		return nil, fmt.Errorf("lock throw-away server: %w", err)
	}
	return d, nil
}

// sweep removes the directories of our throw-away servers whose process is gone.
func sweep(parent string) {
	dirs, _ := filepath.Glob(filepath.Join(parent, temporaryPrefix+"*")) // fails only on a malformed pattern
	for _, dir := range dirs {
		info, err := os.Lstat(dir)
		if err != nil || !info.IsDir() || !ownedBy(info, os.Geteuid()) {
			continue
		}
		lock, err := lockOpen(filepath.Join(dir, "lock"), os.O_RDWR)
		if err != nil {
			continue
		}
		d := &directory{dir: dir, lock: lock, temporary: true}
		if pid, err := d.livePostmaster(); err != nil || pid != 0 {
			lock.release()
			continue
		}
		_ = d.release() // what cannot be removed now is tried again by the next
	}
}
