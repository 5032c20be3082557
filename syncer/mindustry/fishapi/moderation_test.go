package fishapi_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/mindustry/fishapi"
)

// desk takes what moderators share and remembers what reached it.
type desk struct {
	calls   int
	sent    syncer.StaffMessage
	added   []string
	removed string
	logged  string
	by      string

	waiting string // messages
	written []bool // answers with them
	err     error
}

func (d *desk) Take(string) (string, func(bool)) {
	d.calls++
	return d.waiting, func(written bool) { d.written = append(d.written, written) }
}

func (d *desk) Send(_ context.Context, m syncer.StaffMessage, forward bool) (syncer.StaffMessage, error) {
	if err := m.Validate(); err != nil {
		return m, err
	}
	d.calls++
	d.sent = m
	if !forward {
		d.err = errors.New("what game servers send is for the webhook as well")
	}
	return m, d.err
}

func (d *desk) Patterns() (blacklist, graylist *string, err error) {
	return new(`bot\d`), nil, d.err
}

func (d *desk) Sync(_ context.Context, add []string, by string) ([]string, error) {
	d.calls++
	d.added, d.by = add, by
	return add, d.err
}

func (d *desk) Remove(_ context.Context, address string) error {
	d.calls++
	d.removed = address
	return d.err
}

func (d *desk) Add(_ context.Context, source, message string) error {
	d.calls++
	d.by, d.logged = source, message
	return d.err
}

func (d *desk) handler(t testing.TB) http.Handler {
	t.Helper()
	h, err := fishapi.New(fishapi.Config{}, fishapi.Deps{
		Chat: d, Deliveries: d, Antibot: d, Blacklist: d, ModLog: d, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func TestModerationEndpointsAnswerAsThePluginReads(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ path, body, waiting, want string }{
		{"/api/getStaffMessages", `{"server":"pvp"}`, "", `{"messages":""}`},
		{
			"/api/getStaffMessages", `{"server":"pvp","new":[1]}`, "[a] \"x\"\nZürich 😀",
			`{"messages":"[a] \"x\"\nZürich 😀"}`,
		},
		{
			"/api/sendStaffMessage/v2",
			`{"message":"m","playerName":"[red]S","cleanedName":"S","server":"pvp","isStaff":false}`, "",
			`{"data":"sent"}`,
		},
		{"/api/sendStaffMessage/v2", `{"message":"m","playerName":null,"server":"pvp"}`, "", `{"data":"sent"}`},
		{
			"/api/sendStaffMessage", `{"message":"m","playerName":"[red]S","cleanedName":"S","server":"pvp"}`, "",
			`{"data":true}`,
		},
		{"/api/dosBlacklist", `[]`, "", `[]`},
		{
			"/api/dosBlacklist", `["10.0.0.1","<unknown>","2001:db8:0:0:0:0:0:1"]`, "",
			`["10.0.0.1","\u003cunknown\u003e","2001:db8:0:0:0:0:0:1"]`,
		},
		{"/api/dosBlacklist/delete", `{"ip":"10.0.0.1"}`, "", ``},
		{"/api/mod-dump", `{"message":"@everyone"}`, "", ``},
	} {
		d := &desk{waiting: test.waiting}
		if response := post(d.handler(t), test.path, test.body); response.Code != http.StatusOK ||
			response.Body.String() != strings.ReplaceAll(test.want, "\n", `\n`) || d.calls != 1 {
			t.Errorf("%s %s: %d %s, %d calls", test.path, test.body, response.Code, response.Body, d.calls)
		}
	}
}

func TestWhatModerationEndpointsPassOn(t *testing.T) {
	t.Parallel()
	d := &desk{}
	h := d.handler(t)
	post(h, "/api/sendStaffMessage/v2",
		`{"message":"m","playerName":"[red]S","cleanedName":"S","server":"pvp","isStaff":false}`)
	if want := (syncer.StaffMessage{Server: "pvp", Name: "S", Player: "[red]S", Text: "m"}); d.sent != want {
		t.Errorf("v2 sends %+v", d.sent)
	}
	post(h, "/api/sendStaffMessage", `{"message":"m","playerName":"[red]S","cleanedName":"S","server":"pvp"}`)
	want := syncer.StaffMessage{Server: "pvp", Name: "S", Player: "[red]S", Text: "m", IsStaff: true, Echo: true}
	if d.sent != want {
		t.Errorf("v1 sends %+v", d.sent)
	}
	post(h, "/api/dosBlacklist", `["<unknown>"]`)
	post(h, "/api/dosBlacklist/delete", `{"ip":"<unknown>"}`)
	post(h, "/api/mod-dump", `{"message":"stopped"}`)
	if !slices.Equal(d.added, []string{"<unknown>"}) || d.removed != "<unknown>" || d.logged != "stopped" ||
		d.by != "game server 192.0.2.9" {
		t.Errorf("passed on %+v", d)
	}
}

func TestAntibotData(t *testing.T) {
	t.Parallel()
	d := &desk{}
	ask := func() *httptest.ResponseRecorder {
		request := httptest.NewRequest(http.MethodGet, "/api/antibotData", nil)
		request.Header.Set("Content-Type", "application/json")
		response := httptest.NewRecorder()
		d.handler(t).ServeHTTP(response, request)
		return response
	}
	if response := ask(); response.Code != http.StatusOK ||
		response.Body.String() != `{"nameBlacklistRegex":"bot\\d","nameGraylistRegex":null}` {
		t.Errorf("%d %s", response.Code, response.Body)
	}
	d.err = syncer.Unavailable(nil)
	if response := ask(); response.Code != http.StatusServiceUnavailable {
		t.Errorf("unknown patterns: %d %s", response.Code, response.Body)
	}
}

func TestMalformedModerationRequestsReachNothing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	noObject := append(slices.Clone(noBody), `{}`)
	cases := map[string][]string{
		"/api/getStaffMessages": {
			`{"server":null}`, `{"server":1}`, `{"server":""}`, `{"server":"a\n"}`, `{"server":"` + long + `"}`,
			`{"Server":"pvp"}`,
		},
		"/api/sendStaffMessage/v2": {
			`{"message":"m"}`, `{"server":"pvp"}`, `{"message":1,"server":"pvp"}`, `{"message":"","server":"pvp"}`,
			`{"message":" \n","server":"pvp"}`,
			`{"message":"m\u0000","server":"pvp"}`, `{"message":"m","server":["pvp"]}`,
			`{"message":"m","server":"` + long + `"}`,
			`{"message":"m","server":"pvp","playerName":1}`, `{"message":"m","server":"pvp","cleanedName":{}}`,
			`{"message":"m","server":"pvp","isStaff":"yes"}`,
			`{"message":"m","server":"pvp","playerName":"` + strings.Repeat("x", 513) + `"}`,
			`{"message":"` + strings.Repeat("x", 4001) + `","server":"pvp"}`,
		},
		"/api/sendStaffMessage":    {`{"message":"m"}`, `{"server":"pvp"}`, `{"message":null,"server":"pvp"}`},
		"/api/dosBlacklist/delete": {`{"ip":null}`, `{"ip":1}`, `{"ip":["a"]}`, `["10.0.0.1"]`},
		"/api/mod-dump":            {`{"message":null}`, `{"message":5}`, `"text"`},
	}
	for path, bodies := range cases {
		for _, body := range append(bodies, noObject...) {
			wantRefused(t, path, body)
		}
	}
	for _, body := range append([]string{`{"ip":"a"}`, `[1]`, `[null]`, `["a",["b"]]`, `["a"`, `["a"] x`}, noBody...) {
		if body != "[]" {
			wantRefused(t, "/api/dosBlacklist", body)
		}
	}
}

func wantRefused(t *testing.T, path, body string) {
	t.Helper()
	d := &desk{}
	if response := post(d.handler(t), path, body); !slices.Contains(final, response.Code) || d.calls > 0 {
		t.Errorf("%s %.80q: %d, %d calls", path, body, response.Code, d.calls)
	}
}
