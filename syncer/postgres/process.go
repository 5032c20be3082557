package postgres

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"runtime"
	"time"
)

// process is one run of the postmaster.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when it has ended
	err  error         // how it ended, nil if without a fault; valid after done
}

// launch starts a command and reaps it.
//
// The kernel's "tell me when my parent died" means the thread that forked, not
// the process. So one goroutine holds on to its thread from the start of the
// command to its end: that thread then ends early only with the whole process.
func launch(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, err
	}
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

// reason says how a process that has ended did so.
func (p *process) reason() error {
	if p.err == nil {
		return errors.New("exit status 0")
	}
	return p.err
}

func (p *process) running() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// stop ends the process in the mildest way that works: a fast shutdown until
// ctx ends or half a minute has passed, then an immediate one, then SIGKILL.
// It reports whether the fast shutdown did it.
func (p *process) stop(ctx context.Context) (clean bool) {
	if !p.running() {
		return true
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	_ = p.cmd.Process.Signal(signalFast) // fails only if it has just ended
	select {
	case <-p.done:
		return true
	case <-ctx.Done():
	}
	_ = p.cmd.Process.Signal(signalImmediate)
	select {
	case <-p.done:
	case <-time.After(5 * time.Second):
		p.kill()
	}
	return false
}

// kill ends the process and its children the hard way and returns when they
// are gone.
func (p *process) kill() {
	freeze(p.cmd.Process) // so that it forks no more
	children := childrenOf(p.pid())
	_ = p.cmd.Process.Kill()
	<-p.done
	ticker := time.NewTicker(pollInterval)
	defer ticker.Stop()
	for _, pid := range children {
		for !processGone(pid) {
			if child, err := os.FindProcess(pid); err == nil {
				_ = child.Kill()
			}
			<-ticker.C
		}
	}
}
