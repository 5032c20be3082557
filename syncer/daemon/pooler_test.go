package daemon_test

import (
	"bytes"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// TestPollOnly runs two sidecars that never listen, where pgbouncer is installed through one
// in transaction mode with fewer connections than clients.
func TestPollOnly(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	through := url
	if program := findPooler(); program != "" {
		through = pooler(t, program, url)
	} else {
		t.Log("pgbouncer is not installed: tested without it")
	}
	pooled := func(c *daemon.Config) { c.Store.Pooled = true }
	r := &rig{workload: newWorkload(t, url), psql: psql}
	for _, name := range []string{"a", "b"} {
		r.nodes = append(r.nodes, start(t, through, name, polling.adapt, shortTimeouts, pooled).ready())
	}
	populate(r.cast, r.nodes...)
	<-r.start(30)
	r.equal()
	for _, statement := range []string{
		`insert into player (uuid) select 'many ' || n from generate_series(1, 3000) as n`,
		`update player set language = 'xx'`, `truncate ban`, `insert into ban (ip) values ('192.0.2.0/24')`,
	} {
		run(t, psql, statement)
		r.equal()
	}
	r.during(15, func(int) { run(t, psql, killAll) })
	r.equal()
}

// findPooler returns the path of pgbouncer, which Debian installs outside the PATH of
// ordinary users; "" if there is none.
func findPooler() string {
	for _, name := range []string{"pgbouncer", "/usr/sbin/pgbouncer"} {
		if program, err := exec.LookPath(name); err == nil {
			return program
		}
	}
	return ""
}

// pooler runs pgbouncer in front of the database until the test ends, and returns the
// URL through it.
func pooler(t *testing.T, program, database string) string {
	t.Helper()
	target, err := pgx.ParseConfig(database)
	if err != nil {
		t.Fatal(err)
	}
	port := freePort(t)
	config := filepath.Join(t.TempDir(), "pgbouncer.ini")
	text := fmt.Sprintf(`[databases]
%[1]s = host=%[2]s port=%[3]d user=%[4]s password=%[5]s dbname=%[1]s
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %[6]d
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 3
server_login_retry = 0
`, target.Database, target.Host, target.Port, target.User, target.Password, port)
	if err := os.WriteFile(config, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	command := exec.Command(program, config)
	if os.Geteuid() == 0 { // which pgbouncer refuses to be
		nobody, err := user.Lookup("nobody")
		if err != nil {
			t.Fatal(err)
		}
		command.Args = []string{program, "--user", nobody.Username, config}
	}
	var log bytes.Buffer
	command.Stdout, command.Stderr = &log, &log
	dieWithUs(command)
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Kill()
		_ = command.Wait()
		if t.Failed() {
			t.Logf("pgbouncer says:\n%s", log.String())
		}
	})
	through, err := url.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	through.Host = fmt.Sprintf("127.0.0.1:%d", port)
	pgtest.Eventually(t, waitTimeout, func() error {
		conn, err := pgx.Connect(t.Context(), through.String())
		if err != nil {
			return fmt.Errorf("pgbouncer does not answer: %s", strings.ReplaceAll(err.Error(), target.Password, "…"))
		}
		return conn.Close(t.Context())
	})
	return through.String()
}
