package postgres

import (
	"context"
	"errors"
	"os"
	"time"
)

var errLocked = errors.New("locked by another process")

// pollInterval is how often conditions of other processes are looked at.
const pollInterval = 20 * time.Millisecond

// fileLock is a lock between processes; it ends with the process.
type fileLock struct{ file *os.File }

// lockFile takes the lock on a file, which it creates. The error is errLocked
// if another process has it.
func lockFile(path string) (*fileLock, error) {
	return lockOpen(path, os.O_RDWR|os.O_CREATE)
}

func lockOpen(path string, flags int) (*fileLock, error) {
	file, err := os.OpenFile(path, flags, 0o600)
	if err != nil {
		return nil, err
	}
	if err := tryLock(file); err != nil {
		file.Close()
		return nil, err
	}
	return &fileLock{file}, nil
}

// waitForLock takes the lock as soon as it is free.
func waitForLock(ctx context.Context, path string) (*fileLock, error) {
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for {
		lock, err := lockFile(path)
		if !errors.Is(err, errLocked) {
			return lock, err
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-ticker.C:
		}
	}
}

// release gives the lock up. The file stays: removing it would let two
// processes lock two files of the same name.
func (l *fileLock) release() {
	unlock(l.file)
	l.file.Close()
}
