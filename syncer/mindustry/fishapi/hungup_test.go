package fishapi_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"playersync/syncer/mindustry/fishapi"
)

// brokenConnection takes no answer.
type brokenConnection struct{ *httptest.ResponseRecorder }

func (brokenConnection) FlushError() error { return errors.New("connection reset") }

func TestWhetherAnAnswerWasWrittenIsPassedOn(t *testing.T) {
	t.Parallel()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	b, d := &backend{}, &desk{waiting: "one"}
	for _, test := range []struct {
		handler    http.Handler
		path, body string
		written    *[]bool
	}{
		{
			handler(t, b, fishapi.Config{}), "/api/fish-player/set", `{"player":{"uuid":"a"},"gamemode":"pvp"}`,
			&b.written,
		},
		{d.handler(t), "/api/getStaffMessages", `{"server":"pvp"}`, &d.written},
	} {
		ask := func(ctx context.Context, w http.ResponseWriter) {
			r := httptest.NewRequestWithContext(ctx, http.MethodPost, test.path, strings.NewReader(test.body))
			r.RemoteAddr = "192.0.2.9:40000"
			test.handler.ServeHTTP(w, r)
		}
		ask(t.Context(), httptest.NewRecorder())
		ask(t.Context(), brokenConnection{httptest.NewRecorder()})
		late := httptest.NewRecorder()
		ask(gone, late) // it had hung up before
		if !slices.Equal(*test.written, []bool{true, false, false}) || late.Code != http.StatusServiceUnavailable {
			t.Errorf("%s: written %v, late answer %d", test.path, *test.written, late.Code)
		}
	}
}
