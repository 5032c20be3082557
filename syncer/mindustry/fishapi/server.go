package fishapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"playersync/syncer"
)

// Config says where the protocol is served and who its callers are. Zero values
// mean the defaults.
type Config struct {
	// Prefix is a path in front of /api that only the plugins know, such as
	// "/s3cret"; "" for none. With a prefix, /api itself does not exist.
	Prefix string
	// Servers are the addresses of game servers by the port in their requests,
	// where the peer's address does not tell: "127.0.0.1:6567" and the like.
	Servers map[int]string

	MaxBody int64         // bytes of a request's body, 1 MiB
	Timeout time.Duration // for a request to be answered, 8 s: the plugin gives up after 10
}

// Deps are the parts the protocol is built from.
type Deps struct {
	Servers    Servers
	Players    Players
	Bans       Bans
	USIDs      USIDs
	Chat       Chat
	Deliveries Deliveries
	Antibot    Antibot
	Blacklist  Blacklist
	ModLog     ModLog
	Log        *slog.Logger
}

// Servers is what the protocol needs of the game servers that ask.
type Servers interface {
	Admit(from syncer.GameServer) error
}

// Handler answers the plugin. It is safe for concurrent use.
type Handler struct {
	config  Config
	deps    Deps
	routes  map[string]route // by method and path
	origins *http.CrossOriginProtection
}

// route is one endpoint. Its function writes the answer by the call's methods, and returns
// an error instead of answering or because the peer did not get the answer.
type route struct {
	method, path string // path below /api
	serve        func(h *Handler, c *call) error
}

// tables are all endpoints, by the file they are in.
var tables = [][]route{playerRoutes, banRoutes, usidRoutes, staffRoutes, antibotRoutes, blacklistRoutes, modLogRoutes}

// New returns a handler, or an error for a prefix that is no path.
func New(config Config, deps Deps) (*Handler, error) {
	if config.MaxBody <= 0 {
		config.MaxBody = 1 << 20
	}
	if config.Timeout <= 0 {
		config.Timeout = 8 * time.Second
	}
	if err := CheckPrefix(config.Prefix); err != nil {
		return nil, err
	}
	h := &Handler{config: config, deps: deps, routes: map[string]route{}, origins: http.NewCrossOriginProtection()}
	for _, r := range slices.Concat(tables...) {
		h.routes[r.method+" /api"+r.path] = r
	}
	return h, nil
}

// CheckPrefix refuses a prefix that is neither empty nor a plain path such as
// "/s3cret".
func CheckPrefix(prefix string) error {
	if prefix == "" {
		return nil
	}
	for segment := range strings.SplitSeq(strings.TrimPrefix(prefix, "/"), "/") {
		plain := segment != "" && segment != "." && segment != ".." && strings.IndexFunc(segment, isNotPlain) < 0
		if !strings.HasPrefix(prefix, "/") || !plain {
			return errors.New("must begin with a slash, end without one and consist of letters, digits, dots, - and _")
		}
	}
	if prefix == "/v1" || strings.HasPrefix(prefix, "/v1/") {
		return errors.New("must not begin with /v1")
	}
	return nil
}

func isNotPlain(r rune) bool {
	return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune("-_./", r)
}

// Mounts returns the handler by the beginning of its paths.
func (h *Handler) Mounts() map[string]http.Handler {
	return map[string]http.Handler{h.config.Prefix + "/api/": h}
}

// ServeHTTP answers one request.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Pattern = "/api/" // for metrics and logs, without the prefix
	path, found := strings.CutPrefix(r.URL.Path, h.config.Prefix)
	route, known := h.routes[r.Method+" "+path]
	if !found || !known {
		fail(w, http.StatusNotFound, "no such endpoint")
		return
	}
	if err := h.origins.Check(r); err != nil {
		fail(w, http.StatusForbidden, "a web page may not ask")
		return
	}
	r.Pattern = route.method + " /api" + route.path
	// What has arrived is carried out, even if the JVM that sent it has ended since.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), h.config.Timeout)
	defer cancel()
	c := &call{w: w, r: r, ctx: ctx, handler: h}
	err := c.readBody(h.config.MaxBody)
	if err == nil {
		err = route.serve(h, c)
	}
	if err != nil && !c.begun {
		h.refuse(c, err)
	}
}

// refuse answers an error by a status that the plugin understands.
func (h *Handler) refuse(c *call, err error) {
	if refusal, ok := errors.AsType[*refusal](err); ok {
		fail(c.w, refusal.status, refusal.message)
		return
	}
	refused, _ := errors.AsType[*syncer.Error](err)
	switch syncer.CodeOf(err) {
	case syncer.CodeInvalid, syncer.CodeConflict, syncer.CodeStale:
		fail(c.w, http.StatusUnprocessableEntity, fmt.Sprintf("%s: %s", refused.Field, refused.Message))
	case syncer.CodeFull:
		fail(c.w, http.StatusForbidden, refused.Message)
	case syncer.CodeNotFound:
		fail(c.w, http.StatusNotFound, refused.Message)
	case syncer.CodeUnavailable, syncer.CodeOutcomeUnknown:
		h.deps.Log.Warn("cannot answer the plugin", "endpoint", c.r.Pattern, "error", err)
		fail(c.w, http.StatusServiceUnavailable, refused.Message)
	default:
		if c.ctx.Err() != nil {
			fail(c.w, http.StatusServiceUnavailable, "not answered in time")
			return
		}
		h.deps.Log.Error("cannot answer the plugin", "endpoint", c.r.Pattern, "error", err)
		fail(c.w, http.StatusInternalServerError, "a fault of syncer; see its log")
	}
}

// fail answers with a text that the plugin writes into its log.
func fail(w http.ResponseWriter, status int, message string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(message)))
	w.WriteHeader(status)
	_, _ = w.Write([]byte(message)) // a peer that went away is no concern of ours
}
