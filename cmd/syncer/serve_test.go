package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"playersync/syncer/postgres/pgtest"
)

// The signals that end the program.
const (
	interrupt = syscall.SIGINT
	terminate = syscall.SIGTERM
)

// served is a running serve.
type served struct {
	*process
	url string
}

// serve starts the sidecar on a free port and waits until it follows the
// database.
func serve(t *testing.T, environ []string, args ...string) served {
	t.Helper()
	p := start(t, environ, append([]string{"serve", "--listen", "127.0.0.1:0", "--log-format", "json"}, args...)...)
	var logged struct{ URL string }
	if err := json.Unmarshal([]byte(p.line(t, `"msg":"listening"`)), &logged); err != nil {
		t.Fatal(err)
	}
	s := served{p, logged.URL}
	pgtest.Eventually(t, limit, func() error {
		if status, body := s.get(t, "/readyz"); status != http.StatusOK {
			return fmt.Errorf("readyz: %d %s", status, body)
		}
		return nil
	})
	return s
}

func (s served) get(t *testing.T, path string) (status int, body string) {
	t.Helper()
	response, err := http.Get(s.url + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	content, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, string(content)
}

// shows waits until a path answers with a text.
func (s served) shows(t *testing.T, path, text string) {
	t.Helper()
	pgtest.Eventually(t, limit, func() error {
		if status, body := s.get(t, path); !strings.Contains(body, text) {
			return fmt.Errorf("%s: %d %s", path, status, body)
		}
		return nil
	})
}

func TestTwoServersFollowOneDatabase(t *testing.T) {
	t.Parallel()
	// Both start on an empty database and migrate it at once, and share a directory.
	url := pgtest.Empty(t)
	environ := []string{"SYNCER_DATABASE_URL=" + url, "SYNCER_DATA_DIR=" + t.TempDir()}
	a := serve(t, environ, "--name", "a", "--gamemode", "pvp")
	b := serve(t, environ, "--name", "b", "--gamemode", "sandbox", "--mode", "poll")
	if r := runSyncer(t, environ, "serve", "--listen", "127.0.0.1:0", "--name", "a"); r.code != exitFailed ||
		!strings.Contains(r.errs, "its own server.name") {
		t.Errorf("a second one of the same name: %+v", r)
	}
	execute(t, url, "insert into player (uuid, name) values ('Steve', 'Steve')")
	for _, s := range []served{a, b} {
		s.shows(t, "/v1/players/Steve", `"rank":"player"`)
	}
	execute(t, url, "update player set rank = 'admin'")
	for _, s := range []served{a, b} {
		s.shows(t, "/v1/players/Steve", `"rank":"admin"`)
	}
	for _, s := range []served{a, b} {
		s.signal(t, terminate)
		if status := s.ended(t); status.ExitStatus() != exitDone {
			t.Errorf("ended with %v", status)
		}
		s.line(t, "shutting down")
	}
	for _, line := range append(a.printed(), b.printed()...) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	s := serve(t, environ)
	// A request whose body never comes holds up the shutdown.
	conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := io.WriteString(conn,
		"POST /v1/bans/check HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Type: "+
			"application/json\r\nContent-Length: 9\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 100"))); err != nil {
		t.Fatal(err)
	}
	s.signal(t, terminate)
	s.line(t, "shutting down")
	pgtest.Eventually(t, limit, func() error { // more than one, if the second comes before the first was taken in
		_ = s.Process.Signal(terminate) // fails once it has ended
		select {
		case <-s.done:
			return nil
		default:
			return errors.New("still running")
		}
	})
	if status := s.ended(t); !status.Signaled() || status.Signal() != terminate {
		t.Errorf("ended with %v, want by the signal", status)
	}
}

func TestServeKeepsPasswordsOutOfItsLog(t *testing.T) {
	t.Parallel()
	p := start(t,
		[]string{"SYNCER_DATABASE_URL=postgres://steve:s3cret@127.0.0.1:1/nowhere", "SYNCER_HTTP_TOKEN=t0ken-s3cret"},
		"serve", "--listen", "127.0.0.1:0", "--log-level", "debug")
	p.line(t, "feed interrupted")
	p.signal(t, interrupt)
	if status := p.ended(t); status.ExitStatus() != exitDone {
		t.Errorf("ended with %v", status)
	}
	if log := strings.Join(p.printed(), "\n"); strings.Contains(log, "s3cret") {
		t.Errorf("the log shows a secret:\n%s", log)
	}
}

// A schema that is not current may be on its way: it is waited for, and told how to get.
func TestServeWaitsForTheSchemaUnlessItMayMigrate(t *testing.T) {
	t.Parallel()
	environ := []string{"SYNCER_DATABASE_URL=" + pgtest.Empty(t)}
	p := start(t, environ, "serve", "--listen", "127.0.0.1:0", "--migrate=false")
	p.line(t, "syncer migrate up")
	succeed(t, environ, "migrate", "up")
	p.line(t, "following the database")
}

func TestEmbeddedKeepsDataAndServesCommands(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t)
	s := serve(t, nil, "--embedded", "--data-dir", dir)
	s.line(t, "making database cluster") // what takes long is told
	where := []string{"SYNCER_DATA_DIR=" + dir}
	succeed(t, where, "ban", "add", "Steve", "--unknown")
	succeed(t, where, "check")
	s.shows(t, "/v1/bans", `"Steve"`)
	s.signal(t, interrupt)
	if status := s.ended(t); status.ExitStatus() != exitDone {
		t.Fatalf("ended with %v", status)
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres", "data", "postmaster.pid")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("PostgreSQL was left running: %v", err)
	}
	if r := runSyncer(t, where, "ban", "list", "--embedded"); r.code != exitFailed ||
		!strings.Contains(r.errs, "no private PostgreSQL is running") {
		t.Errorf("without serve: %+v", r)
	}
	again := serve(t, nil, "--embedded", "--data-dir", dir)
	again.shows(t, "/v1/bans", `"Steve"`)
}

// reachableDir is a directory that the user who runs PostgreSQL in place of root
// may enter.
func reachableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "syncer-test-") //nolint:usetesting // that of t.TempDir is closed to others
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestServerWithoutTLSIsToldApart(t *testing.T) {
	t.Parallel()
	address, err := url.Parse(pgtest.Empty(t))
	if err != nil {
		t.Fatal(err)
	}
	query := address.Query()
	query.Set("sslmode", "require")
	address.RawQuery = query.Encode()
	r := runSyncer(t, []string{"SYNCER_DATABASE_URL=" + address.String()}, "ban", "list")
	if r.code != exitFailed || !strings.Contains(r.errs, "offers no TLS") ||
		!strings.Contains(r.errs, "sslmode=disable") {
		t.Errorf("got %+v", r)
	}
}
