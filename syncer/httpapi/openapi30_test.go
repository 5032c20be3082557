package httpapi

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// What generators of clients stumble over: an enum in each of many headers, and what
// OpenAPI 3.0 does not know.
func TestOpenAPIIsFitForGenerators(t *testing.T) {
	t.Parallel()
	newer, err := Document("test", false, true)
	if err != nil {
		t.Fatal(err)
	}
	older, err := Document("test", true, false)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{"3.1.0": newer, "3.0.3": older} {
		ways := map[string]int{"3.1.0": 1, "3.0.3": 2}[name] // the token alone, and the token or none
		var document struct {
			OpenAPI    string
			Security   []map[string][]string
			Components struct {
				Schemas         map[string]json.RawMessage
				SecuritySchemes map[string]any
			}
			Paths map[string]map[string]struct {
				Responses map[string]struct {
					Content map[string]json.RawMessage
					Headers map[string]struct{ Schema map[string]any }
				}
			}
		}
		if err := json.Unmarshal(text, &document); err != nil {
			t.Fatal(err)
		}
		if document.OpenAPI != name || len(document.Security) != ways || document.Security[0]["token"] == nil ||
			document.Components.SecuritySchemes["token"] == nil {
			t.Errorf("%s: version %s, security %v", name, document.OpenAPI, document.Security)
		}
		if document.Components.Schemas["Source"] == nil {
			t.Errorf("%s: the values of Syncer-Source are no component", name)
		}
		if _, ok := document.Paths["/v1/events"]["get"].Responses["200"].Content["text/event-stream"]; !ok {
			t.Errorf("%s: events are no stream", name)
		}
		for path, item := range document.Paths {
			for _, op := range item {
				for _, response := range op.Responses {
					h, ok := response.Headers["Syncer-Source"]
					if ok && h.Schema["$ref"] != "#/components/schemas/Source" {
						t.Errorf("%s: %s: Syncer-Source is %v", name, path, h.Schema)
					}
				}
			}
		}
	}
	for _, unknown := range []string{`"type":["`, `"type":"null"`, `"examples":[`, `"const":`} {
		if i := bytes.Index(older, []byte(unknown)); i >= 0 {
			t.Errorf("OpenAPI 3.0 has no %s: %s", unknown, older[max(0, i-100):i+100])
		}
	}
	if strings.Count(string(older), `"allOf":[{"$ref":`) == 0 || strings.Count(string(older), `"nullable":true`) == 0 {
		t.Error("nothing may be null")
	}
	f := newFixture(t)
	served := f.ask(t, "GET", "/openapi-3.0.json", "").wants(http.StatusOK).Body.String()
	if !strings.Contains(served, `"openapi":"3.0.3"`) {
		t.Errorf("served %.100s", served)
	}
}
