//go:build darwin || dragonfly || freebsd || netbsd || openbsd

package postgres

import (
	"os/exec"
	"syscall"
)

// bindLifetime puts the server into a process group of its own. These systems
// cannot tie its life to ours.
func bindLifetime(cmd *exec.Cmd, _ syscall.Signal) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
}

// postmasterAlive reports whether the process exists; PostgreSQL itself knows
// no better here.
func postmasterAlive(pid int, _ string) bool { return processExists(pid) }

// childrenOf knows none: backends notice the postmaster's death by themselves.
func childrenOf(int) []int { return nil }

func processGone(pid int) bool { return !processExists(pid) }
