package httpapi

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"playersync/syncer"
)

// operation is a typed handler: In is what it takes from a request, Out what it
// answers with. Its documentation and its decoder stand side by side.
//
// huma declares operations and derives schemas; requests do not pass through its
// reflection, which would cost more than the answer itself.
type operation[In any, Out answer] struct {
	doc document
	// decode reads what the handler needs beyond id and game server; nil for nothing.
	decode func(c *call) (In, error)
	handle func(ctx context.Context, c *call, in In) (Out, error)
}

// register documents the operation and routes to it.
func register[In any, Out answer](s *Server, o operation[In, Out]) {
	op := s.describe(o.doc)
	hasID, refusesQuery := o.doc.hasPath("id"), o.doc.refusesQuery()
	s.route(op, func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r}
		if err := s.address(c, hasID, o.doc.asServer); err != nil {
			s.fail(w, r, err)
			return
		}
		if refusesQuery {
			if err := noParameters(r); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		var in In
		if o.decode != nil {
			var err error
			if in, err = o.decode(c); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		by, err := attribution(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		ctx, cancel := s.bounded(r)
		defer cancel()
		ctx = syncer.WithServer(syncer.WithActor(ctx, by.By), by.Server)
		out, err := o.handle(ctx, c, in)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		write(w, out)
	})
}

// address fills in the player and the game server that a request names.
func (s *Server) address(c *call, hasID, asServer bool) (err error) {
	if hasID {
		if c.id, err = pathID(c.r); err != nil {
			return err
		}
	}
	if asServer {
		c.from, err = gameServer(c.r.Header, s.deps.Players.Home())
	}
	return err
}

// route adds a handler behind the token.
func (s *Server) route(op *huma.Operation, handler http.HandlerFunc) {
	guarded := func(w http.ResponseWriter, r *http.Request) {
		if problem := s.refuseStranger(r); problem != nil {
			problem.write(w)
			return
		}
		handler(w, r)
	}
	s.api.OpenAPI().AddOperation(op)
	s.api.Adapter().Handle(op, func(ctx huma.Context) {
		r, w := humago.Unwrap(ctx)
		guarded(w, r)
	})
	if strings.Contains(op.Path, "{id}") {
		s.routeSlash(op, guarded)
	}
}

// routeSlash routes the id that is a single slash, which a wildcard of ServeMux
// does not match even where it is escaped.
func (s *Server) routeSlash(op *huma.Operation, handler http.HandlerFunc) {
	s.mux.HandleFunc(op.Method+" "+strings.Replace(op.Path, "{id}", "%2F", 1), func(w http.ResponseWriter, r *http.Request) {
		r.Pattern = op.Method + " " + op.Path
		r.SetPathValue("id", "/")
		handler(w, r)
	})
}

// body returns a decoder that reads a JSON body with the given function, which
// notes faults in the value it gets.
func body[In any](s *Server, read func(c *call, v value) In) func(*call) (In, error) {
	return func(c *call) (In, error) {
		data, err := readBody(c.w, c.r, s.config.MaxBody)
		if err != nil {
			return *new(In), err
		}
		return decodeBody(c, data, read)
	}
}

// optionalBody is body for a request that may have none, which gives the zero In.
func optionalBody[In any](s *Server, read func(c *call, v value) In) func(*call) (In, error) {
	return func(c *call) (In, error) {
		data, err := readBody(c.w, c.r, s.config.MaxBody)
		if err != nil || blank(data) {
			return *new(In), err
		}
		return decodeBody(c, data, read)
	}
}

func decodeBody[In any](c *call, data []byte, read func(c *call, v value) In) (in In, err error) {
	var faults []FieldError
	v, err := parse(data, &faults)
	if err != nil {
		return in, err
	}
	if in = read(c, v); len(faults) > 0 {
		return in, refuse(faults...)
	}
	return in, nil
}

// statusClientGone is what others use for a request whose client went away.
const statusClientGone = 499

// fail answers with what a client may see of an error, and logs the rest.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	if errors.Is(err, context.Canceled) && r.Context().Err() != nil {
		w.WriteHeader(statusClientGone) // nobody reads it; it is for the metrics
		return
	}
	problem, known := problemOf(err)
	switch {
	case !known:
		s.deps.Log.ErrorContext(r.Context(), "request failed", "method", r.Method, "route", r.Pattern, "error", err)
	case syncer.CodeOf(err) == syncer.CodeUnavailable || syncer.CodeOf(err) == syncer.CodeOutcomeUnknown:
		s.deps.Log.WarnContext(r.Context(), "request failed", "method", r.Method, "route", r.Pattern, "error", err)
	}
	problem.write(w)
}
