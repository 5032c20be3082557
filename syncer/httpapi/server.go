package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

// Server answers the HTTP API. Its methods are safe for concurrent use, except
// that Run or Serve is called at most once.
type Server struct {
	config  Config
	deps    Deps
	guard   *guard
	metrics *metrics
	cert    *certificate // nil: clear text
	mux     *http.ServeMux
	api     huma.API

	declared    []*declaration // all operations
	registering sync.Mutex     // held while one is registered with huma

	document           func() *huma.OpenAPI   // made at the first request
	openapi, openapi30 func() ([]byte, error) // likewise, as JSON

	streams *slots             // for event streams and long polls
	closing context.Context    // ends with the streams at shutdown
	close   context.CancelFunc // ends closing
}

// New returns a server, or an error for a configuration that [Config.Validate]
// refuses. It registers metrics and starts nothing.
func New(config Config, deps Deps) (*Server, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	if err := checkTokens(config, deps.Servers); err != nil {
		return nil, err
	}
	cert, err := loadCertificate(config, deps.Log)
	if err != nil {
		return nil, err
	}
	s := &Server{
		cert: cert, config: config.withDefaults(), deps: deps, guard: newGuard(config), mux: http.NewServeMux(),
	}
	s.streams = newSlots(s.config.MaxStreams)
	s.closing, s.close = context.WithCancel(context.Background())
	m, err := newMetrics(deps.Registry, s.streams)
	if err != nil {
		return nil, fmt.Errorf("register metrics: %w", err)
	}
	s.metrics = m
	s.api = huma.NewAPI(s.overview(), humago.NewAdapter(s.mux, ""))
	s.registerAll()
	s.mux.HandleFunc("/", s.notFound)
	s.document = sync.OnceValue(s.makeDocument)
	s.openapi = sync.OnceValues(func() ([]byte, error) { return s.document().MarshalJSON() })
	s.openapi30 = sync.OnceValues(func() ([]byte, error) { return document30(s.document()) })
	return s, nil
}

// registerAll adds all operations.
func (s *Server) registerAll() {
	s.registerPlayers()
	s.registerMutes()
	s.registerBans()
	s.registerBanDetails()
	s.registerBanTransfer()
	s.registerAudit()
	s.registerChat()
	s.registerUSIDs()
	s.registerAntibot()
	s.registerBlacklist()
	s.registerModLog()
	s.registerInfo()
	s.registerCounts()
	s.registerMapRuns()
	s.registerPresence()
	s.registerKicks()
	s.registerTransients()
	s.registerBalances()
	s.registerCurrencies()
	s.registerEvents()
	s.registerState()
}

// Handler returns the whole HTTP surface, for tests and for other servers.
func (s *Server) Handler() http.Handler { return http.HandlerFunc(s.serve) }

// Run listens on the configured address and serves until ctx ends; see [Server.Serve].
func (s *Server) Run(ctx context.Context) error {
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", s.config.Listen)
	if err != nil {
		return fmt.Errorf("listen for http: %w", err)
	}
	return s.Serve(ctx, listener)
}

// Serve answers on listener, which it closes, until ctx ends. Then it stops
// accepting, ends the event streams, lets the requests in progress finish for at
// most the drain time-out and returns nil, or an error if some had to be cut off.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	server := &http.Server{
		Handler:           s.Handler(),
		ReadHeaderTimeout: s.config.ReadTimeout,
		ReadTimeout:       s.config.ReadTimeout,
		WriteTimeout:      s.config.ReadTimeout + s.config.RequestTimeout + s.config.WriteTimeout,
		IdleTimeout:       s.config.IdleTimeout,
		MaxHeaderBytes:    s.config.MaxHeader,
		ErrorLog:          slog.NewLogLogger(s.deps.Log.Handler(), slog.LevelDebug),
	}
	server.RegisterOnShutdown(s.close)
	failed := make(chan error, 1)
	go func() {
		if s.cert == nil {
			failed <- server.Serve(listener)
			return
		}
		server.TLSConfig = s.cert.serverConfig()
		failed <- server.ServeTLS(listener, "", "")
	}()
	select {
	case err := <-failed:
		s.close()
		_ = server.Close()
		return fmt.Errorf("serve http: %w", err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.config.DrainTimeout)
	defer cancel()
	err := server.Shutdown(drain)
	s.close()
	if err != nil {
		err = errors.Join(fmt.Errorf("drain http requests: %w", err), server.Close())
	}
	<-failed //nolint:errcheck // it is http.ErrServerClosed
	return err
}

// serve is the outermost handler: it contains panics, measures, logs and refuses
// foreign networks and names.
func (s *Server) serve(w http.ResponseWriter, r *http.Request) {
	o := s.observe(w, r)
	defer o.done()
	switch {
	case !s.guard.admits(r.RemoteAddr):
		newProblem(http.StatusForbidden, codeForbidden, "this network is not among http.allowed_networks").write(o)
	case !s.guard.isCalled(r.Host):
		p := newProblem(http.StatusMisdirectedRequest, codeHost,
			"this server is not called %q: ask for it by its address, or add the name to http.allowed_hosts", r.Host)
		p.Errors = []FieldError{{In: inHeader, Field: "Host", Message: "is not a name of this server"}}
		p.write(o)
	case !canonical(r.URL.EscapedPath()):
		noRoute().write(o)
	default:
		s.handlerOf(r.URL.Path).ServeHTTP(o, r)
	}
}

// handlerOf returns what answers a path. Mounted handlers are not in the mux, which would
// redirect to their paths and make them labels of metrics: there may be a secret in them.
func (s *Server) handlerOf(path string) http.Handler {
	for mount, handler := range s.deps.Mounts {
		if strings.HasPrefix(path, mount) {
			return handler
		}
	}
	return s.mux
}

// canonical reports whether the mux takes the path as it is: it would redirect
// any other, which clients follow differently. Under /v1 none ends in a slash.
func canonical(path string) bool {
	return strings.HasPrefix(path, "/") && !strings.Contains(path, "//") &&
		!strings.Contains(path+"/", "/./") && !strings.Contains(path+"/", "/../") &&
		(!strings.HasPrefix(path, "/v1/") || !strings.HasSuffix(path, "/"))
}

func noRoute() *Problem {
	return newProblem(http.StatusNotFound, codeNoRoute,
		"no such path; a player id in a path must be percent-encoded (/openapi.json lists the paths)")
}

// notFound answers what no route takes: 405 if another method would do, else 404.
func (s *Server) notFound(w http.ResponseWriter, r *http.Request) {
	var allowed []string
	for _, method := range []string{
		http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete,
	} {
		probe := &http.Request{Method: method, URL: r.URL, Host: r.Host}
		if _, pattern := s.mux.Handler(probe); pattern != "/" {
			allowed = append(allowed, method)
		}
	}
	if len(allowed) == 0 || slices.Contains(allowed, r.Method) {
		noRoute().write(w)
		return
	}
	p := newProblem(http.StatusMethodNotAllowed, codeMethod, "this path takes %s", strings.Join(allowed, ", "))
	p.header = http.Header{"Allow": {strings.Join(allowed, ", ")}}
	p.write(w)
}
