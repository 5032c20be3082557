package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"sync"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"playersync/syncer/httpapi/strict"
)

// route is an operation as far as its types do not say it.
type route struct {
	method, path, id     string
	tag                  string
	summary, description string
	replies              replies
	refusals             []int // beyond those that follow from its types and the path
}

// replies says what each status of success means. The lowest is that of an answer that
// does not name another; all but 304 have the same body.
type replies map[int]string

// declare adds an operation: huma reads the request into In and writes Out, and documents
// both from their types. Errors of handle are the domain's or a [*Problem].
func declare[In, Out any](s *Server, r route, handle func(context.Context, *In) (*Out, error)) {
	d := register(s, r, func(ctx context.Context, in *In) (*Out, error) {
		if faults := faultsInQuery(ctx); faults != nil {
			return nil, refuse(faults...)
		}
		bounded, cancel := context.WithTimeout(ctx, s.config.RequestTimeout)
		defer cancel()
		if author, ok := any(in).(attributed); ok {
			bounded = author.attribute(bounded)
		}
		out, err := handle(bounded, in)
		if err != nil {
			return nil, s.refusal(ctx, r.method, r.path, err)
		}
		return out, nil
	})
	s.handle(r, func(w http.ResponseWriter, r *http.Request) {
		d.register()
		d.serve(w, r)
	})
}

// declareByHand documents an operation like [declare], but routes to a handler that reads
// and writes by itself: what is asked many times a second.
func declareByHand[In, Out any](s *Server, r route, handler http.HandlerFunc) {
	register(s, r, func(context.Context, *In) (*Out, error) {
		return nil, errors.New("never called")
	})
	s.handle(r, handler)
}

// register prepares to register an operation with huma. That takes long, so it is put off
// to the first request, or until the document is asked for.
func register[In, Out any](s *Server, r route, handle func(context.Context, *In) (*Out, error)) *declaration {
	d := &declaration{API: s.api, server: s, route: r, out: reflect.TypeFor[Out]()}
	d.register = sync.OnceFunc(func() {
		s.registering.Lock()
		defer s.registering.Unlock()
		huma.Register(d, s.operation(r), handle)
	})
	s.declared = append(s.declared, d)
	return d
}

// operation returns huma's form of a route, which huma completes from the types.
func (s *Server) operation(r route) huma.Operation {
	op := huma.Operation{
		Method: r.method, Path: r.path, OperationID: r.id, Tags: []string{r.tag}, Summary: r.summary,
		Description: r.description,
		Responses:   map[string]*huma.Response{}, Metadata: map[string]any{keyServer: s},
		// strict validates
		SkipValidateBody: true, MaxBodyBytes: s.config.MaxBody + 1, BodyReadTimeout: s.config.ReadTimeout,
	}
	for status, doc := range r.replies {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Description: doc}
		if op.DefaultStatus == 0 || status < op.DefaultStatus {
			op.DefaultStatus = status
		}
	}
	return op
}

// result is what most operations answer with.
type result[T any] struct{ Body T }

// resultAs is a result with a status that tells something.
type resultAs[T any] struct {
	Status int
	Body   T
}

// keyServer is where an operation keeps its [*Server], for what runs before its handler.
const keyServer = "server"

func serverOf(ctx huma.Context) *Server { return ctx.Operation().Metadata[keyServer].(*Server) }

// declaration is the API as huma sees it while one operation is declared and served: JSON
// only, read strictly, behind the guard.
type declaration struct {
	huma.API
	server   *Server
	route    route
	out      reflect.Type
	register func()           // registers it, once
	serve    http.HandlerFunc // nil before register
}

// Adapter returns the declaration itself.
func (d *declaration) Adapter() huma.Adapter { return d }

// ServeHTTP is never called: the server serves its mux itself.
func (d *declaration) ServeHTTP(w http.ResponseWriter, r *http.Request) { d.server.mux.ServeHTTP(w, r) }

// Handle keeps what serves the operation.
func (d *declaration) Handle(op *huma.Operation, handler func(huma.Context)) {
	known := queryOf(op)
	d.serve = func(w http.ResponseWriter, r *http.Request) {
		faults, err := known.check(r)
		if err == nil && op.RequestBody != nil {
			err = checkBody(r, d.server.config.MaxBody)
		} else if err == nil && r.Method != http.MethodGet && r.Method != http.MethodHead {
			err = refuseAnyBody(w, r, d.server.config.MaxBody)
		}
		if err != nil {
			d.server.fail(w, r, err)
			return
		}
		handler(humago.NewContext(op, withFaults(r, faults), w))
	}
}

// handle routes to a handler, behind the guard.
func (s *Server) handle(route route, handler http.HandlerFunc) {
	guarded := func(w http.ResponseWriter, r *http.Request) {
		server, known := s.guard.identify(r)
		problem := s.refuseStranger(r, known)
		if problem == nil && server != "" {
			r, problem = s.speakAs(r, server)
		}
		if problem != nil && route.path != pathHealth {
			problem.write(w)
			return
		}
		handler(w, r)
	}
	pattern := route.method + " " + route.path
	s.mux.HandleFunc(pattern, guarded)
	if !strings.Contains(pattern, "/players/{id}") {
		return
	}
	// A wildcard of ServeMux does not match a player id that is a single slash, even escaped.
	s.mux.HandleFunc(strings.Replace(pattern, "{id}", "%2F", 1), func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = pattern
		r.SetPathValue("id", "/")
		guarded(w, r)
	})
}

// Negotiate answers with JSON whatever is accepted.
func (d *declaration) Negotiate(string) (string, error) { return "application/json", nil }

// Unmarshal reads a body. What is wrong with it reaches [problemOfRequest] as text, since
// huma keeps no more of an error.
func (d *declaration) Unmarshal(_ string, data []byte, v any) error {
	err, refused := errors.AsType[*strict.Error](strict.Unmarshal(data, v))
	if !refused {
		return nil
	}
	return errors.New(string(appendJSON(nil, err)))
}

// csv is implemented by bodies that can be written as CSV too.
type csv interface{ AppendCSV(b []byte) []byte }

// Transform encodes a body, before the status is sent, so that its length is known.
func (d *declaration) Transform(ctx huma.Context, _ string, v any) (any, error) {
	_, w := humago.Unwrap(ctx)
	var encoded []byte
	if table, ok := v.(csv); ok && strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") {
		encoded = table.AppendCSV(nil)
	} else {
		encoded = appendJSON(nil, v)
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(encoded)))
	return encoded, nil
}

// Marshal writes what Transform encoded. A client that went away is no concern of ours.
func (d *declaration) Marshal(w io.Writer, _ string, v any) error {
	_, _ = w.Write(v.([]byte))
	return nil
}
