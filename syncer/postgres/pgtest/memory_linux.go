package pgtest

import (
	"os"

	"golang.org/x/sys/unix"
)

const (
	// sharedMemory is where Linux keeps files in memory.
	sharedMemory = "/dev/shm"
	// neededMemory is what the servers of two packages take, in bytes, with room to spare;
	// containers often have 64 MB.
	neededMemory = 4 << 30
)

// memoryDir returns a directory in memory for the servers of tests, or "" if there is
// none with enough room or the variable TMPDIR names another place. On a disk the
// kernel's work for the files of databases made and dropped takes as long as the tests.
func memoryDir() string {
	var fs unix.Statfs_t
	if os.Getenv("TMPDIR") != "" || unix.Access(sharedMemory, unix.W_OK) != nil {
		return ""
	}
	if err := unix.Statfs(sharedMemory, &fs); err != nil {
		return ""
	}
	if fs.Type != unix.TMPFS_MAGIC || fs.Bavail < neededMemory/uint64(fs.Bsize) {
		return ""
	}
	return sharedMemory
}
