package httpapi

import (
	"cmp"
	"context"
	"log/slog"
	"net/http"
	"runtime/debug"
	"strconv"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics are the measurements of the API. Routes are patterns, never paths.
type metrics struct {
	duration *prometheus.HistogramVec
	panics   prometheus.Counter
	cut      prometheus.Counter
}

func newMetrics(registry prometheus.Registerer, streams *slots) (*metrics, error) {
	m := &metrics{
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "playersync_http_request_duration_seconds",
			Help: "Time from the end of a request's headers to the end of its answer. Event streams and long " +
				"polls are left out.",
			Buckets: []float64{50e-6, 100e-6, 250e-6, 500e-6, 1e-3, 2.5e-3, 5e-3, 10e-3, 50e-3, 250e-3, 1, 5},
		}, []string{"method", "route", "status"}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "playersync_http_panics_total", Help: "Requests that ended in a panic, which was contained.",
		}),
		cut: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "playersync_http_event_streams_cut_total",
			Help: "Event streams ended because the subscriber was too slow.",
		}),
	}
	open := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "playersync_http_event_streams", Help: "Event streams and long polls in progress.",
	}, func() float64 { return float64(streams.inUse()) })
	for _, c := range []prometheus.Collector{m.duration, m.panics, m.cut, open} {
		if err := registry.Register(c); err != nil {
			return nil, err
		}
	}
	return m, nil
}

// observation is one request while it is answered. It is the response writer
// that handlers see.
type observation struct {
	http.ResponseWriter
	server *Server
	r      *http.Request
	start  time.Time
	status int // 0 until headers are written
	stream bool
}

func (s *Server) observe(w http.ResponseWriter, r *http.Request) *observation {
	return &observation{ResponseWriter: w, server: s, r: r, start: time.Now()}
}

// WriteHeader notes the first final status.
func (o *observation) WriteHeader(status int) {
	if o.status == 0 && status >= http.StatusOK {
		o.status = status
	}
	o.ResponseWriter.WriteHeader(status)
}

// Write notes the status that a write without headers implies.
func (o *observation) Write(b []byte) (int, error) {
	if o.status == 0 {
		o.status = http.StatusOK
	}
	return o.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (o *observation) Unwrap() http.ResponseWriter { return o.ResponseWriter }

// Flush lets handlers that ask for http.Flusher stream.
func (o *observation) Flush() { _ = o.FlushError() }

// FlushError tells http.ResponseController whether the connection took what was written.
func (o *observation) FlushError() error { return http.NewResponseController(o.ResponseWriter).Flush() }

// done contains a panic, then measures and logs. It is deferred.
func (o *observation) done() {
	if cause := recover(); cause != nil {
		o.contain(cause)
	}
	elapsed := time.Since(o.start)
	s := o.server
	if !o.stream && o.Header().Get("Content-Type") != "text/event-stream" {
		status := cmp.Or(o.status, http.StatusOK) // what net/http sends for nothing
		s.metrics.duration.WithLabelValues(methodLabel(o.r.Method), o.route(),
			strconv.Itoa(status)).Observe(elapsed.Seconds())
	}
	if s.deps.Log.Enabled(context.Background(), slog.LevelDebug) {
		s.deps.Log.Debug("request", "method", o.r.Method, "route", o.route(), "status", o.status, "duration", elapsed,
			"peer", o.r.RemoteAddr)
	}
}

// contain answers 500 if nothing was sent yet; else it breaks the connection, so
// that half an answer is not taken for a whole one.
func (o *observation) contain(cause any) {
	if cause == http.ErrAbortHandler { //nolint:errorlint // net/http compares it so
		panic(cause)
	}
	o.server.metrics.panics.Inc()
	o.server.deps.Log.Error("request panicked", "method", o.r.Method, "route", o.route(), "panic", cause, "stack",
		string(debug.Stack()))
	if o.status != 0 {
		panic(http.ErrAbortHandler)
	}
	problem, _ := problemOf(nil)
	problem.write(o)
}

// route returns the pattern that took the request, without its method.
func (o *observation) route() string {
	_, path, found := strings.Cut(o.r.Pattern, " ")
	switch {
	case found:
		return path
	case o.r.Pattern == "/" || o.r.Pattern == "":
		return "none"
	default:
		return o.r.Pattern
	}
}

func methodLabel(method string) string {
	switch method {
	case http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPatch,
		http.MethodPut, http.MethodDelete, http.MethodOptions:
		return method
	default:
		return "other"
	}
}
