package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"strings"

	"playersync/syncer"
	"playersync/syncer/httpapi/strict"
	"playersync/syncer/httpapi/wire"
)

// Codes of problems that arise before a use-case is reached; the others are the
// domain's, see [syncer.Code].
const (
	codeMalformed    syncer.Code = "malformed"              // not the syntax of JSON, a header or a parameter
	codeNoRoute      syncer.Code = "no_route"               // no such path
	codeMethod       syncer.Code = "method_not_allowed"     // the path exists, the method does not
	codeUnauthorized syncer.Code = "unauthorized"           // token missing or wrong
	codeForbidden    syncer.Code = "forbidden"              // network not allowed, or a foreign web page asks
	codeHost         syncer.Code = "unknown_host"           // the Host header names another server
	codeMediaType    syncer.Code = "unsupported_media_type" // body of another type than JSON
	codeBusy         syncer.Code = "busy"                   // too many event streams
	codeTimeout      syncer.Code = "timeout"                // not answered in time
	codeInternal     syncer.Code = "internal"               // a fault of this program; see its log
)

// Problem is a refusal. As an error it is answered as it is.
type Problem struct {
	wire.Problem
	header http.Header // sent along, may be nil
}

// FieldError names one field at fault.
type FieldError = wire.FieldError

// Places of fields.
const (
	inBody   = "body"
	inPath   = "path"
	inQuery  = "query"
	inHeader = "header"
)

// Error returns the detail.
func (p *Problem) Error() string { return p.Detail }

func newProblem(status int, code syncer.Code, format string, args ...any) *Problem {
	return &Problem{Problem: wire.Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code,
		Detail: fmt.Sprintf(format, args...),
	}}
}

// refuse returns the problem for fields at fault: 422 where a body or path says
// what cannot be, 400 where a header or parameter is wrong.
func refuse(fields ...FieldError) *Problem {
	status, code := http.StatusBadRequest, codeMalformed
	for _, f := range fields {
		if f.In == inBody || f.In == inPath {
			status, code = http.StatusUnprocessableEntity, syncer.CodeInvalid
		}
	}
	texts := make([]string, len(fields))
	for i, f := range fields {
		texts[i] = f.Field + ": " + f.Message
	}
	p := newProblem(status, code, "%s", strings.Join(texts, "; "))
	p.Errors = fields
	return p
}

// statusOf maps the domain's codes.
var statusOf = map[syncer.Code]int{
	syncer.CodeInvalid:        http.StatusUnprocessableEntity,
	syncer.CodeNotFound:       http.StatusNotFound,
	syncer.CodeStale:          http.StatusPreconditionFailed,
	syncer.CodeConflict:       http.StatusConflict,
	syncer.CodeUnconfirmed:    http.StatusConflict,
	syncer.CodeChangedSince:   http.StatusConflict,
	syncer.CodeTooLarge:       http.StatusRequestEntityTooLarge,
	syncer.CodeFull:           http.StatusInsufficientStorage,
	syncer.CodeInsufficient:   http.StatusPaymentRequired,
	syncer.CodeKeyReused:      http.StatusConflict,
	syncer.CodeUnavailable:    http.StatusServiceUnavailable,
	syncer.CodeOutcomeUnknown: http.StatusServiceUnavailable,
}

// problemOf turns any error into what a client may see of it. Causes and unknown
// errors stay inside; known is false for the latter.
func problemOf(err error) (p *Problem, known bool) {
	if p, ok := errors.AsType[*Problem](err); ok {
		return p, true
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok {
		if fields := fieldsOf(several.Unwrap()); fields != nil {
			return refuse(fields...), true
		}
	}
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		if status, ok := statusOf[e.Code]; ok {
			return domainProblem(status, e), true
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return newProblem(http.StatusGatewayTimeout, codeTimeout, "the request was not answered in time"), true
	}
	return newProblem(http.StatusInternalServerError, codeInternal,
		"an internal error; the log of syncer says more"), false
}

// fieldsOf returns the fields at fault if all errors name one, else nil. What only wants to
// be confirmed is told once the rest is right.
func fieldsOf(errs []error) []FieldError {
	var fields []FieldError
	for _, err := range errs {
		e, ok := errors.AsType[*syncer.Error](err)
		if ok && e.Code == syncer.CodeUnconfirmed {
			continue
		}
		if !ok || e.Code != syncer.CodeInvalid || e.Field == "" {
			return nil
		}
		fields = append(fields, FieldError{In: inBody, Field: e.Field, Message: e.Message})
	}
	return fields
}

func domainProblem(status int, e *syncer.Error) *Problem {
	message := e.Message
	if e.Code == syncer.CodeUnconfirmed {
		message += `, by "confirm": true`
	}
	p := newProblem(status, e.Code, "%s", message)
	if e.Field != "" {
		p.Detail = e.Field + ": " + message
		p.Errors = []FieldError{{In: inBody, Field: e.Field, Message: message}}
	}
	if e.Code == syncer.CodeInsufficient {
		p.Balance = &e.Balance
	}
	if e.Code == syncer.CodeUnavailable {
		p.header = http.Header{"Retry-After": {"1"}}
	}
	return p
}

func (p *Problem) write(w http.ResponseWriter) {
	body, err := json.Marshal(p.Problem)
	if err != nil {
		panic("httpapi: problem cannot be marshalled: " + err.Error())
	}
	maps.Copy(w.Header(), p.header)
	writeBody(w, p.Status, typeProblem, body)
}

// malformed returns the problem for a body that cannot be read at all.
func malformed(message string) *Problem {
	p := newProblem(http.StatusBadRequest, codeMalformed, "body %s", message)
	p.Errors = []FieldError{{In: inBody, Field: "body", Message: message}}
	return p
}

// tooSlow returns the problem for a body that did not come.
func tooSlow() *Problem {
	return newProblem(http.StatusRequestTimeout, codeTimeout, "the body did not arrive in time")
}

// refuseBody returns the problem for a body that could not be read.
func refuseBody(said *strict.Error) *Problem {
	if said.Malformed != "" {
		return malformed(said.Malformed)
	}
	return refuse(inBodyFields(said.Faults)...)
}

// statusClientGone is what others use for a request whose client went away.
const statusClientGone = 499

// fail answers with what a client may see of an error.
func (s *Server) fail(w http.ResponseWriter, r *http.Request, err error) {
	problem := s.refusal(r.Context(), r.Method, r.Pattern, err)
	if problem.Status == statusClientGone {
		w.WriteHeader(statusClientGone)
		return
	}
	problem.write(w)
}

// refusal returns what a client may see of an error, and logs the rest.
func (s *Server) refusal(ctx context.Context, method, route string, err error) *Problem {
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		// nobody reads it; it is for the metrics
		return newProblem(statusClientGone, codeInternal, "the client is gone")
	}
	problem, known := problemOf(err)
	switch {
	case !known:
		s.deps.Log.ErrorContext(ctx, "request failed", "method", method, "route", route, "error", err)
	case syncer.CodeOf(err) == syncer.CodeUnavailable || syncer.CodeOf(err) == syncer.CodeOutcomeUnknown:
		s.deps.Log.WarnContext(ctx, "request failed", "method", method, "route", route, "error", err)
	}
	return problem
}

// exampleProblem returns what a refusal with the status looks like.
func exampleProblem(status int) wire.Problem {
	switch status {
	case http.StatusBadRequest:
		return refuse(FieldError{In: inHeader, Field: "If-Match", Message: "must be an ETag in quotes"}).Problem
	case http.StatusUnprocessableEntity:
		return refuse(FieldError{In: inBody, Field: "rank", Message: "must be a text, is a number"}).Problem
	}
	codes := map[int]syncer.Code{
		http.StatusPaymentRequired: syncer.CodeInsufficient,
		http.StatusUnauthorized:    codeUnauthorized, http.StatusForbidden: codeForbidden,
		http.StatusNotFound: syncer.CodeNotFound,
		http.StatusConflict: syncer.CodeConflict, http.StatusPreconditionFailed: syncer.CodeStale,
		http.StatusRequestEntityTooLarge: syncer.CodeTooLarge, http.StatusUnsupportedMediaType: codeMediaType,
		http.StatusInternalServerError: codeInternal,
		http.StatusInsufficientStorage: syncer.CodeFull,
		http.StatusServiceUnavailable:  syncer.CodeUnavailable, http.StatusGatewayTimeout: codeTimeout,
	}
	return newProblem(status, codes[status], "%s", refusalText[status]).Problem
}

const exampleTime = "2030-01-02T03:04:05.000Z"
