package console

import (
	"context"
	"html/template"
	"net/http"
	"sync"
	"time"
)

// Finding is what a check found, as syncer check says it.
type Finding struct {
	Name    string
	Verdict string // OK, WARN or FAIL
	Detail  string
	Advice  string // what to do about it, "" if nothing
}

// Setting is a setting in force.
type Setting struct {
	Name   string
	Value  string // without secrets
	Source string // where it came from
}

const (
	// checksLast is how long findings count before everything is checked anew, while anybody
	// looks.
	checksLast = time.Minute
	// checksTimeout bounds that.
	checksTimeout = 30 * time.Second
)

// registerHealth adds the page that says how this sidecar and the network do.
func (c *Console) registerHealth() {
	h := &healthPages{console: c}
	c.live.add(&livePart{name: "checks", every: 5 * time.Second, render: h.checks})
	c.handle("GET "+Path+"health", h.show)
}

// healthPages is the page that says how this sidecar and the network do.
type healthPages struct {
	console *Console

	mu       sync.Mutex
	findings []Finding
	at       time.Time // when they were found; zero: never
	checking bool
}

// healthPage is what the page shows beside its parts.
type healthPage struct {
	Health, Checks, Servers template.HTML
	Settings                []Setting
}

func (h *healthPages) show(w http.ResponseWriter, r *http.Request, s *session) {
	c := h.console
	c.overview.refresh(r.Context())
	c.render(w, r, s, http.StatusOK, "health", healthPage{
		Health: c.part("health", c.deps.Health()), Checks: h.checks(), Servers: c.overview.servers(),
		Settings: c.config.Settings,
	})
}

// checksPart is what was found, and when.
type checksPart struct {
	Findings []Finding
	Known    bool
	At       time.Time
}

// checks renders what was found last, and has everything checked anew if that is old.
func (h *healthPages) checks() template.HTML {
	h.mu.Lock()
	if h.console.config.Check != nil && !h.checking && time.Since(h.at) >= checksLast {
		h.checking = true
		go h.check()
	}
	part := checksPart{Findings: h.findings, Known: !h.at.IsZero(), At: h.at}
	h.mu.Unlock()
	return h.console.part("checks", part)
}

func (h *healthPages) check() {
	ctx, cancel := context.WithTimeout(context.Background(), checksTimeout)
	defer cancel()
	findings := h.console.config.Check(ctx)
	h.mu.Lock()
	h.findings, h.at, h.checking = findings, time.Now(), false
	h.mu.Unlock()
	h.console.live.changed("checks")
}
