package httpapi

import (
	"net/http"
	"strings"
	"testing"
)

// fuzzBodies checks for every body: no panic, and either success or a refusal
// with 400 or 422 that names a field and reached no use-case.
func fuzzBodies(f *testing.F, method, path string, seeds ...string) {
	f.Helper()
	for _, seed := range append(seeds, "", "{", "[]", "null", `{"":{"":[]}}`, "{\"\xff\":1}", `{"a":"\ud800"}`) {
		f.Add(seed)
	}
	fixture := newFixture(f)
	f.Add(fixture.exampleBody(method, strings.Replace(path, exampleID, "{id}", 1)))
	f.Fuzz(func(t *testing.T, body string) {
		fuzzBody(t, fixture, method, path, body)
	})
}

// FuzzBodies does the same with each operation that takes a body.
func FuzzBodies(f *testing.F) {
	for i, operation := range wrongBodies {
		f.Add(uint(i), operation.body)
	}
	fixture := newFixture(f)
	f.Fuzz(func(t *testing.T, which uint, body string) {
		operation := wrongBodies[which%uint(len(wrongBodies))]
		fuzzBody(t, fixture, operation.method, operation.path, body)
	})
}

func fuzzBody(t *testing.T, fixture *fixture, method, path, body string) {
	t.Helper()
	fixture.bans = nil
	calls := fixture.calls
	g := fixture.ask(t, method, path, body)
	if g.Code < 300 {
		return
	}
	if g.Code != http.StatusBadRequest && g.Code != http.StatusUnprocessableEntity {
		t.Fatalf("status %d for %q: %s", g.Code, body, g.Body)
	}
	p := g.problem(g.Code)
	if len(p.Errors) == 0 || fixture.calls != calls || len(fixture.bans) != 0 {
		t.Fatalf("%q: %+v, %d calls", body, p, fixture.calls-calls)
	}
	for _, e := range p.Errors {
		if e.Field == "" || e.Message == "" || e.In != inBody {
			t.Errorf("%q: %+v", body, e)
		}
	}
}

func FuzzPatch(f *testing.F) {
	fuzzBodies(
		f, "PATCH", playerPath, string(appendJSON(nil, exampleRecord())),
		`{"flags":["a"],"unmuteTime":"infinity","unmarkTime":"2031-01-01T00:00:00Z",`+
			`"rainbow":{"speed":1},"stats":{"a":1e3}}`,
		`{"history":[{"action":"a","by":"b","time":null}],"attributes":{"a":[1e-999,{}]},"muted":true}`,
	)
}

func FuzzLeave(f *testing.F) {
	fuzzBodies(f, "POST", playerPath+"/leave", string(appendJSON(nil, exampleRecord())))
}

func FuzzJoin(f *testing.F) {
	fuzzBodies(f, "POST", playerPath+"/join", `{"name":"","ip":"::1%eth0","usid":null}`)
}

func FuzzBan(f *testing.F) {
	fuzzBodies(
		f, "POST", "/v1/bans",
		`{"uuid":"a","duration":"P1W2DT3H4M5S"}`, `{"uuid":"a","duration":"9999999w"}`,
		`{"ip":"2001:db8::/32","expiresAt":"9999-12-31T23:59:59.999Z"}`,
	)
}

func FuzzCheck(f *testing.F) {
	fuzzBodies(f, "POST", "/v1/bans/check")
}

func FuzzLift(f *testing.F) {
	fuzzBodies(f, "POST", "/v1/bans/lift")
}
