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
)

// Codes of problems that arise before a use-case is reached; the others are the
// domain's, see [syncer.Code].
const (
	codeMalformed    syncer.Code = "malformed"              // not the syntax of JSON, a header or a parameter
	codeNoRoute      syncer.Code = "no_route"               // no such path
	codeMethod       syncer.Code = "method_not_allowed"     // the path exists, the method does not
	codeUnauthorized syncer.Code = "unauthorized"           // token missing or wrong
	codeForbidden    syncer.Code = "forbidden"              // network not allowed, or a foreign web page asks
	codeMediaType    syncer.Code = "unsupported_media_type" // body of another type than JSON
	codeBusy         syncer.Code = "busy"                   // too many event streams
	codeTimeout      syncer.Code = "timeout"                // not answered in time
	codeInternal     syncer.Code = "internal"               // a fault of this program; see its log
)

// Problem is the body of every refusal: problem details (RFC 9457) of type
// about:blank, with a code for programs and the fields at fault.
type Problem struct {
	Type    string       `json:"type" doc:"Always about:blank: the code says more." example:"about:blank"`
	Title   string       `json:"title" doc:"The status in words." example:"Unprocessable Entity"`
	Status  int          `json:"status" doc:"The HTTP status." example:"422"`
	Code    syncer.Code  `json:"code" doc:"What went wrong, for programs. Codes do not change." example:"invalid"`
	Detail  string       `json:"detail" doc:"What went wrong, for people." example:"rank: must have 1 to 64 characters, has 0"`
	Balance *int64       `json:"balance,omitempty" doc:"Of insufficient_funds: what there is." example:"120"`
	Errors  []FieldError `json:"errors,omitempty" nullable:"false" doc:"The fields at fault, as far as known."`

	header http.Header // sent along, may be nil
}

// FieldError names one field at fault.
type FieldError struct {
	In      string `json:"in" enum:"body,path,query,header" doc:"Where the field is."`
	Field   string `json:"field" doc:"Its name or path." example:"flags[0]"`
	Message string `json:"message" doc:"What is wrong with it." example:"must be a text, is a number"`
}

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
	return &Problem{
		Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code,
		Detail: fmt.Sprintf(format, args...),
	}
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
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		if status, ok := statusOf[e.Code]; ok {
			return domainProblem(status, e), true
		}
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return newProblem(http.StatusGatewayTimeout, codeTimeout, "the request was not answered in time"), true
	}
	return newProblem(http.StatusInternalServerError, codeInternal, "an internal error; the log of syncer says more"), false
}

func domainProblem(status int, e *syncer.Error) *Problem {
	detail := e.Message
	if e.Field != "" {
		detail = e.Field + ": " + detail
	}
	p := newProblem(status, e.Code, "%s", detail)
	if e.Field != "" {
		p.Errors = []FieldError{{In: inBody, Field: e.Field, Message: e.Message}}
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
	body, err := json.Marshal(p)
	if err != nil {
		panic("httpapi: problem cannot be marshalled: " + err.Error())
	}
	maps.Copy(w.Header(), p.header)
	writeBody(w, p.Status, typeProblem, body)
}
