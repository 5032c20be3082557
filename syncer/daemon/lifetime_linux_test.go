package daemon_test

import (
	"os/exec"
	"syscall"
)

// dieWithUs ends a program when the test binary is killed before it can.
func dieWithUs(command *exec.Cmd) {
	command.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
}
