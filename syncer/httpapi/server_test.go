package httpapi

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer/httpapi/wire"
)

// serving runs the fixture's server on loopback.
type serving struct {
	url  string
	stop context.CancelFunc
	done chan error
}

func (f *fixture) run(t *testing.T) *serving {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s := &serving{"http://" + listener.Addr().String(), cancel, make(chan error, 1)}
	go func() { s.done <- f.server.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		if err, ok := <-s.done; ok && err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	return s
}

// ended stops the server and returns what Serve returned.
func (s *serving) ended() error {
	s.stop()
	err := <-s.done
	close(s.done)
	return err
}

func fetch(t *testing.T, url string) (status int, body string, err error) {
	t.Helper()
	return fetchBy(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, url)
}

func fetchBy(t *testing.T, client *http.Client, url string) (status int, body string, err error) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		return 0, "", err
	}
	defer response.Body.Close()
	data, err := io.ReadAll(response.Body)
	return response.StatusCode, string(data), err
}

func TestShutdownDrains(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.block = make(chan struct{})
	s := f.run(t)
	stream := openStream(t, s.url)
	answered := make(chan int, 1)
	go func() {
		status, _, _ := fetch(t, s.url+playerPath)
		answered <- status
	}()
	waitFor(t, func() bool { f.mu.Lock(); defer f.mu.Unlock(); return f.calls == 1 })
	s.stop()
	if frame := stream.frame(t); frame != nil {
		t.Errorf("the stream goes on with %v", frame)
	}
	waitFor(t, func() bool { _, _, err := fetch(t, s.url+"/healthz"); return err != nil })
	close(f.block)
	if status := <-answered; status != http.StatusOK {
		t.Errorf("a request in progress got %d", status)
	}
	if err := s.ended(); err != nil {
		t.Errorf("serve: %v", err)
	}
}

func TestShutdownCutsWhatDoesNotEnd(t *testing.T) {
	t.Parallel()
	stuck, entered := make(chan struct{}), make(chan struct{})
	mounted := http.HandlerFunc(func(http.ResponseWriter, *http.Request) { close(entered); <-stuck })
	f := newFixture(t, func(c *Config, d *Deps) {
		c.DrainTimeout, d.Mounts = time.Millisecond, map[string]http.Handler{"/api/": mounted}
	})
	s := f.run(t)
	failed := make(chan error, 1)
	go func() {
		_, _, err := fetch(t, s.url+"/api/stuck")
		failed <- err
	}()
	<-entered
	if err := s.ended(); err == nil || !strings.Contains(err.Error(), "drain") {
		t.Errorf("serve: %v", err)
	}
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
	close(stuck)
}

// waitFor polls a condition that something else makes true.
func waitFor(t *testing.T, condition func() bool) {
	t.Helper()
	deadline := time.After(3 * time.Minute)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("did not come to pass")
		}
	}
}

func TestRunNamesTheAddressInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	f := newFixture(t, func(c *Config, _ *Deps) { c.Listen = taken.Addr().String() })
	if err := f.server.Run(t.Context()); err == nil || !strings.Contains(err.Error(), taken.Addr().String()) {
		t.Errorf("run: %v", err)
	}
}

func TestPanicsAreContained(t *testing.T) {
	t.Parallel()
	mounted := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "late") {
			_, _ = w.Write([]byte("half of"))
			_ = http.NewResponseController(w).Flush()
		}
		panic("secret state")
	})
	f := newFixture(t, func(_ *Config, d *Deps) { d.Mounts = map[string]http.Handler{"/api/": mounted} })
	g := f.ask(t, "GET", "/api/early", "")
	if p := g.problem(http.StatusInternalServerError); p.Code != codeInternal ||
		strings.Contains(g.Body.String(), "secret") {
		t.Errorf("answer %s", g.Body)
	}
	if log := f.log.String(); !strings.Contains(log, "secret state") || !strings.Contains(log, "server_test.go") {
		t.Errorf("log %s", log)
	}
	s := f.run(t)
	if _, body, err := fetch(t, s.url+"/api/late"); err == nil {
		t.Errorf("half an answer passes for a whole one: %q", body)
	}
	if text := f.ask(t, "GET", "/metrics", "").Body.String(); !strings.Contains(text,
		"playersync_http_panics_total 2") {
		t.Errorf("two panics are not counted: %s", text)
	}
	f.ask(t, "GET", playerPath, "").wants(http.StatusOK)
}

// brokenConnection takes no answer.
type brokenConnection struct{ *httptest.ResponseRecorder }

func (brokenConnection) FlushError() error { return errors.New("connection reset") }

func TestMountedHandlersLearnThatAnAnswerCouldNotBeWritten(t *testing.T) {
	t.Parallel()
	var flushed error
	mounted := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		flushed = http.NewResponseController(w).Flush()
	})
	f := newFixture(t, func(_ *Config, d *Deps) { d.Mounts = map[string]http.Handler{"/api/": mounted} })
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/api/", nil)
	f.server.Handler().ServeHTTP(brokenConnection{httptest.NewRecorder()}, r)
	if flushed == nil {
		t.Error("the broken connection is not reported")
	}
}

func TestRequestsAreAnsweredInTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.block = make(chan struct{})
		begin := time.Now()
		p := f.ask(t, "GET", playerPath, "").problem(http.StatusGatewayTimeout)
		if waited := time.Since(begin); waited != f.server.config.RequestTimeout || p.Code != codeTimeout {
			t.Errorf("code %s after %s", p.Code, waited)
		}
	})
}

func TestSlowBodiesAreRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *Config, _ *Deps) { c.ReadTimeout = time.Second })
		conn := f.runInBubble(t).dial()
		defer conn.Close()
		fmt.Fprintf(conn, "PATCH %s HTTP/1.1\r\nHost: localhost\r\n"+
			"Content-Type: application/json\r\nContent-Length: 100\r\n\r\n{",
			playerPath)
		response, err := http.ReadResponse(bufio.NewReader(conn), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		if response.StatusCode != http.StatusRequestTimeout || f.calls != 0 {
			t.Errorf("status %d after %d calls", response.StatusCode, f.calls)
		}
	})
}

func TestBodiesCutShortAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, length := range []int64{100, -1} {
		r, err := http.NewRequestWithContext(t.Context(), "PATCH", playerPath,
			io.MultiReader(strings.NewReader(`{"rank":"admin"}`), failingReader{}))
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength, r.RemoteAddr = length, "127.0.0.1:1"
		g := f.do(t, r)
		if g.problem(http.StatusBadRequest).names(t, "body"); f.calls != 0 {
			t.Error("a half body reached the use-case")
		}
	}
}

type failingReader struct{}

func (failingReader) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

func TestHead(t *testing.T) {
	t.Parallel()
	s := newFixture(t).run(t)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := client.Head(s.url + playerPath)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK || response.ContentLength < 100 || response.Header.Get("ETag") != `"42"` {
		t.Errorf("status %d, length %d, header %v", response.StatusCode, response.ContentLength, response.Header)
	}
}

func TestState(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask(t, "GET", "/healthz", "").wants(http.StatusOK)
	var readiness wire.Readiness
	f.ask(t, "GET", "/readyz", "").wants(http.StatusOK).into(&readiness)
	if !readiness.Ready || readiness.Staleness != 3 || readiness.Reasons == nil || readiness.Notices == nil {
		t.Errorf("ready: %+v", readiness)
	}
	f.notices = []string{"NATS is away"}
	f.ask(t, "GET", "/readyz", "").wants(http.StatusOK).into(&readiness)
	if !readiness.Ready || len(readiness.Notices) != 1 {
		t.Errorf("ready: %+v", readiness)
	}
	f.ready = []string{"the database refuses connections"}
	f.ask(t, "GET", "/readyz", "").wants(http.StatusServiceUnavailable).into(&readiness)
	if readiness.Ready || len(readiness.Reasons) != 1 {
		t.Errorf("not ready: %+v", readiness)
	}
	f.ask(t, "GET", "/healthz", "").wants(http.StatusOK)
}

// The path of a mounted handler may hold a secret.
func TestMountsAreNamedNowhere(t *testing.T) {
	t.Parallel()
	mounted := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	var log bytes.Buffer
	f := newFixture(t, func(_ *Config, d *Deps) {
		d.Mounts = map[string]http.Handler{"/s3cret/api/": mounted}
		d.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	})
	f.ask(t, "GET", "/s3cret/api/x", "").wants(http.StatusTeapot)
	for _, path := range []string{
		"/s3cret/api", "/s3cret", "//s3cret/api/", "/s3cret//api/", "/s3cret/./api/", "/v1/../s3cret/api/",
		"/v1/%2e%2e/s3cret/api/", "/s3cret/api/../x", "/s3cret/api/%2e%2e/x",
	} {
		for _, method := range []string{"GET", "HEAD", "POST", "CONNECT"} {
			if g := f.ask(t, method, path, ""); g.Code != http.StatusNotFound && g.Code != http.StatusTeapot ||
				strings.Contains(fmt.Sprint(g.Header())+g.Body.String(), "s3cret") {
				t.Errorf("%s %s: %d %v %s", method, path, g.Code, g.Header(), g.Body)
			}
		}
	}
	if text := f.ask(t, "GET", "/metrics", "").Body.String() + log.String(); strings.Contains(text, "s3cret") {
		t.Errorf("the path is told: %s", text)
	}
}

func TestMetricsNameRoutesNotPaths(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask(t, "GET", playerPath, "")
	f.ask(t, "GET", "/v1/players/%2F", "")
	f.ask(t, "GET", "/v1/nonsense/7", "")
	f.ask(t, "BREW", "/v1/bans", "")
	f.ask(t, "GET", "/v1/events?wait=0s", "")
	text := f.ask(t, "GET", "/metrics", "").wants(http.StatusOK).Body.String()
	for _, want := range []string{
		`{method="GET",route="/v1/players/{id}",status="200"} 1`,
		`{method="GET",route="/v1/players/{id}",status="404"} 1`,
		`{method="GET",route="none",status="404"} 1`, `{method="other",route="none",status="405"} 1`,
		"playersync_http_event_streams 0",
	} {
		if !strings.Contains(text, want) {
			t.Errorf("no %s", want)
		}
	}
	for _, not := range []string{exampleID, "nonsense", "BREW", "/v1/events"} {
		if strings.Contains(text, not) {
			t.Errorf("metrics contain %s", not)
		}
	}
}
