package outbox_test

import (
	"bufio"
	"fmt"
	"io"
	"iter"
	"os"
	"os/exec"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/outbox"
)

// runChild is the body of a child process. It prints a line per acknowledged call
// and continues until it is killed.
func runChild(role, path string) error {
	o, err := outbox.Open(path)
	if err != nil {
		return err
	}
	switch role {
	case "hold":
		fmt.Fprintln(os.Stdout, "open")
		return stall()
	case "add":
		for n := 0; ; n++ {
			if err := o.Add(batch(n)); err != nil {
				return err
			}
			fmt.Fprintln(os.Stdout, n)
		}
	case "save bans":
		for generation := int64(1); ; generation++ {
			if err := o.SaveBans(bans(childBans, generation)); err != nil {
				return err
			}
			fmt.Fprintln(os.Stdout, generation)
		}
	case "stall in save bans":
		if err := o.SaveBans(bans(childBans, 1)); err != nil {
			return err
		}
		return o.SaveBans(stallingBans(childBans - 1))
	}
	return fmt.Errorf("no child %q", role)
}

// childBans needs more than one transaction.
const childBans = 25_000

// stallingBans prints after the given number of bans and then stands still.
func stallingBans(after int) iter.Seq[syncer.ActiveBan] {
	return func(yield func(syncer.ActiveBan) bool) {
		count := 0
		for ban := range bans(after, 2) {
			if count++; !yield(ban) {
				return
			}
		}
		fmt.Fprintln(os.Stdout, "stalled")
		_ = stall()
	}
}

// stall blocks until the parent is gone.
func stall() error {
	_, err := io.Copy(io.Discard, os.Stdin)
	return err
}

// child is a running child process.
type child struct {
	t     *testing.T
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startChild(t *testing.T, role, path string) *child {
	t.Helper()
	cmd := exec.Command(os.Args[0], path)
	cmd.Env = append(os.Environ(), childEnv+"="+role)
	cmd.Stderr = os.Stderr
	if _, err := cmd.StdinPipe(); err != nil { // closed when the parent ends
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	c := &child{t: t, cmd: cmd, lines: bufio.NewScanner(out)}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	return c
}

// await returns the n-th next line.
func (c *child) await(n int) string {
	c.t.Helper()
	for range n {
		if !c.lines.Scan() {
			c.t.Fatalf("the child ended early: %v", c.lines.Err())
		}
	}
	return c.lines.Text()
}

// kill sends SIGKILL and returns the last whole line the child had printed.
func (c *child) kill() string {
	c.t.Helper()
	last := c.lines.Text()
	if err := c.cmd.Process.Kill(); err != nil {
		c.t.Fatal(err)
	}
	for c.lines.Scan() {
		last = c.lines.Text()
	}
	_ = c.cmd.Wait()
	return strings.TrimSpace(last)
}
