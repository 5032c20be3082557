package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

const playerPath = "/v1/players/" + exampleID

func TestPlayerIsAnsweredWithTagSourceAndStaleness(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var record wire.Record
	g := f.ask(t, "GET", playerPath, "").wants(http.StatusOK).into(&record)
	if record.UUID != exampleID || record.Revision != 42 || record.Muted || len(record.Flags) != 1 {
		t.Errorf("record %+v", record)
	}
	for name, want := range map[string]string{
		"ETag": `"42"`, "Syncer-Source": "memory", "Syncer-Staleness": "3", "Content-Type": "application/json",
		"Content-Length": fmt.Sprint(g.Body.Len()),
	} {
		if is := g.Header().Get(name); is != want {
			t.Errorf("%s is %q, want %q", name, is, want)
		}
	}
	if strings.Contains(g.Body.String(), "$schema") {
		t.Error("$schema in the body")
	}
}

func TestMutedFollowsUnmuteTime(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		until syncer.Time
		muted bool
	}{
		{syncer.Time{}, false},
		{syncer.Forever, true},
		{syncer.Millis(testNow.UnixMilli()), false},
		{syncer.Millis(testNow.UnixMilli() + 1), true},
	} {
		f := newFixture(t)
		p := f.players[exampleID]
		p.UnmuteTime = c.until
		f.players[exampleID] = p
		var record wire.Record
		f.ask(t, "GET", playerPath, "").wants(http.StatusOK).into(&record)
		if record.Muted != c.muted || record.UnmuteTime != c.until {
			t.Errorf("until %s: muted %t, until %s", c.until, record.Muted, record.UnmuteTime)
		}
	}
}

// TestIDsArriveAsSent checks that an id is unescaped exactly once and never taken
// for a path.
func TestIDsArriveAsSent(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, id := range []string{
		"ab/cd+ef==", "/", "//", "a//b", "+", "a b", "%", "%2F", "%252F", ".", "..", "../..", "a/../b", "./.", "?", "#",
		"a?b=c&d",
		"Ünï😀", ":", "join", "{id}", "\"", "<>", strings.Repeat("x", 64), "069a79f4-44e9-4726-a5be-fca90e38aaf5",
	} {
		p := syncer.NewPlayer(syncer.PlayerID(id))
		f.players[p.ID] = p
		escaped := strings.ReplaceAll(url.PathEscape(id), ".", "%2E")
		var record wire.Record
		f.ask(t, "GET", "/v1/players/"+escaped, "").wants(http.StatusOK).into(&record)
		if string(record.UUID) != id {
			t.Errorf("%q arrived as %q", id, record.UUID)
		}
		f.ask(t, "POST", "/v1/players/"+escaped+"/leave", "").wants(http.StatusNoContent)
		if string(f.id) != id {
			t.Errorf("%q left as %q", id, f.id)
		}
	}
	// The plus stays a plus, escaped or not: it is a space only in a query.
	for _, path := range []string{"a+b", "a%2Bb", "a%2bb"} {
		f.ask(t, "GET", "/v1/players/"+path, "").problem(http.StatusNotFound)
		if f.id != "a+b" {
			t.Errorf("%s arrived as %q", path, f.id)
		}
	}
}

func TestBadIDsAreRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, path := range []string{strings.Repeat("x", 65), "%00", "a%0Ab", "%FF", "%7F"} {
		for _, route := range []string{"GET ", "PATCH ", "POST /join", "POST /leave", "GET /history"} {
			method, rest, _ := strings.Cut(route, " ")
			p := f.ask(t, method, "/v1/players/"+path+rest, `{"name":"Steve","ip":"203.0.113.7"}`).
				problem(http.StatusUnprocessableEntity)
			p.names(t, "id")
			if p.Errors[0].In != inPath || f.calls != 0 {
				t.Errorf("%s %s: in %s after %d calls", route, path, p.Errors[0].In, f.calls)
			}
		}
	}
}

// TestPathsAreNeverRedirected checks that an id sent without escaping gets an
// explanation instead of a redirect.
func TestPathsAreNeverRedirected(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, path := range []string{
		"/v1/players/a//b", "/v1/players/ab/cd==", "/v1/players/./join", "/v1/players/../join", "//v1/players/x",
		"/v1/players//join", "/v1/players/..", "/v1/players/.", "/v1/players/", "/v1", "/", "/nonsense", "/v1/bans/",
	} {
		p := f.ask(t, "POST", path, "").problem(http.StatusNotFound)
		if p.Code != codeNoRoute {
			t.Errorf("%s: code %s", path, p.Code)
		}
	}
}

func TestMethodsThatDoNotExist(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for route, allow := range map[string]string{
		"DELETE " + playerPath:         "GET, HEAD, PATCH",
		"GET " + playerPath + "/leave": "POST",
		"PUT /v1/bans":                 "GET, HEAD, POST",
		"POST /healthz":                "GET, HEAD",
		"BREW /v1/events":              "GET, HEAD",
	} {
		method, path, _ := strings.Cut(route, " ")
		g := f.ask(t, method, path, "")
		if g.problem(http.StatusMethodNotAllowed); g.Header().Get("Allow") != allow {
			t.Errorf("%s: Allow %q, want %q", route, g.Header().Get("Allow"), allow)
		}
	}
}

func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for header, status := range map[string]int{
		`"42"`: 304, `W/"42"`: 304, `"1", "42"`: 304, `"1",W/"42"`: 304, `*`: 304,
		`"41"`: 200, `42`: 200, `"042x"`: 200, ``: 200, `"`: 200, `""`: 200, `W/42`: 200,
	} {
		g := f.ask(t, "GET", playerPath, "", "If-None-Match: "+header).wants(status)
		if g.Header().Get("ETag") != `"42"` || status == 304 && g.Body.Len() > 0 {
			t.Errorf("%s: ETag %s, body %q", header, g.Header().Get("ETag"), g.Body)
		}
	}
}

func TestIfMatch(t *testing.T) {
	t.Parallel()
	for header, revision := range map[string]int64{`"42"`: 42, ` "42" `: 42, "*": -1, "": -1} {
		f := newFixture(t)
		headers := []string{"If-Match: " + header}
		if header == "" {
			headers = nil
		}
		f.ask(t, "PATCH", playerPath, `{"rank":"admin"}`, headers...).wants(http.StatusOK)
		if (f.ifMatch == nil) != (revision == -1) || f.ifMatch != nil && *f.ifMatch != revision {
			t.Errorf("%q read as %v", header, f.ifMatch)
		}
	}
	for _, header := range []string{
		"42", `W/"42"`, `"42", "43"`, `"x"`, `""`, `"+42"`, `"-1"`, `"9999999999999999999"`, `"`,
	} {
		f := newFixture(t)
		p := f.ask(t, "PATCH", playerPath, `{"rank":"admin"}`, "If-Match: "+header).problem(http.StatusBadRequest)
		if p.names(t, "If-Match"); p.Errors[0].In != inHeader || f.calls != 0 {
			t.Errorf("%q: %+v after %d calls", header, p, f.calls)
		}
	}
	f := newFixture(t)
	g := f.ask(t, "PATCH", playerPath, `{"rank":"admin"}`, `If-Match: "41"`)
	p := g.problem(http.StatusPreconditionFailed)
	if p.names(t, "If-Match"); p.Code != syncer.CodeStale || g.Header().Get("ETag") != `"42"` {
		t.Errorf("stale: code %s, ETag %s", p.Code, g.Header().Get("ETag"))
	}
}

func TestServerThatAsks(t *testing.T) {
	t.Parallel()
	other := syncer.GameServer{Name: "pvp-1", Gamemode: "pvp", Address: "203.0.113.2:6567"}
	f := newFixture(t)
	for _, c := range []struct {
		headers []string
		want    syncer.GameServer
	}{
		{nil, testHome},
		{[]string{"Syncer-Server: pvp-1", "Syncer-Gamemode: pvp", "Syncer-Address: 203.0.113.2:6567"}, other},
		{[]string{"syncer-server: survival-1"}, testHome},
		{
			[]string{"Syncer-Gamemode: pvp"},
			syncer.GameServer{Name: testHome.Name, Gamemode: "pvp", Address: testHome.Address},
		},
		{
			[]string{"Syncer-Server: survival-1", "Syncer-Address: a:1"},
			syncer.GameServer{Name: testHome.Name, Gamemode: testHome.Gamemode, Address: "a:1"},
		},
		{[]string{"Syncer-Server: " + testOther.Name}, testOther},
		{
			[]string{"Syncer-Server: " + testOther.Name, "Syncer-Gamemode: pvp"},
			syncer.GameServer{Name: testOther.Name, Gamemode: "pvp", Address: testOther.Address},
		},
	} {
		f.ask(t, "GET", playerPath, "", c.headers...).wants(http.StatusOK)
		if f.from != c.want {
			t.Errorf("%q: %+v", c.headers, f.from)
		}
	}
	both := []string{headerGamemode, headerAddress}
	f = newFixture(t)
	for _, c := range []struct {
		headers []string
		names   []string
	}{
		{[]string{"Syncer-Server: pvp-1"}, both},
		{[]string{"Syncer-Server: pvp-1", "Syncer-Gamemode: pvp"}, []string{headerAddress}},
		{[]string{"Syncer-Server: pvp-1", "Syncer-Address: a:1"}, []string{headerGamemode}},
		{[]string{"Syncer-Server: "}, both},
		{[]string{"Syncer-Gamemode: "}, []string{headerGamemode}},
		{[]string{"Syncer-Gamemode: " + strings.Repeat("x", 65)}, []string{headerGamemode}},
		{[]string{"Syncer-Address: a\tb"}, []string{headerAddress}},
		{[]string{"Syncer-Address: nowhere"}, []string{headerAddress}},
		{[]string{"Syncer-Address: 203.0.113.7"}, []string{headerAddress}},
		{[]string{"Syncer-Address: 203.0.113.7:0"}, []string{headerAddress}},
		{[]string{"Syncer-Address: 203.0.113.*:6567"}, []string{headerAddress}},
		{[]string{"Syncer-Address: \xff"}, []string{headerAddress}},
	} {
		for _, route := range []string{"GET ", "PATCH ", "POST /join", "POST /leave"} {
			method, rest, _ := strings.Cut(route, " ")
			p := f.ask(t, method, playerPath+rest, `{"name":"Steve","ip":"203.0.113.7"}`,
				c.headers...).problem(http.StatusBadRequest)
			if p.names(t, c.names...); f.calls != 0 {
				t.Errorf("%q reached the use-case", c.headers)
			}
		}
	}
}

func TestJoin(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var joined wire.Joined
	f.ask(t, "POST", playerPath+"/join", `{"name":"Steve \u00e9","ip":"::ffff:203.0.113.7","usid":"u"}`).
		wants(http.StatusOK).into(&joined)
	if joined.Player == nil || joined.Player.UUID != exampleID || joined.Ban != nil {
		t.Errorf("joined %+v", joined)
	}
	if f.join.Name != "Steve é" || f.join.IP != netip.MustParseAddr("203.0.113.7") || *f.join.USID != "u" {
		t.Errorf("request %+v", f.join)
	}
	f.ask(t, "POST", playerPath+"/join", `{"name":"","ip":"2001:db8::1","usid":null}`).wants(http.StatusOK)
	if f.join.Name != "" || f.join.USID != nil {
		t.Errorf("request %+v", f.join)
	}
}

func TestJoinWithBanAndWithoutRecord(t *testing.T) {
	t.Parallel()
	ban := syncer.Ban{
		Number: 7, Target: syncer.TargetID(exampleID), Reason: "<griefing>", CreatedAt: syncer.TimeOf(testNow),
	}
	b := (&joinAnswer{ban: &ban, now: testNow}).append(nil)
	var joined wire.Joined
	if err := json.Unmarshal(b, &joined); err != nil {
		t.Fatalf("%s: %v", b, err)
	}
	if joined.Player != nil || joined.Ban == nil || joined.Ban.ID != 7 || !joined.Ban.Active ||
		joined.Ban.Reason != "<griefing>" {
		t.Errorf("joined %s", b)
	}
	h := http.Header{}
	(&joinAnswer{}).header(h)
	if h["Etag"] != nil || h["Syncer-Source"] != nil {
		t.Errorf("headers without a record: %v", h)
	}
}

func TestErrorsOfUseCases(t *testing.T) {
	t.Parallel()
	secret := errors.New("password=hunter2")
	f := newFixture(t)
	for _, c := range []struct {
		err    error
		status int
		code   syncer.Code
		fields []string
	}{
		{syncer.NotFound("no such player"), 404, syncer.CodeNotFound, nil},
		{syncer.Invalid("flags[0]", "is bad"), 422, syncer.CodeInvalid, []string{"flags[0]"}},
		{
			&syncer.Error{Code: syncer.CodeConflict, Field: "uuid", Message: "no"}, 409, syncer.CodeConflict,
			[]string{"uuid"},
		},
		{fmt.Errorf("edit: %w", syncer.Unavailable(secret)), 503, syncer.CodeUnavailable, nil},
		{
			&syncer.Error{Code: syncer.CodeOutcomeUnknown, Message: "read again", Cause: secret}, 503,
			syncer.CodeOutcomeUnknown, nil,
		},
		{secret, 500, codeInternal, nil},
		{&syncer.Error{Code: "of another version", Message: "m"}, 500, codeInternal, nil},
	} {
		for _, route := range []string{"GET ", "PATCH ", "POST /join", "POST /leave", "GET /history"} {
			f.fail = c.err
			f.log.Reset()
			method, rest, _ := strings.Cut(route, " ")
			body := map[string]string{"/join": `{"name":"Steve","ip":"203.0.113.7"}`, "": `{}`}[rest]
			if method == "GET" {
				body = ""
			}
			g := f.ask(t, method, playerPath+rest, body)
			p := g.problem(c.status)
			if p.names(t, c.fields...); p.Code != c.code {
				t.Errorf("%s %v: code %s", route, c.err, p.Code)
			}
			if strings.Contains(g.Body.String(), "hunter2") {
				t.Errorf("%s shows the cause: %s", route, g.Body)
			}
			if c.status >= 500 && f.log.Len() == 0 {
				t.Errorf("%s %v is not logged", route, c.err)
			}
		}
	}
}

func TestSearch(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var page wire.PlayersPage
	f.ask(t, "GET", "/v1/players?name=st+e%25&limit=500&after=x", "").wants(http.StatusOK).into(&page)
	if len(page.Players) != 1 || page.Players[0].Name != "st e%" || *page.Next != "more" ||
		f.page != (sidecar.Page{Size: 500, After: "x"}) {
		t.Errorf("page %+v of %+v", page, f.page)
	}
	for query, field := range map[string]string{
		"name=": "name", "name=%00": "name", "name=%ff": "name", "name=" + strings.Repeat("x", 513): "name",
		"name=a&limit=0": "limit", "name=a&limit=501": "limit", "name=a&limit=": "limit", "name=a&limit=1.5": "limit",
		"name=a&limit=1&limit=2": "limit", "name=a&nmae=b": "nmae",
	} {
		f.ask(t, "GET", "/v1/players?"+query, "").problem(http.StatusBadRequest).names(t, field)
	}
	f.ask(t, "GET", "/v1/players", "").wants(http.StatusOK).into(&page)
	if len(page.Players) != 1 || page.Players[0].Name != "" {
		t.Errorf("without a name it looks for %+v", page.Players)
	}
	f.ask(t, "GET", "/v1/players?name=%zz", "").problem(http.StatusBadRequest)
	f.fail = syncer.Invalid("after", "is no position")
	p := f.ask(t, "GET", "/v1/players?name=a&after=?", "").problem(http.StatusBadRequest)
	if p.names(t, "after"); p.Errors[0].In != inQuery {
		t.Errorf("in %s", p.Errors[0].In)
	}
}
