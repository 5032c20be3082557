package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"

	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// Health is the body of /healthz.
type Health struct {
	Status string `json:"status" enum:"ok" doc:"The process lives." example:"ok"`
}

// Readiness is the body of /readyz.
type Readiness struct {
	Ready     bool     `json:"ready" doc:"Whether this sidecar follows the database."`
	Reasons   []string `json:"reasons" nullable:"false" doc:"Why it does not."`
	Staleness int64    `json:"staleness" doc:"Milliseconds since it last knew itself current."`
}

// plainText stands for a body that is no JSON.
type plainText string

// registerState adds what monitors ask.
func (s *Server) registerState() {
	health := s.describe(document{
		method: http.MethodGet, path: "/healthz", id: "get-health", tag: tagState, summary: "Does the process live",
		description: "Needs no token.",
		replies:     []reply{{http.StatusOK, "It does.", reflect.TypeFor[Health](), Health{"ok"}, nil, ""}},
	})
	s.api.OpenAPI().AddOperation(health)
	s.mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		writeBody(w, http.StatusOK, typeJSON, []byte(`{"status":"ok"}`))
	})
	readiness := reflect.TypeFor[Readiness]()
	s.route(s.describe(document{
		method: http.MethodGet, path: "/readyz", id: "get-readiness", tag: tagState, summary: "Does it follow the database",
		description: "While it does not, reads go on from memory with their age shown, and important changes fail.",
		replies: []reply{
			{http.StatusOK, "It does.", readiness, Readiness{true, []string{}, 3}, nil, ""},
			{http.StatusServiceUnavailable, "It does not, and why.", readiness, Readiness{false, []string{"the database refuses connections"}, 5120}, nil, ""},
		},
	}), s.serveReadiness)
	s.route(s.describe(document{
		method: http.MethodGet, path: "/metrics", id: "get-metrics", tag: tagState, summary: "Measurements for Prometheus",
		description: "In the text format, or OpenMetrics where asked for.",
		replies:     []reply{{http.StatusOK, "The measurements.", reflect.TypeFor[plainText](), nil, nil, "text/plain"}},
	}), promhttp.HandlerFor(s.deps.Registry, promhttp.HandlerOpts{Registry: s.deps.Registry}).ServeHTTP)
	s.route(s.describe(document{
		method: http.MethodGet, path: "/openapi.json", id: "get-openapi", tag: tagState, summary: "This document",
		description: "OpenAPI 3.1.",
		replies:     []reply{{http.StatusOK, "The document.", reflect.TypeFor[json.RawMessage](), nil, nil, ""}},
	}), s.serveOpenAPI)
}

func (s *Server) serveOpenAPI(w http.ResponseWriter, r *http.Request) {
	document, err := s.openapi()
	if err != nil {
		s.fail(w, r, fmt.Errorf("write openapi document: %w", err))
		return
	}
	writeBody(w, http.StatusOK, typeJSON, document)
}

func (s *Server) serveReadiness(w http.ResponseWriter, _ *http.Request) {
	reasons := s.deps.Ready()
	answer := Readiness{
		Ready: len(reasons) == 0, Reasons: append([]string{}, reasons...),
		Staleness: max(s.deps.Players.Staleness(), 0).Milliseconds(),
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	writeBody(w, status, typeJSON, appendJSON(nil, answer))
}
