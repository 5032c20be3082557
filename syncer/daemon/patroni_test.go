//go:build patroni

package daemon_test

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// TestPatroni lets Patroni replace the primary in each way it has, while game servers write:
// asked to, after a crash of the primary and its Patroni, and after both were stopped so that
// the old primary wakes up later as if nothing had happened.
func TestPatroni(t *testing.T) {
	t.Parallel()
	c := newPatroniCluster(t)
	url := c.url("postgres")
	if err := store.Migrate(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	var nodes []*node
	for _, name := range []string{"a", "b"} {
		nodes = append(nodes, start(t, url, name, beating.adapt, shortTimeouts, func(c *daemon.Config) {
			c.Store.Timeout = 2 * time.Second
		}).ready())
	}
	psql := connect(t, c.leader().url("postgres"))
	run(t, psql, `insert into currency values ('coins')`)
	log := newAcknowledged(nodes)
	for _, fault := range []struct {
		name        string
		begin, mend func(old *patroniMember)
	}{
		{"switchover", c.switchover, func(*patroniMember) {}},
		{"crash", (*patroniMember).crash, (*patroniMember).start},
		{"stop", (*patroniMember).freeze, (*patroniMember).wake},
	} {
		old := c.leader()
		c.awaitStandby(old)
		stop := log.write(nodes)
		log.progress(t, 10)
		fault.begin(old)
		c.awaitLeader(c.other(old))
		promoted := time.Now()
		log.progress(t, 10)
		t.Logf("%s: %v from the promotion to ten writes more", fault.name, time.Since(promoted))
		fault.mend(old)
		c.awaitStandby(c.other(old))
		log.progress(t, 10)
		stop()
		for _, n := range nodes {
			n.ready()
		}
		psql := connect(t, c.other(old).url("postgres"))
		equal(t, psql, log.cast(), nodes...)
		log.check(t, psql, nodes)
	}
}

// patroniCluster is two servers that Patroni looks after, with etcd as what decides.
type patroniCluster struct {
	t       *testing.T
	members [2]*patroniMember
}

// patroniMember is one server and its Patroni.
type patroniMember struct {
	t         *testing.T
	name, dir string
	rest, sql int // ports
	command   *exec.Cmd
}

func newPatroniCluster(t *testing.T) *patroniCluster {
	t.Helper()
	c := &patroniCluster{t: t}
	dir := openDir(t)
	etcd := freePort(t)
	peer := freePort(t)
	address := func(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }
	launch(t, "etcd", "--data-dir", filepath.Join(dir, "etcd"), "--unsafe-no-fsync",
		"--listen-client-urls", address(etcd), "--advertise-client-urls", address(etcd),
		"--listen-peer-urls", address(peer), "--initial-advertise-peer-urls", address(peer),
		"--initial-cluster", "default="+address(peer))
	for i := range c.members {
		m := &patroniMember{t: t, name: fmt.Sprintf("member%d", i), rest: freePort(t), sql: freePort(t)}
		m.dir = filepath.Join(dir, m.name)
		if err := os.WriteFile(m.config(), []byte(m.settings(etcd)), 0o644); err != nil {
			t.Fatal(err)
		}
		m.start()
		c.members[i] = m
		if i == 0 {
			c.awaitLeader(m)
		}
	}
	c.awaitStandby(c.members[0])
	return c
}

// settings are those of Patroni: the shortest times that it allows, and a standby without which
// nothing is committed for as long as there is one.
func (m *patroniMember) settings(etcd int) string {
	binaries := pgtest.Versions(m.t)[0]
	return fmt.Sprintf(`
scope: playersync
name: %[1]s
restapi: {listen: "127.0.0.1:%[2]d", connect_address: "127.0.0.1:%[2]d"}
etcd3: {host: "127.0.0.1:%[3]d"}
bootstrap:
  dcs: {ttl: 20, loop_wait: 1, retry_timeout: 3, synchronous_mode: true, postgresql: {use_pg_rewind: true}}
  initdb: [{encoding: UTF8}, {locale: C.UTF-8}, data-checksums, no-sync]
postgresql:
  listen: 127.0.0.1:%[4]d
  connect_address: 127.0.0.1:%[4]d
  data_dir: %[5]s
  bin_dir: %[6]s
  pgpass: %[5]s.pgpass
  authentication:
    superuser: {username: postgres, password: secret}
    replication: {username: replicator, password: secret}
  parameters: {fsync: "off", unix_socket_directories: "", wal_keep_size: 512MB}
  pg_hba: ["host all postgres 127.0.0.1/32 scram-sha-256", "host replication all 127.0.0.1/32 scram-sha-256"]
`, m.name, m.rest, etcd, m.sql, m.dir, binaries.Dir)
}

func (m *patroniMember) config() string { return m.dir + ".yaml" }

func (m *patroniMember) start() { m.command = launch(m.t, "patroni", m.config()) }

func (m *patroniMember) url(database string) string {
	return fmt.Sprintf("postgres://postgres:secret@127.0.0.1:%d/%s", m.sql, database)
}

// url names both servers.
func (c *patroniCluster) url(database string) string {
	return fmt.Sprintf("postgres://postgres:secret@127.0.0.1:%d,127.0.0.1:%d/%s", c.members[0].sql, c.members[1].sql,
		database)
}

// is asks Patroni whether the member has a role: leader, or sync for a synchronous standby.
func (m *patroniMember) is(role string) bool {
	hurried := http.Client{Timeout: 5 * time.Second}
	response, err := hurried.Get(fmt.Sprintf("http://127.0.0.1:%d/%s", m.rest, role))
	if err != nil {
		return false
	}
	_ = response.Body.Close()
	return response.StatusCode == http.StatusOK
}

func (c *patroniCluster) leader() (leader *patroniMember) {
	c.t.Helper()
	pgtest.Eventually(c.t, waitTimeout, func() error {
		for _, m := range c.members {
			if m.is("leader") {
				leader = m
				return nil
			}
		}
		return fmt.Errorf("there is no leader")
	})
	return leader
}

func (c *patroniCluster) other(m *patroniMember) *patroniMember {
	if c.members[0] == m {
		return c.members[1]
	}
	return c.members[0]
}

func (c *patroniCluster) awaitLeader(m *patroniMember) {
	c.t.Helper()
	c.await(m, "leader")
}

// awaitStandby waits until the other one follows the leader synchronously.
func (c *patroniCluster) awaitStandby(leader *patroniMember) {
	c.t.Helper()
	c.await(c.other(leader), "sync")
}

func (c *patroniCluster) await(m *patroniMember, role string) {
	c.t.Helper()
	pgtest.Eventually(c.t, waitTimeout, func() error {
		if !m.is(role) {
			return fmt.Errorf("%s is not %s", m.name, role)
		}
		return nil
	})
}

func (c *patroniCluster) switchover(old *patroniMember) {
	c.t.Helper()
	command := exec.Command("patronictl", "-c", old.config(), "switchover", "--force", "--master", old.name,
		"--candidate", c.other(old).name, "playersync")
	if out, err := command.CombinedOutput(); err != nil {
		c.t.Fatalf("switchover: %v: %s", err, out)
	}
}

// crash kills the member's Patroni and its server.
func (m *patroniMember) crash() {
	m.t.Helper()
	processes := m.processes()
	m.signal(syscall.SIGKILL)
	pgtest.Eventually(m.t, waitTimeout, func() error {
		for _, pid := range processes {
			if syscall.Kill(pid, 0) == nil && !isZombie(pid) {
				return fmt.Errorf("process %d is still there", pid)
			}
		}
		return nil
	})
}

// freeze stops the member as if its machine hung, and wake lets it go on.
func (m *patroniMember) freeze() { m.signal(syscall.SIGSTOP) }
func (m *patroniMember) wake()   { m.signal(syscall.SIGCONT) }

// signal goes to the member's Patroni, then to its server and all its backends.
func (m *patroniMember) signal(s syscall.Signal) {
	for _, pid := range m.processes() {
		_ = syscall.Kill(pid, s) // it may have ended
	}
}

// processes are Patroni's and all below it, and the server's, which outlives Patroni.
func (m *patroniMember) processes() []int {
	pids := []int{m.command.Process.Pid}
	if content, err := os.ReadFile(filepath.Join(m.dir, "postmaster.pid")); err == nil {
		line, _, _ := strings.Cut(string(content), "\n")
		if pid, err := strconv.Atoi(line); err == nil {
			pids = append(pids, pid)
		}
	}
	for i := 0; i < len(pids); i++ {
		children, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pids[i]))
		for child := range strings.FieldsSeq(string(children)) {
			if pid, err := strconv.Atoi(child); err == nil {
				pids = append(pids, pid)
			}
		}
	}
	return pids
}

func isZombie(pid int) bool {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err != nil || strings.Contains(string(status), ") Z ")
}

// launch runs a program until the test's end, as a user who may run PostgreSQL. If the test
// fails the end of its output is printed.
func launch(t *testing.T, program string, arguments ...string) *exec.Cmd {
	t.Helper()
	output, err := os.CreateTemp(t.TempDir(), program)
	if err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, arguments...)
	command.Dir = "/"
	command.Stdout, command.Stderr = output, output
	command.SysProcAttr = &syscall.SysProcAttr{Credential: unprivileged(t)}
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGCONT)
		_ = command.Process.Signal(syscall.SIGTERM)
		_ = command.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(output.Name())
			t.Logf("end of the output of %s:\n%s", program, text[max(0, len(text)-4000):])
		}
		_ = output.Close()
	})
	return command
}

// unprivileged is who runs PostgreSQL in place of root, nil if we are somebody else.
func unprivileged(t *testing.T) *syscall.Credential {
	t.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	account, err := user.Lookup("postgres")
	if err != nil {
		t.Fatal(err)
	}
	uid, _ := strconv.ParseUint(account.Uid, 10, 32)
	gid, _ := strconv.ParseUint(account.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// openDir is a directory in which who runs PostgreSQL may write; t.TempDir is closed to others.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "playersync-patroni-") //nolint:usetesting // see above
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if credential := unprivileged(t); credential != nil {
		if err := os.Chown(dir, int(credential.Uid), int(credential.Gid)); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}
