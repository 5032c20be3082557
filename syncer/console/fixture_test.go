package console_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"os"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/console"
	"playersync/syncer/daemon"
	"playersync/syncer/httpapi"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/sidecar"
	"playersync/syncer/store"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

const (
	viewer, actor = "console_viewer", "console_actor"
	password      = "correct horse"
)

// logins are those of people, which all databases of a server share.
const logins = `
	create role console_viewer login password 'correct horse' in role playersync_readonly;
	create role console_actor login password 'correct horse' in role playersync_app;
	create role console_stranger login password 'correct horse'`

// prepare makes what every test begins with.
func prepare(ctx context.Context, address string) error {
	if err := store.Migrate(ctx, address); err != nil {
		return err
	}
	conn, err := pgx.Connect(ctx, address)
	if err != nil {
		return err
	}
	_, err = conn.PgConn().Exec(ctx, logins).ReadAll()
	return errors.Join(err, conn.Close(ctx))
}

// site is a running sidecar whose console is looked at.
type site struct {
	*daemon.Daemon
	t    testing.TB
	psql *pgx.Conn
}

// start runs a sidecar on a database of its own until the test ends.
func start(t testing.TB, change ...func(*daemon.Config)) *site {
	t.Helper()
	address := pgtest.Database(t, "schema", prepare)
	config, err := pgx.ParseConfig(address)
	if err != nil {
		t.Fatal(err)
	}
	config.DefaultQueryExecMode = pgx.QueryExecModeExec
	psql, err := pgx.ConnectConfig(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = psql.Close(context.Background()) })
	s := &site{t: t, psql: psql}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c := daemon.Config{
		DatabaseURL: address,
		Sidecar: sidecar.Config{
			Home: syncer.GameServer{Name: "survival-1", Gamemode: "survival", Address: "127.0.0.1:6567"},
		},
		HTTP:     httpapi.Config{Listen: listener.Addr().String()},
		Console:  console.Config{Owner: "owner", Tries: 100},
		Listener: listener,
		DataDir:  t.TempDir(),
		Version:  "1.2.3",
	}
	c.Store.Timeout = pgtest.WaitTimeout
	for _, adapt := range change {
		adapt(&c)
	}
	if s.Daemon, err = daemon.New(t.Context(), c, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	select {
	case <-s.Ready():
	case <-time.After(pgtest.WaitTimeout):
		t.Fatal("the sidecar is not ready")
	}
	return s
}

func (s *site) run(sql string) {
	s.t.Helper()
	if _, err := s.psql.Exec(s.t.Context(), sql); err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
}

// browser is one that keeps cookies and follows no redirect.
type browser struct {
	site   *site
	client *http.Client
	csrf   string
}

func (s *site) browser() *browser {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := &http.Transport{}
	s.t.Cleanup(transport.CloseIdleConnections)
	return &browser{site: s, client: &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// page is an answer with its body read.
type page struct {
	*http.Response
	body string
}

// ask sends a request; headers are given as "Name: value".
func (b *browser) ask(method, path string, form url.Values, headers ...string) page {
	t := b.site.t
	t.Helper()
	var body io.Reader
	if form != nil {
		body = strings.NewReader(form.Encode())
	}
	r, err := http.NewRequestWithContext(t.Context(), method, b.site.URL()+path, body)
	if err != nil {
		t.Fatal(err)
	}
	if form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		if name == "Host" {
			r.Host = value
		}
		r.Header.Set(name, value)
	}
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	read, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return page{response, string(read)}
}

// wants fails the test unless the status is the given one.
func (b *browser) wants(status int, method, path string, form url.Values, headers ...string) page {
	b.site.t.Helper()
	p := b.ask(method, path, form, headers...)
	if p.StatusCode != status {
		b.site.t.Fatalf("%s %s: %d, want %d: %.300s", method, path, p.StatusCode, status, p.body)
	}
	return p
}

var csrfPattern = regexp.MustCompile(`name="csrf" value="([^"]+)"`)

// signIn signs somebody in and learns the token of his session.
func (b *browser) signIn(name string) *browser {
	b.site.t.Helper()
	b.wants(http.StatusSeeOther, "POST", "/console/sign-in", url.Values{"name": {name}, "password": {password}})
	return b.learn()
}

// learn reads the token from a page.
func (b *browser) learn() *browser {
	b.site.t.Helper()
	match := csrfPattern.FindStringSubmatch(b.wants(http.StatusOK, "GET", "/console/", nil).body)
	if match == nil {
		b.site.t.Fatal("the page has no token")
	}
	b.csrf = match[1]
	return b
}

// cookie returns the value that stands for the session, "" for none.
func (b *browser) cookie() string {
	b.site.t.Helper()
	u, err := url.Parse(b.site.URL() + "/console/")
	if err != nil {
		b.site.t.Fatal(err)
	}
	for _, c := range b.client.Jar.Cookies(u) {
		return c.Value
	}
	return ""
}
