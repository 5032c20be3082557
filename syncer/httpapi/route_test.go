package httpapi

import (
	"net/http"
	"sync"
	"testing"
)

// Operations are registered at their first request, and the document registers all of them.
func TestFirstRequestsAtOnce(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var asking sync.WaitGroup
	for target, want := range map[string]int{
		"/openapi.json": http.StatusOK, "/openapi-3.0.json": http.StatusOK,
		// refused before the fake, which serves one at a time
		"/v1/bans?limit=many": http.StatusBadRequest, "/v1/players?limit=many": http.StatusBadRequest,
		"/v1/audit?limit=many": http.StatusBadRequest, "/v1/map-runs?limit=many": http.StatusBadRequest,
		"/v1/staff-messages?limit=many": http.StatusBadRequest,
	} {
		for range 2 {
			asking.Go(func() {
				if got := f.ask(t, "GET", target, ""); got.Code != want {
					t.Errorf("%s: status %d, want %d: %s", target, got.Code, want, got.Body)
				}
			})
		}
	}
	asking.Wait()
}
