package httpapi

import (
	"encoding/json"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// DocumentOperation completes what huma made of an operation's types, and adds it to the
// document.
func (d *declaration) DocumentOperation(op *huma.Operation) {
	delete(op.Responses, "default")
	for _, p := range op.Parameters {
		p.Example, p.Schema.Description, p.Explode = exampleOfSchema(d.registry(), p.Schema), "", nil
		if p.Example == "" {
			p.Example = nil
		}
	}
	d.describeBody(op)
	d.describeReplies(op)
	refusals := append(slices.Clone(d.route.refusals), http.StatusForbidden, http.StatusInternalServerError)
	if op.Path == pathHealth {
		op.Security = []map[string][]string{{}}
	} else {
		refusals = append(refusals, http.StatusUnauthorized)
	}
	if strings.HasPrefix(op.Path, "/v1/") { // unknown parameters are refused
		refusals = append(refusals, http.StatusBadRequest)
	}
	for _, p := range op.Parameters {
		if p.In == inPath {
			refusals = append(refusals, http.StatusUnprocessableEntity)
		}
	}
	if op.RequestBody != nil || op.Method != http.MethodGet { // what takes no body refuses one
		refusals = append(refusals, http.StatusRequestEntityTooLarge,
			http.StatusUnsupportedMediaType, http.StatusUnprocessableEntity)
	}
	d.describeRefusals(op, refusals)
	d.OpenAPI().AddOperation(op)
}

func (d *declaration) registry() huma.Registry { return d.OpenAPI().Components.Schemas }

func (d *declaration) describeBody(op *huma.Operation) {
	if op.RequestBody == nil {
		return
	}
	content := op.RequestBody.Content["application/json"]
	op.RequestBody.Description, content.Schema.Description = content.Schema.Description, ""
	content.Example = exampleOfSchema(d.registry(), content.Schema)
	if op.Method == http.MethodPatch {
		op.RequestBody.Content["application/merge-patch+json"] = content
	}
}

// describeReplies gives all statuses of success the headers and the body of the first.
func (d *declaration) describeReplies(op *huma.Operation) {
	first := op.Responses[strconv.Itoa(op.DefaultStatus)]
	for _, h := range first.Headers {
		h.Description, h.Schema.Description = h.Schema.Description, ""
		h.Example = exampleOfSchema(d.registry(), h.Schema)
	}
	if source := first.Headers["Syncer-Source"]; source != nil {
		// Generators of clients would make a type of its own of each.
		d.registry().Map()["Source"] = source.Schema
		source.Schema = &huma.Schema{Ref: "#/components/schemas/Source"}
	}
	if written, ok := reflect.TypeAssert[interface{ body() reflect.Type }](reflect.Zero(d.out)); ok {
		schema := d.registry().Schema(written.body(), true, "")
		first.Content = map[string]*huma.MediaType{"application/json": {Schema: schema}}
	}
	for _, content := range first.Content {
		content.Example = exampleOfSchema(d.registry(), content.Schema)
	}
	if body, ok := d.out.FieldByName("Body"); ok && body.Type.Implements(reflect.TypeFor[csv]()) {
		first.Content["text/csv"] = describeCSV(body.Type, first.Content["application/json"].Example)
	}
	if op.Path == pathEvents {
		first.Content["text/event-stream"] = &huma.MediaType{
			Schema: &huma.Schema{Type: huma.TypeString}, Example: exampleEvents,
		}
	}
	for status := range d.route.replies {
		other := op.Responses[strconv.Itoa(status)]
		if other.Headers = first.Headers; status != http.StatusNotModified {
			other.Content = first.Content
		}
	}
}

// describeCSV describes the other form of a body of which there is an example.
func describeCSV(t reflect.Type, example any) *huma.MediaType {
	table := reflect.New(t)
	if err := json.Unmarshal(appendJSON(nil, example), table.Interface()); err != nil {
		panic("httpapi: example of " + t.Name() + ": " + err.Error())
	}
	return &huma.MediaType{
		Schema: &huma.Schema{Type: huma.TypeString}, Example: string(table.Elem().Interface().(csv).AppendCSV(nil)),
	}
}

// refusalText says when an operation refuses with a status.
var refusalText = map[int]string{
	http.StatusBadRequest: "The body is no JSON, or a header or parameter is wrong; " +
		"`errors` names the place.",
	http.StatusUnauthorized:    "The token is missing or wrong.",
	http.StatusPaymentRequired: "There is not enough; `balance` says how much there is. Nothing was stored.",
	http.StatusForbidden:       "The network is not allowed, or a web page of another origin asks.",
	http.StatusNotFound:        "What the path names does not exist.",
	http.StatusConflict:        "The request contradicts what is stored.",
	http.StatusPreconditionFailed: "If-Match names a revision that is no longer current; " +
		"the ETag is the current one where it is known.",
	http.StatusRequestEntityTooLarge: "The body is too large.",
	http.StatusUnsupportedMediaType:  "The body is not JSON.",
	http.StatusUnprocessableEntity:   "A field is wrong; `errors` names it. Nothing was stored.",
	http.StatusInternalServerError:   "A fault of syncer; its log says more.",
	http.StatusServiceUnavailable: "The database is out of reach. Nothing was stored; repeat later. " +
		"With the code outcome_unknown the connection broke during the commit: read before repeating.",
	http.StatusGatewayTimeout:      "Not answered in time.",
	http.StatusInsufficientStorage: "There is no room for it; `errors` says of what there is too much.",
}

// stored are the refusals of what the database must answer.
var stored = []int{http.StatusServiceUnavailable, http.StatusGatewayTimeout}

// storedOr returns the refusals of what the database must answer, and others.
func storedOr(others ...int) []int { return append(others, stored...) }

func (d *declaration) describeRefusals(op *huma.Operation, statuses []int) {
	schema := d.registry().Schema(reflect.TypeFor[Problem](), true, "Problem")
	for _, status := range statuses {
		op.Responses[strconv.Itoa(status)] = &huma.Response{
			Description: refusalText[status],
			Content: map[string]*huma.MediaType{
				"application/problem+json": {Schema: schema, Example: exampleProblem(status)},
			},
		}
	}
}

// exampleOfSchema builds an example from those of a schema's parts. It leaves out what is
// not required and has no example of its own.
func exampleOfSchema(r huma.Registry, s *huma.Schema) any {
	if s.Ref != "" {
		s = r.SchemaFromRef(s.Ref)
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case s.Nullable:
		return nil
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.AnyOf) > 0:
		return exampleOfSchema(r, s.AnyOf[0])
	case len(s.OneOf) > 0:
		return exampleOfSchema(r, s.OneOf[0])
	}
	switch s.Type {
	case huma.TypeObject:
		return exampleOfObject(r, s)
	case huma.TypeArray:
		return []any{exampleOfSchema(r, s.Items)}
	case huma.TypeInteger, huma.TypeNumber:
		return 0
	case huma.TypeBoolean:
		return false
	case huma.TypeString:
		return ""
	default:
		return nil
	}
}

func exampleOfObject(r huma.Registry, s *huma.Schema) any {
	object := map[string]any{}
	for name, member := range s.Properties {
		if slices.Contains(s.Required, name) || len(member.Examples) > 0 {
			object[name] = exampleOfSchema(r, member)
		}
	}
	return object
}
