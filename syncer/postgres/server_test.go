package postgres

import (
	"bufio"
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
)

func TestThrowAwayServerLeavesNothing(t *testing.T) {
	t.Parallel()
	server := start(t, Config{Settings: map[string]string{"work_mem": "5MB"}})
	for setting, want := range map[string]string{
		"work_mem": "5MB", "fsync": "off", "max_connections": "300", "listen_addresses": "127.0.0.1",
		"server_encoding": "UTF8", "unix_socket_directories": "",
	} {
		if got := query(t, server.URL(), "SHOW "+setting); got != want {
			t.Errorf("%s is %q, want %q", setting, got, want)
		}
	}
	dir := server.directory.dir
	for range 2 {
		if err := server.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	<-server.Done()
	if exists(dir) {
		t.Errorf("%s is still there", dir)
	}
	if err := server.Restart(t.Context()); err == nil {
		t.Error("a stopped server restarted")
	}
}

func TestLastingServerKeepsDataPasswordAndDurability(t *testing.T) {
	t.Parallel()
	dir := dataDir(t)
	first := start(t, Config{DataDir: dir, Durable: true})
	if got := query(t, first.URL(), "SHOW fsync"); got != "on" {
		t.Errorf("fsync is %s", got)
	}
	query(t, first.URL(), "SELECT set_config('a.b', 'c', false) FROM pg_create_restore_point('x')")
	identifier := query(t, first.URL(), "SELECT system_identifier::text FROM pg_control_system()")
	if err := first.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	second := start(t, Config{DataDir: dir, Durable: true})
	if got := query(t, second.URL(), "SELECT system_identifier::text FROM pg_control_system()"); got != identifier {
		t.Errorf("another cluster: %s, was %s", got, identifier)
	}
	if first.password != second.password {
		t.Error("the password changed")
	}
}

// A shell carries the line out, with a psql that shows what it was given.
func TestLineForPsql(t *testing.T) {
	t.Parallel()
	server := start(t, Config{DataDir: filepath.Join(dataDir(t), "Steve's")})
	bin := t.TempDir()
	script := []byte("#!/bin/sh\necho \"$PGPASSWORD $*\"\n")
	if err := os.WriteFile(filepath.Join(bin, "psql"), script, 0o700); err != nil {
		t.Fatal(err)
	}
	line := server.Psql()
	shell := exec.CommandContext(t.Context(), "sh", "-c", line)
	shell.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	shown, err := shell.Output()
	want := fmt.Sprintf("%s -h 127.0.0.1 -p %d -U postgres\n", server.password, server.port)
	if err != nil || string(shown) != want {
		t.Errorf("%s: %q, %v, want %q", line, shown, err, want)
	}
	if strings.Contains(line, server.password) {
		t.Errorf("%s holds the password", line)
	}
}

func TestOthersCannotLogIn(t *testing.T) {
	t.Parallel()
	server := start(t, Config{})
	guessed, err := url.Parse(server.URL())
	if err != nil {
		t.Fatal(err)
	}
	for _, user := range []*url.Userinfo{url.User("postgres"), url.UserPassword("postgres", "postgres")} {
		guessed.User = user
		if conn, err := pgx.Connect(t.Context(), guessed.String()); err == nil {
			_ = conn.Close(t.Context())
			t.Errorf("logged in as %s", user)
		}
	}
	for path, most := range map[string]os.FileMode{
		server.directory.password(): 0o600, server.directory.data(): 0o700, server.directory.log(): 0o600,
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if mode := info.Mode().Perm(); mode&^most != 0 {
			t.Errorf("%s has mode %o, want at most %o", path, mode, most)
		}
	}
	if said := fmt.Sprintf("%v %+v %s", server, server, server.LogValue()); strings.Contains(said, server.password) {
		t.Error("the printed server shows its password")
	}
}

func TestRestartKeepsPort(t *testing.T) {
	t.Parallel()
	server := start(t, Config{})
	port, pid := server.Port(), server.PID()
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	if server.Port() != port || server.PID() == pid {
		t.Errorf("port %d, was %d; process %d, was %d", server.Port(), port, server.PID(), pid)
	}
	query(t, server.URL(), "SELECT 'x'")
}

func TestKillTakesBackendsAlong(t *testing.T) {
	t.Parallel()
	server := start(t, Config{})
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	children := childrenOf(server.PID())
	if len(children) == 0 {
		t.Fatal("the server has no children")
	}
	server.Kill()
	server.Kill()
	<-server.Done()
	for _, pid := range children {
		if !processGone(pid) {
			t.Errorf("process %d is still there", pid)
		}
	}
	server.Shutdown(t.Context())
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
	query(t, server.URL(), "SELECT 'x'")
}

func TestShutdownEndsServerWhoseClientsStay(t *testing.T) {
	t.Parallel()
	server := start(t, Config{})
	conn, err := pgx.Connect(t.Context(), server.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.Background())
	server.Shutdown(t.Context())
	<-server.Done()
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if err := server.Restart(ended); err == nil {
		t.Error("restarted although the context had ended")
	}
	if err := server.Restart(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestServerEndsWithKilledParent(t *testing.T) {
	t.Parallel()
	for _, dir := range []string{"", dataDir(t)} {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			child, pid, home := startChild(t, dir)
			if processGone(pid) {
				t.Fatal("the child's server does not run")
			}
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
			eventually(t, "the orphan is gone", func() bool { return processGone(pid) })
			server := start(t, Config{DataDir: dir}) // finds a stale postmaster.pid, or sweeps
			query(t, server.URL(), "SELECT 'x'")
			if dir == "" && exists(home) {
				t.Errorf("%s of the killed process is still there", home)
			}
		})
	}
}

// startChild runs this test binary as a process that starts a server.
func startChild(t *testing.T, dir string) (child *exec.Cmd, pid int, home string) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(self)
	cmd.Env = append(os.Environ(), childEnv+"="+dir)
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait() })
	line, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	number, home, _ := strings.Cut(strings.TrimSpace(line), " ")
	if pid, err = strconv.Atoi(number); err != nil {
		t.Fatal(err)
	}
	return cmd, pid, home
}
