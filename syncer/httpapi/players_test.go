package httpapi

import (
	"net/http"
	"testing"
)

func TestPlayer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var record Record
	g := f.ask(t, "GET", "/v1/players/"+exampleID, "").wants(http.StatusOK).into(&record)
	t.Log(g.Body, g.Header())
	f.ask(t, "GET", "/openapi.json", "").wants(200)
	f.ask(t, "GET", "/metrics", "").wants(200)
}
