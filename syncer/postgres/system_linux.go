package postgres

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// bindLifetime puts the server into a process group of its own and has the
// kernel send it a signal when the thread that starts it ends; see [launch].
func bindLifetime(cmd *exec.Cmd, signal syscall.Signal) {
	if cmd.SysProcAttr == nil {
		cmd.SysProcAttr = &syscall.SysProcAttr{}
	}
	cmd.SysProcAttr.Setpgid = true
	cmd.SysProcAttr.Pdeathsig = signal
}

// postmasterAlive reports whether the process is a postmaster of the cluster in
// dir: it has made that its working directory.
func postmasterAlive(pid int, dir string) bool {
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	if err != nil {
		return !os.IsNotExist(err) && processExists(pid)
	}
	resolved, err := filepath.EvalSymlinks(dir)
	return err == nil && cwd == resolved
}

// childrenOf lists the living children of a process.
func childrenOf(parent int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat") // fails only on a malformed pattern
	var children []int
	for _, path := range stats {
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(path)))
		if err != nil {
			continue
		}
		if _, ppid := processState(pid); ppid == parent {
			children = append(children, pid)
		}
	}
	return children
}

// processGone reports whether a process has ended, reaped or not.
func processGone(pid int) bool {
	state, _ := processState(pid)
	return state == "" || state == "Z" || state == "X"
}

// processState reads the state letter and the parent of a process; the letter
// is "" if there is no such process.
func processState(pid int) (state string, parent int) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", 0
	}
	// The name in parentheses may itself hold spaces and parentheses.
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 2 {
		return "", 0
	}
	parent, _ = strconv.Atoi(fields[1])
	return fields[0], parent
}
