package httpapi

import (
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// document is what the OpenAPI document says of an operation beyond its types.
type document struct {
	method, path, id string
	tag              string
	summary          string
	description      string

	asServer   bool          // takes the headers that say which server asks
	parameters []*huma.Param // beyond those of path and server
	request    *huma.RequestBody
	replies    []reply
	refusals   []int // beyond those that every operation may give
}

// reply documents one successful answer.
type reply struct {
	status  int
	doc     string
	body    reflect.Type // nil for none
	example any
	headers []string // of replyHeaders
	kind    string   // content type, if not JSON
}

func (d document) hasPath(name string) bool { return strings.Contains(d.path, "{"+name+"}") }

// refusesQuery reports whether the operation is one of the API that takes no parameters in
// its query. What programs ask of the process they may ask with any.
func (d document) refusesQuery() bool {
	return strings.HasPrefix(d.path, "/v1/") && !slices.ContainsFunc(d.parameters, func(p *huma.Param) bool { return p.In == inQuery })
}

// describe builds huma's form.
func (s *Server) describe(d document) *huma.Operation {
	op := &huma.Operation{
		Method: d.method, Path: d.path, OperationID: d.id, Tags: []string{d.tag}, Summary: d.summary, Description: d.description,
		RequestBody: d.request, Responses: map[string]*huma.Response{},
	}
	if d.hasPath("id") {
		op.Parameters = append(op.Parameters, pathParameter())
	}
	if changes(d.method) {
		op.Parameters = append(op.Parameters, authorParameter())
		if !d.asServer {
			op.Parameters = append(op.Parameters, throughParameter())
		}
		d.refusals = append(d.refusals, http.StatusBadRequest)
	}
	if d.asServer {
		op.Parameters = append(op.Parameters, serverParameters()...)
		d.refusals = append(d.refusals, http.StatusBadRequest)
	}
	if d.request != nil {
		d.refusals = append(d.refusals, http.StatusBadRequest, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	op.Parameters = append(op.Parameters, d.parameters...)
	for _, r := range d.replies {
		response := s.describeReply(r)
		if other := op.Responses[strconv.Itoa(r.status)]; other != nil { // the same in another form
			maps.Copy(response.Content, other.Content)
		}
		op.Responses[strconv.Itoa(r.status)] = response
	}
	s.describeRefusals(op, append(d.refusals, http.StatusForbidden, http.StatusInternalServerError))
	if d.path == "/healthz" {
		op.Security = []map[string][]string{{}}
	} else {
		s.describeRefusals(op, []int{http.StatusUnauthorized})
	}
	return op
}

func (s *Server) describeReply(r reply) *huma.Response {
	response := &huma.Response{Description: r.doc, Headers: map[string]*huma.Param{}}
	for _, name := range r.headers {
		response.Headers[name] = replyHeaders[name]()
	}
	if r.body != nil {
		kind := r.kind
		if kind == "" {
			kind = "application/json"
		}
		schema := s.api.OpenAPI().Components.Schemas.Schema(r.body, true, r.body.Name())
		response.Content = map[string]*huma.MediaType{kind: {Schema: schema, Example: r.example}}
	}
	return response
}

// refusalText says when an operation refuses with a status.
var refusalText = map[int]string{
	http.StatusBadRequest:            "The body is no JSON, or a header or parameter is wrong; `errors` names the place.",
	http.StatusUnauthorized:          "The token is missing or wrong.",
	http.StatusPaymentRequired:       "There is not enough; `balance` says how much there is. Nothing was stored.",
	http.StatusForbidden:             "The network is not allowed, or a web page of another origin asks.",
	http.StatusNotFound:              "What the path names does not exist.",
	http.StatusConflict:              "The request contradicts what is stored.",
	http.StatusPreconditionFailed:    "If-Match names a revision that is no longer current; the ETag is the current one where it is known.",
	http.StatusRequestEntityTooLarge: "The body is too large.",
	http.StatusUnsupportedMediaType:  "The body is not JSON.",
	http.StatusUnprocessableEntity:   "A field is wrong; `errors` names it. Nothing was stored.",
	http.StatusInternalServerError:   "A fault of syncer; its log says more.",
	http.StatusServiceUnavailable: "The database is out of reach. Nothing was stored; repeat later. With the code outcome_unknown the connection " +
		"broke during the commit: read before repeating.",
	http.StatusGatewayTimeout:      "Not answered in time.",
	http.StatusInsufficientStorage: "There is no room for it; `errors` says of what there is too much.",
}

// stored are the refusals of what the database must answer.
var stored = []int{http.StatusServiceUnavailable, http.StatusGatewayTimeout}

func (s *Server) describeRefusals(op *huma.Operation, statuses []int) {
	schema := s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, status := range statuses {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: refusalText[status],
			Content: map[string]*huma.MediaType{
				"application/problem+json": {Schema: schema, Example: exampleProblem(status)},
			},
		}
	}
}

// jsonBody documents a JSON body.
func jsonBody(doc string, required bool, schema *huma.Schema, example any, kinds ...string) *huma.RequestBody {
	request := &huma.RequestBody{Description: doc, Required: required, Content: map[string]*huma.MediaType{}}
	for _, kind := range append(kinds, "application/json") {
		request.Content[kind] = &huma.MediaType{Schema: schema, Example: example}
	}
	return request
}

func pathParameter() *huma.Param {
	s := textSchema("", exampleID, 64)
	return &huma.Param{
		Name: "id", In: "path", Required: true, Schema: s, Example: exampleID,
		Description: "Player id, percent-encoded: `/` as %2F, `=` may stay. 1 to 64 printable characters.",
	}
}

func serverParameters() []*huma.Param {
	header := func(name, doc, example string) *huma.Param {
		return &huma.Param{
			Name: name, In: "header", Example: example, Schema: textSchema("", example, 64),
			Description: doc + " The configured one if absent; but another server's name needs gamemode and address with it.",
		}
	}
	return []*huma.Param{
		header(headerServer, "Name of the game server that asks.", "survival-1"),
		header(headerGamemode, "Its gamemode, which indexes counters and join times.", "survival"),
		header(headerAddress, "Its address, which indexes usids.", "203.0.113.1:6567"),
	}
}

func authorParameter() *huma.Param {
	return &huma.Param{
		Name: headerBy, In: "header", Example: "Steve", Schema: textSchema("", "Steve", syncer.MaxHistoryText),
		Description: "For whom the change is made: for the audit, and as the author of a ban, a lift or a note. A `by` in the body wins.",
	}
}

func throughParameter() *huma.Param {
	return &huma.Param{
		Name: headerServer, In: "header", Example: "survival-1", Schema: textSchema("", "survival-1", 64),
		Description: "Name of the game server through which the change is made, as the audit shows it. The configured one if absent.",
	}
}

// numberParameter documents the path's {number}.
func numberParameter(doc string, example int) *huma.Param {
	return &huma.Param{
		Name: "number", In: inPath, Required: true, Description: doc, Example: example,
		Schema: integerSchema("", 1, float64(syncer.MaxCounter)),
	}
}

// queryParameter documents a parameter of the query.
func queryParameter(name, doc string, schema *huma.Schema, required bool) *huma.Param {
	return &huma.Param{Name: name, In: "query", Description: doc, Schema: schema, Required: required}
}

func pageParameters() []*huma.Param {
	limit := integerSchema("", 1, maxPage)
	limit.Default = defaultPage
	return []*huma.Param{
		queryParameter("limit", "At most so many.", limit, false),
		queryParameter("after", "The `next` of the page before.", &huma.Schema{Type: huma.TypeString}, false),
	}
}

// Headers of answers.
const (
	headerETag      = "ETag"
	headerSource    = "Syncer-Source"
	headerStaleness = "Syncer-Staleness"
	headerLastEvent = "Syncer-Last-Event-ID"
)

var recordHeaders = []string{headerETag, headerSource, headerStaleness}

var replyHeaders = map[string]func() *huma.Param{
	headerETag: func() *huma.Param {
		return replyHeader("The revision in quotes. Own counters and usids do not change it.", &huma.Schema{Type: huma.TypeString}, `"42"`)
	},
	headerSource: func() *huma.Param {
		return replyHeader("Where the answer came from.", enumSchema("", "memory", "database"), "memory")
	},
	headerStaleness: func() *huma.Param {
		return replyHeader("Milliseconds since this sidecar last knew itself current.", integerSchema("", 0, float64(syncer.MaxCounter)), 3)
	},
	headerLastEvent: func() *huma.Param {
		return replyHeader("The position to go on behind: the next request's `after`.", &huma.Schema{Type: huma.TypeString}, exampleEventID)
	},
}

func replyHeader(doc string, schema *huma.Schema, example any) *huma.Param {
	return &huma.Param{Description: doc, Schema: schema, Example: example}
}
