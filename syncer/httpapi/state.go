package httpapi

import (
	"fmt"
	"net/http"

	"github.com/prometheus/client_golang/prometheus/promhttp"

	"playersync/syncer/httpapi/wire"
)

// registerState adds what monitors ask.
func (s *Server) registerState() {
	declareByHand[struct{}, result[wire.Health]](s, route{
		http.MethodGet, pathHealth, "get-health", tagState,
		"Does the process live",
		"Needs no token.",
		replies{200: "It does."},
		nil,
	}, serveHealth)
	declareByHand[struct{}, result[wire.Readiness]](s, route{
		http.MethodGet, "/readyz", "get-readiness", tagState,
		"Does it follow the database",
		"While it does not, reads go on from memory with their age shown, and important changes fail.",
		replies{200: "It does.", 503: "It does not, and why."},
		nil,
	}, s.serveReadiness)
	declareByHand[struct{}, result[plainText]](s, route{
		http.MethodGet, "/metrics", "get-metrics", tagState,
		"Measurements for Prometheus",
		"In the text format, or OpenMetrics where asked for.",
		replies{200: "The measurements."},
		nil,
	}, promhttp.HandlerFor(s.deps.Registry, promhttp.HandlerOpts{Registry: s.deps.Registry}).ServeHTTP)
	declareByHand[struct{}, result[wire.Object]](s, route{
		http.MethodGet, "/openapi.json", "get-openapi", tagState,
		"This document",
		"OpenAPI 3.1.",
		replies{200: "The document."},
		nil,
	}, s.serveOpenAPI)
	declareByHand[struct{}, result[wire.Object]](s, route{
		http.MethodGet, "/openapi-3.0.json", "get-openapi-3-0", tagState,
		"This document for older programs",
		"OpenAPI 3.0, for generators of clients that do not read 3.1.",
		replies{200: "The document."},
		nil,
	}, s.serveOpenAPI30)
}

// pathHealth is asked without a token.
const pathHealth = "/healthz"

// plainText is a body that is no JSON.
type plainText string

// ContentType returns its type.
func (plainText) ContentType(string) string { return "text/plain" }

func serveHealth(w http.ResponseWriter, _ *http.Request) {
	writeBody(w, http.StatusOK, typeJSON, []byte(`{"status":"ok"}`))
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
	answer := wire.Readiness{
		Ready: len(reasons) == 0, Reasons: append([]string{}, reasons...),
		Notices:   append([]string{}, s.deps.Notices()...),
		Staleness: max(s.deps.Players.Staleness(), 0).Milliseconds(),
	}
	status := http.StatusOK
	if !answer.Ready {
		status = http.StatusServiceUnavailable
	}
	writeBody(w, status, typeJSON, appendJSON(nil, answer))
}
