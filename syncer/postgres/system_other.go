//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package postgres

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// supported reports whether servers can be run here.
func supported() error {
	return fmt.Errorf("run a private PostgreSQL on %s: %w; use a server of your own",
		runtime.GOOS, errors.ErrUnsupported)
}

func (a *account) apply(*exec.Cmd) {}

func (a *account) mayEnter(os.FileInfo) bool { return true }

func ownedBy(os.FileInfo, int) bool { return false }

// tryLock always succeeds: renames alone keep concurrent fetches apart.
func tryLock(*os.File) error { return nil }

func unlock(*os.File) {}

func bindLifetime(*exec.Cmd, syscall.Signal) {}

func postmasterAlive(int, string) bool { return false }

func childrenOf(int) []int { return nil }

func processGone(int) bool { return true }

func freeze(*os.Process) {}

func processExists(int) bool { return false }

const (
	signalFast      = syscall.SIGINT
	signalImmediate = syscall.SIGQUIT
)
