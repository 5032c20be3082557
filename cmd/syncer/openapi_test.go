package main

import (
	"encoding/json"
	"testing"
)

func TestOpenAPIIsPrintedWithoutADatabase(t *testing.T) {
	t.Parallel()
	r := runSyncer(t, nil, "openapi")
	var document struct {
		OpenAPI string
		Servers []struct{ URL string }
		Paths   map[string]json.RawMessage
	}
	if err := json.Unmarshal([]byte(r.out), &document); err != nil {
		t.Fatalf("%v\n%s", err, r.errs)
	}
	if document.OpenAPI != "3.1.0" || document.Paths["/v1/players/{id}/join"] == nil || len(document.Servers) != 1 {
		t.Errorf("the document is %.200s", r.out)
	}
}
