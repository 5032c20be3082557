package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var document struct {
		OpenAPI string
		Info    struct{ Title, Version, Description string }
		Paths   map[string]map[string]json.RawMessage
	}
	f.ask(t, "GET", "/openapi.json", "").wants(http.StatusOK).into(&document)
	if !strings.HasPrefix(document.OpenAPI, "3.1") || document.Info.Version != "test" {
		t.Errorf("document %+v", document.Info)
	}
	var routes []string
	for path, item := range document.Paths {
		for method := range item {
			routes = append(routes, method+" "+path)
		}
	}
	slices.Sort(routes)
	want := []string{
		"get /v1/player-counts", "get /v1/player-info", "get /v1/players/{id}/accounts", "get /v1/players/{id}/info",
		"post /v1/player-counts", "post /v1/players/{id}/kicks",
		"post /v1/players/{id}/kick", "post /v1/players/{id}/mute", "post /v1/players/{id}/unmute",
		"get /v1/currencies", "get /v1/currencies/{name}/top",
		"get /v1/players/{id}/balances", "get /v1/players/{id}/ledger",
		"post /v1/players/{id}/balances/{currency}", "post /v1/transfers", "put /v1/currencies/{name}",
		"delete /v1/players/{id}/transients/{key}",
		"get /healthz", "get /metrics", "get /openapi.json", "get /openapi-3.0.json", "get /readyz",
		"get /v1/map-run", "get /v1/map-runs", "get /v1/map-stats",
		"post /v1/map-run", "post /v1/map-run/abandon", "post /v1/map-run/finish",
		"get /v1/audit", "post /v1/audit/{id}/revert",
		"get /v1/bans", "get /v1/bans/export", "get /v1/bans/preview", "get /v1/bans/{id}", "get /v1/events",
		"get /v1/players", "get /v1/players/{id}", "get /v1/players/{id}/gamemodes",
		"get /v1/players/{id}/history", "get /v1/staff-messages",
		"get /v1/usid-rejections",
		"delete /v1/antibot-patterns/{kind}", "get /v1/antibot-patterns", "put /v1/antibot-patterns/{kind}",
		"delete /v1/blacklisted-addresses/{address}", "get /v1/blacklisted-addresses",
		"post /v1/blacklisted-addresses",
		"get /v1/moderation-log", "post /v1/moderation-log",
		"patch /v1/bans/{id}", "patch /v1/players/{id}",
		"post /v1/bans", "post /v1/bans/check", "post /v1/bans/import", "post /v1/bans/lift",
		"post /v1/bans/{id}/notes", "post /v1/players/{id}/join", "post /v1/players/{id}/leave",
		"post /v1/staff-messages", "post /v1/usid-rejections/{code}/approve",
		"get /v1/online", "get /v1/online/counts", "get /v1/players/{id}/presence", "get /v1/servers",
		"post /v1/servers/start",
		"get /v1/players/{id}/transients", "get /v1/players/{id}/transients/{key}",
		"put /v1/players/{id}/transients/{key}",
	}
	slices.Sort(want)
	if !slices.Equal(routes, want) {
		t.Errorf("routes %q", routes)
	}
}

// operations yields every operation by method and path.
func operations(api *huma.OpenAPI) map[string]*huma.Operation {
	found := map[string]*huma.Operation{}
	for path, item := range api.Paths {
		for method, op := range map[string]*huma.Operation{
			"GET": item.Get, "POST": item.Post, "PATCH": item.Patch, "PUT": item.Put, "DELETE": item.Delete,
		} {
			if op != nil {
				found[method+" "+path] = op
			}
		}
	}
	return found
}

func TestEveryOperationIsDescribed(t *testing.T) {
	t.Parallel()
	api := newFixture(t).server.document()
	for route, op := range operations(api) {
		if op.Summary == "" || op.Description == "" || op.OperationID == "" || len(op.Tags) != 1 {
			t.Errorf("%s lacks summary, description, id or tag", route)
		}
		for _, p := range op.Parameters {
			if p.Description == "" || p.Schema == nil {
				t.Errorf("%s: parameter %s lacks description or schema", route, p.Name)
			}
		}
		for status, response := range op.Responses {
			if response.Description == "" {
				t.Errorf("%s: status %s lacks a description", route, status)
			}
			for kind, content := range response.Content {
				if content.Schema == nil || content.Example == nil && strings.HasPrefix(route, "GET /v1") {
					t.Errorf("%s: status %s as %s lacks schema or example", route, status, kind)
				}
			}
		}
	}
}

// TestExamplesAreAccepted sends every example of a request, and checks it and every
// example of an answer against its own schema.
func TestExamplesAreAccepted(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	api := f.server.document()
	for _, route := range slices.Sorted(maps.Keys(operations(api))) {
		op := operations(api)[route]
		method, path, _ := strings.Cut(route, " ")
		for status, response := range op.Responses {
			for _, content := range response.Content {
				if content.Example != nil {
					conforms(t, api, fmt.Sprintf("%s %s", route, status), content.Schema, content.Example)
				}
			}
		}
		if op.RequestBody == nil {
			continue
		}
		for kind, content := range op.RequestBody.Content {
			conforms(t, api, route, content.Schema, content.Example)
			g := f.ask(t, method, examplePath(path), string(appendJSON(nil, content.Example)), "Content-Type: "+kind)
			if g.Code >= 300 {
				t.Errorf("%s refuses its example: %s", route, g.Body)
			}
		}
	}
}

// TestUnknownParametersAreRefused asks every operation of the API with one.
func TestUnknownParametersAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for route, op := range operations(f.server.document()) {
		method, path, _ := strings.Cut(route, " ")
		if !strings.HasPrefix(path, "/v1/") {
			continue
		}
		var body string
		if op.RequestBody != nil {
			for _, content := range op.RequestBody.Content {
				body = string(appendJSON(nil, content.Example))
			}
		}
		p := f.ask(t, method, examplePath(path)+"?nonsense=1", body).problem(http.StatusBadRequest)
		if len(p.Errors) == 0 || p.Errors[0].Field != "nonsense" {
			t.Errorf("%s: %+v", route, p)
		}
	}
}

// examplePath fills in a path's parameters.
func examplePath(path string) string {
	return strings.NewReplacer("/bans/{id}", "/bans/7", "/audit/{id}", "/audit/7", "{id}", exampleID, "{key}", "pet",
		"{currency}", exampleCurrency, "{name}", exampleCurrency, "{kind}", "blacklist").Replace(path)
}

// TestAnswersConform checks answers against the schemas that announce them.
func TestAnswersConform(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask(t, "POST", "/v1/bans", `{"ip":"198.51.100.0/24"}`).wants(http.StatusCreated)
	f.publishPlayer(43)
	api := f.server.document()
	for request, body := range map[string]string{
		"GET /v1/players/{id}": "", "PATCH /v1/players/{id}": `{}`,
		"POST /v1/players/{id}/join":   `{"name":"a","ip":"198.51.100.7"}`,
		"GET /v1/players/{id}/history": "", "GET /v1/players/{id}/gamemodes": "",
		"GET /v1/players?name=a": "", "GET /v1/bans": "",
		"POST /v1/bans":       `{"ip":"198.51.100.0/24"}`,
		"POST /v1/bans/check": `{"ip":"198.51.100.7"}`, "POST /v1/bans/lift": `{"uuid":"a"}`,
		"GET /v1/events?wait=0s&after=old": "", "GET /v1/usid-rejections": "",
		"GET /v1/players/{id}/info": "", "GET /v1/player-info?name=a": "", "GET /v1/players/{id}/accounts": "",
		"GET /v1/player-counts":         "",
		"GET /v1/players/{id}/balances": "", "GET /v1/players/{id}/ledger": "", "GET /v1/currencies": "",
		"POST /v1/players/{id}/balances/{currency}": `{"change":-1,"key":"a"}`,
		"POST /v1/transfers":                        `{"from":"a","to":"a","currency":"coins","amount":1,"key":"b"}`,
		"GET /v1/map-run":                           "", "POST /v1/map-run": `{"map":"a","session":"b","players":1}`,
		"GET /v1/map-runs": "", "GET /v1/map-stats": "",
		"POST /v1/map-run/finish": `{"map":"a","session":"b","winner":"c","success":true}`,
		"GET /healthz":            "", "GET /readyz": "", "GET /v1/players/unknown": "",
		"PATCH /v1/players/{id}?x": `{"rank":5}`,
	} {
		method, target, _ := strings.Cut(request, " ")
		g := f.ask(t, method, examplePath(target), body)
		path, _, _ := strings.Cut(strings.Replace(target, "unknown", "{id}", 1), "?")
		response := operations(api)[method+" "+path].Responses[fmt.Sprint(g.Code)]
		if response == nil {
			t.Errorf("%s: status %d is not announced", request, g.Code)
			continue
		}
		content := response.Content[g.Header().Get("Content-Type")]
		if content == nil {
			t.Errorf("%s: %s is not announced", request, g.Header().Get("Content-Type"))
			continue
		}
		conforms(t, api, request, content.Schema, json.RawMessage(g.Body.Bytes()))
	}
}

// conforms checks a value's JSON form against a schema.
func conforms(t *testing.T, api *huma.OpenAPI, what string, schema *huma.Schema, value any) {
	t.Helper()
	var decoded any
	if err := json.Unmarshal(appendJSON(nil, value), &decoded); err != nil {
		t.Fatal(err)
	}
	schema.PrecomputeMessages()
	result := &huma.ValidateResult{}
	huma.Validate(api.Components.Schemas, schema, huma.NewPathBuffer(nil, 0), huma.ModeReadFromServer, decoded, result)
	for _, err := range result.Errors {
		t.Errorf("%s: %v does not conform: %v", what, reflect.TypeOf(value), err)
	}
}
