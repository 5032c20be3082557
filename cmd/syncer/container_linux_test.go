//go:build deploy

package main

import (
	"debug/elf"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"playersync/syncer/postgres/pgtest"
)

// nonroot is the user in the image.
const nonroot = 65532

// TestContainerHasAllThatTheProgramNeeds builds it as the Dockerfile does and runs it with a root
// directory of what the image has. Only root may change the root directory.
func TestContainerHasAllThatTheProgramNeeds(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("needs root")
	}
	image := t.TempDir()
	program := image + "/usr/bin/syncer"
	build := exec.CommandContext(t.Context(), "go", "build", "-trimpath", "-buildvcs=false",
		"-ldflags", "-s -w -X main.version=v1.2.3 -X main.revision=0123abc", "-o", program, ".")
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	isStatic(t, program)
	data := image + "/var/lib/playersync"
	err := errors.Join(os.MkdirAll(filepath.Dir(data), 0o755), os.Mkdir(data, 0o700), os.Chown(data, nonroot, nonroot),
		os.Chmod(image, 0o755))
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	_ = listener.Close()
	inside := func(args ...string) *exec.Cmd {
		cmd := exec.CommandContext(t.Context(), "/usr/bin/syncer", args...)
		cmd.Dir = "/"
		cmd.Env = []string{
			"PATH=/usr/bin", "SYNCER_DATA_DIR=/var/lib/playersync", "SYNCER_DATABASE_URL=" + pgtest.Empty(t),
			"SYNCER_HTTP_LISTEN=" + address, "SYNCER_SERVER_NAME=a",
		}
		cmd.SysProcAttr = &syscall.SysProcAttr{
			Chroot: image, Credential: &syscall.Credential{Uid: nonroot, Gid: nonroot}, Pdeathsig: syscall.SIGKILL,
		}
		return cmd
	}
	if out, err := inside("health").CombinedOutput(); err == nil {
		t.Errorf("nobody is there, and is healthy: %s", out)
	}
	serve := inside("serve")
	serve.Stdout, serve.Stderr = t.Output(), t.Output()
	if err := serve.Start(); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{"health"}, {"health", "--ready"}} {
		pgtest.Eventually(t, limit, func() error {
			if out, err := inside(args...).CombinedOutput(); err != nil {
				return fmt.Errorf("%v: %w\n%s", args, err, out)
			}
			return nil
		})
	}
	out, err := inside("version").CombinedOutput()
	if text := string(out); err != nil || !strings.Contains(text, "v1.2.3") || !strings.Contains(text, "0123abc") {
		t.Errorf("version: %v\n%s", err, text)
	}
	if err := errors.Join(serve.Process.Signal(syscall.SIGTERM), serve.Wait()); err != nil {
		t.Errorf("serve ended with %v", err)
	}
}

// isStatic checks that a program needs no other file to start.
func isStatic(t *testing.T, program string) {
	t.Helper()
	file, err := elf.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, segment := range file.Progs {
		if segment.Type == elf.PT_INTERP || segment.Type == elf.PT_DYNAMIC {
			t.Errorf("the program has a segment %v", segment.Type)
		}
	}
}
