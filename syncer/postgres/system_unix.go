//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package postgres

import (
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// supported reports whether servers can be run here.
func supported() error { return nil }

// apply makes a command run as the account.
func (a *account) apply(cmd *exec.Cmd) {
	cmd.Dir = "/" // ours may be closed to the account
	if a == nil {
		return
	}
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Credential = &syscall.Credential{Uid: uint32(a.uid), Gid: uint32(a.gid)}
}

// mayEnter looks at the permission bits as the kernel does.
func (a *account) mayEnter(info os.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return true
	}
	mode := info.Mode().Perm()
	switch {
	case int(stat.Uid) == a.uid:
		return mode&0o100 != 0
	case int(stat.Gid) == a.gid:
		return mode&0o010 != 0
	default:
		return mode&0o001 != 0
	}
}

// ownedBy reports whether a file belongs to a user.
func ownedBy(info os.FileInfo, uid int) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == uid
}

// tryLock takes a lock that the kernel drops when the process ends. The error
// is errLocked if somebody else has it.
func tryLock(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errLocked
	}
	return err
}

// unlock drops the lock, also if a process that is being started shares the file.
func unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }

// processExists reports whether there is a process with this id that we might
// have started: one that we may not signal is another user's.
func processExists(pid int) bool { return syscall.Kill(pid, 0) == nil }

// freeze stops a process without ending it.
func freeze(process *os.Process) { _ = process.Signal(syscall.SIGSTOP) }

const (
	signalFast      = syscall.SIGINT  // disconnect everybody, checkpoint, exit
	signalImmediate = syscall.SIGQUIT // exit at once, recover at the next start
)
