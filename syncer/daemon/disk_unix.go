//go:build linux || darwin

package daemon

import "golang.org/x/sys/unix"

// diskSpace returns the size of the disk that holds dir, and what this user may still write to it, in bytes.
func diskSpace(dir string) (free, size uint64, err error) {
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return 0, 0, err
	}
	block := uint64(disk.Bsize)
	return disk.Bavail * block, disk.Blocks * block, nil
}
