package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"playersync/syncer"
	"playersync/syncer/events"
	"playersync/syncer/sidecar"
)

// fixture is a server on a fake, asked without a network.
type fixture struct {
	*fake
	server  *Server
	events  *events.Broker
	ready   []string
	notices []string
	log     *bytes.Buffer
}

func newFixture(t testing.TB, change ...func(*Config, *Deps)) *fixture {
	t.Helper()
	f := &fixture{fake: newFake(), events: events.NewBroker(8), log: &bytes.Buffer{}}
	config := Config{Listen: "127.0.0.1:0"}
	deps := Deps{
		Servers:     sidecar.NewServers(testHome, []syncer.GameServer{testOther}),
		Players:     f.fake,
		Bans:        f.fake,
		Chat:        f.fake,
		USIDs:       f.fake,
		Audit:       fakeAudit{f.fake},
		Events:      f.events,
		Ready:       func() []string { return f.ready },
		Notices:     func() []string { return f.notices },
		Visits:      f.fake,
		Counts:      f.fake,
		BanDetails:  f.fake,
		BanTransfer: f.fake,
		MapRuns:     &f.mapRuns,
		Presence:    f.fake,
		Kicks:       &fakeKicks{},
		Patterns:    &fakeModeration{},
		Blacklist:   &fakeModeration{},
		ModLog:      &fakeModLog{},
		Mutes:       &fakeMutes{},
		Transients:  sidecar.NewTransients(sidecar.TransientLimits{}),
		Balances:    &fakeBalances{balances: syncer.Balances{exampleCurrency: 1000}},
		Registry:    prometheus.NewRegistry(),
		Log:         slog.New(slog.NewTextHandler(f.log, nil)),
		Version:     "test",
	}
	for _, c := range change {
		c(&config, &deps)
	}
	server, err := New(config, deps)
	if err != nil {
		t.Fatal(err)
	}
	f.server = server
	return f
}

// got is what a request got.
type got struct {
	*httptest.ResponseRecorder
	t testing.TB
}

// ask sends one request; headers are given as "Name: value".
func (f *fixture) ask(t testing.TB, method, target, body string, headers ...string) got {
	t.Helper()
	var reader io.Reader
	if body != "" {
		reader = strings.NewReader(body)
	}
	r := httptest.NewRequestWithContext(t.Context(), method, target, reader)
	r.RemoteAddr, r.Host = "127.0.0.1:40000", "localhost:5082"
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	return f.do(t, r)
}

func (f *fixture) do(t testing.TB, r *http.Request) got {
	t.Helper()
	w := httptest.NewRecorder()
	f.server.Handler().ServeHTTP(w, r)
	return got{w, t}
}

// wants fails the test unless the status is the given one.
func (g got) wants(status int) got {
	g.t.Helper()
	if g.Code != status {
		g.t.Fatalf("status %d, want %d: %s", g.Code, status, g.Body)
	}
	if (status == http.StatusNoContent || status == http.StatusNotModified) && g.Body.Len() > 0 {
		g.t.Errorf("status %d with a body: %s", status, g.Body)
	}
	return g
}

// into decodes the body, which must be JSON.
func (g got) into(v any) got {
	g.t.Helper()
	if err := json.Unmarshal(g.Body.Bytes(), v); err != nil {
		g.t.Fatalf("body %q: %v", g.Body, err)
	}
	return g
}

// problem decodes problem details and checks what all have in common.
func (g got) problem(status int) Problem {
	g.t.Helper()
	g.wants(status)
	var p Problem
	g.into(&p)
	if kind := g.Header().Get("Content-Type"); kind != "application/problem+json" {
		g.t.Errorf("content type %q", kind)
	}
	if p.Type != "about:blank" || p.Title != http.StatusText(status) || p.Status != status ||
		p.Code == "" || p.Detail == "" {
		g.t.Errorf("incomplete problem %+v", p)
	}
	return p
}

// names fails the test unless the problem names exactly these fields.
func (p Problem) names(t testing.TB, fields ...string) {
	t.Helper()
	var named []string
	for _, e := range p.Errors {
		named = append(named, e.Field)
		if e.Message == "" || e.In == "" {
			t.Errorf("field %q without message or place", e.Field)
		}
	}
	if strings.Join(named, " ") != strings.Join(fields, " ") {
		t.Errorf("names %q, want %q; detail %q", named, fields, p.Detail)
	}
}
