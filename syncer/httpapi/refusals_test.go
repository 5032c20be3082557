package httpapi

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playersync/syncer"
)

var update = flag.Bool("update", false, "write testdata/refusals.txt anew")

// wrongBodies are the operations that take a body, each with one that it accepts.
var wrongBodies = []struct{ method, path, body string }{
	{
		"PATCH", playerPath,
		`{"rank":"admin","flags":["a"],"unmuteTime":null,"attributes":{"a":1},"name":"Steve","overrideName":null,` +
			`"rainbow":{"speed":5},"chatStrictness":"chat","showRankPrefix":true,"achievements":"5",` +
			`"history":[{"action":"a","by":"b","time":null}],"firstJoined":null,"stats":{"a":1}}`,
	},
	{"POST", playerPath + "/join", `{"name":"Steve","ip":"203.0.113.7","usid":"u"}`},
	{
		"POST", playerPath + "/leave",
		`{"uuid":"` + exampleID + `","name":"Steve","language":"de","usid":"u","lastJoined":null,"stats":{"a":1}}`,
	},
	{"POST", playerPath + "/kicks", `{}`},
	{"POST", playerPath + "/kick", `{"reason":"r","by":"b"}`},
	{"POST", playerPath + "/mute", `{"reason":"r","by":"b","expiresAt":null,"replace":true}`},
	{"POST", playerPath + "/mute", `{"duration":"2h"}`},
	{"POST", playerPath + "/unmute", `{"by":"b"}`},
	{"POST", "/v1/bans", `{"uuid":"a","reason":"r","by":"b","expiresAt":null,"duration":"7d"}`},
	{"POST", "/v1/bans", `{"ip":"198.51.100.0/24","expiresAt":"2031-01-01T00:00:00Z"}`},
	{"POST", "/v1/bans/check", `{"uuid":"a","ip":"198.51.100.7"}`},
	{"POST", "/v1/bans/lift", `{"ip":"198.51.100.0/24","by":"b","reason":"r"}`},
	{"PATCH", "/v1/bans/7", `{"reason":"r","expiresAt":null,"by":"b"}`},
	{"PATCH", "/v1/bans/7", `{"duration":"7d"}`},
	{"POST", "/v1/bans/7/notes", `{"text":"t","by":"b"}`},
	{
		"POST", "/v1/bans/import",
		`{"bans":[{"uuid":"a","reason":"r","createdAt":"2029-01-01T00:00:00Z",` +
			`"notes":[{"at":"2029-01-01T00:00:00Z","by":"b","text":"t"}]}],"dryRun":true}`,
	},
	{"POST", "/v1/audit/7/revert", `{"by":"b","reason":"r"}`},
	{"POST", "/v1/staff-messages", `{"server":"discord","name":"Steve","player":"Steve","text":"t","isStaff":true}`},
	{"POST", "/v1/usid-rejections/01234-2/approve", `{"address":"203.0.113.1:6567"}`},
	{"PUT", "/v1/antibot-patterns/blacklist", `{"pattern":"x","by":"b"}`},
	{"POST", "/v1/blacklisted-addresses", `{"addresses":["198.51.100.7"],"by":"b"}`},
	{"POST", "/v1/moderation-log", `{"message":"m","source":"s"}`},
	{"POST", "/v1/player-counts", `{"players":3,"at":null}`},
	{"POST", "/v1/map-run", `{"map":"m","session":"s","players":3,"wave":4}`},
	{
		"POST", "/v1/map-run/finish",
		`{"map":"m","session":"s","winner":"w","success":true,"players":3,"wave":4,` +
			`"key":"0f8a0a3e-5c0d-4b60-9c1e-6a5d2f7b9e31"}`,
	},
	{"PUT", playerPath + "/transients/pet", `{"value":{"a":1},"ttl":"90s","resetOnJoin":true}`},
	{"POST", playerPath + "/balances/coins", `{"change":-5,"key":"k","reason":"r","by":"b"}`},
	{
		"POST", "/v1/transfers",
		`{"from":"` + exampleID + `","to":"Alice","currency":"coins","amount":5,"key":"k","reason":"r"}`,
	},
}

// noBodies are wrong wherever a body is taken.
var noBodies = []string{
	``, ` `, `{`, `{}x`, `{"a":'b'}`, "{\"a\":\n\"\xff\"}", `[]`, `"x"`, `null`, `5`, `{"zzz":1}`, `{"":1}`,
	`{"a":1,"a":2}`, `{"zzz":1,"yyy":2}`,
	`{"` + strings.Repeat("z", 100) + `":1}`,
}

// wrongValues take the place of each member of a body.
var wrongValues = []string{
	`null`, `5`, `0`, `-1`, `1.5`, `1e300`, `9007199254740993`, `""`, `"x"`, `"a\u0000b"`, `"infinity"`,
	`"2001-01-01T00:00:00Z"`, `true`, `[]`, `[5]`, `{}`,
	`{"a":null}`, `{"a":1,"a":2}`,
}

// wrongQueries are the operations that take parameters, and those of each.
var wrongQueries = map[string][]string{
	"/v1/players": {"name", "limit", "after"},
	"/v1/bans": {
		"uuid", "ip", "by", "liftedBy", "active", "kind", "reason", "from", "to", "limit", "after",
	},
	"/v1/bans/export":              {"active", "limit", "after"},
	"/v1/bans/preview":             {"ip", "limit"},
	"/v1/audit":                    {"uuid", "ip", "field", "by", "server", "from", "to", "limit", "after"},
	"/v1/staff-messages":           {"limit", "after"},
	"/v1/usid-rejections":          {"limit"},
	"/v1/antibot-patterns":         nil,
	"/v1/blacklisted-addresses":    {"text", "limit", "after"},
	"/v1/moderation-log":           {"source", "text", "from", "to", "limit", "after"},
	"/v1/player-info":              {"name", "ip", "limit", "after"},
	playerPath + "/accounts":       {"limit", "after"},
	playerPath + "/ledger":         {"currency", "limit", "after"},
	"/v1/player-counts":            {"from", "to", "server", "sum", "step", "format"},
	"/v1/map-runs":                 {"map", "gamemode", "server", "limit", "after"},
	"/v1/map-stats":                {"map", "gamemode", "limit", "after"},
	"/v1/online":                   {"server", "limit", "after"},
	"/v1/events":                   {"after", "types", "wait"},
	"/v1/online/counts":            nil,
	"/v1/servers":                  nil,
	"/v1/currencies":               nil,
	"/v1/map-run":                  nil,
	playerPath:                     nil,
	playerPath + "/history":        nil,
	playerPath + "/presence":       nil,
	playerPath + "/balances":       nil,
	playerPath + "/info":           nil,
	playerPath + "/transients":     nil,
	playerPath + "/transients/pet": nil,
	"/v1/bans/7":                   nil,
}

var wrongParameters = []string{
	"", "x", "0", "-1", "501", "1.5", "true", "a%00b", strings.Repeat("z", 600), "2030-13-01T00:00:00Z",
	"198.51.100.7/99",
}

// wrongPaths are requests whose path says what cannot be.
var wrongPaths = []string{
	"GET /v1/players/%00", "GET /v1/players/" + strings.Repeat("z", 65), "GET /v1/players/%FF",
	"GET /v1/players/a%0Ab/history", "GET /v1/players/a%0Ab/balances",
	"GET /v1/players/a%0Ab/presence", "GET /v1/players/a%0Ab/ledger", "GET /v1/players/a%0Ab/info",
	"GET /v1/players/a%0Ab/accounts", "GET /v1/players/a%0Ab/transients",
	"POST /v1/players/a%0Ab/join", "POST /v1/players/a%0Ab/leave", "POST /v1/players/a%0Ab/kicks",
	"PATCH /v1/players/a%0Ab",
	"GET /v1/bans/0", "GET /v1/bans/-1", "GET /v1/bans/x", "GET /v1/bans/1.5", "GET /v1/bans/99999999999999999999",
	"GET /v1/bans/9007199254740993", "GET /v1/bans/+1",
	"PATCH /v1/bans/0", "POST /v1/bans/x/notes", "POST /v1/audit/0/revert", "POST /v1/audit/x/revert",
	"GET /v1/bans/7/notes", "DELETE /v1/bans/7",
	"GET " + playerPath + "/transients/%20", "DELETE " + playerPath + "/transients/-",
	"GET " + playerPath + "/transients/" + strings.Repeat("z", 65),
	"PUT /v1/currencies/%0A", "PUT /v1/currencies/" + strings.Repeat("z", 65), "POST /v1/usid-rejections/%0A/approve",
	"POST /v1/usid-rejections/" + strings.Repeat("z", 65) + "/approve", "POST " + playerPath + "/balances/%0A",
	"PUT /v1/antibot-patterns/x", "DELETE /v1/antibot-patterns/%00", "DELETE /v1/blacklisted-addresses/%0A",
	"DELETE /v1/blacklisted-addresses/" + strings.Repeat("z", 256),
	"GET /v1/nothing", "GET /v1/bans/", "GET /v1//bans",
}

// wrongHeaders are sent to an operation that reads and to one that changes something, of
// which the game server that asks matters to two.
var wrongHeaders = []string{
	"Syncer-Server: ", "Syncer-Server: other", "Syncer-Server: a\x00b", "Syncer-Server: " + strings.Repeat("z", 65),
	"Syncer-Gamemode: ", "Syncer-Gamemode: " + strings.Repeat("z", 65), "Syncer-Address: ", "Syncer-Address: nonsense",
	"Syncer-Address: " + strings.Repeat("z", 65),
	"Syncer-By: ", "Syncer-By: " + strings.Repeat("z", 600), "Syncer-By: a\x00b",
	"If-Match: 42", `If-Match: "x"`, `If-Match: "-1"`, `If-Match: W/"42"`, `If-Match: "41"`, "Content-Type: text/plain",
	"Content-Type: application/json; charset=latin1",
	"Content-Type: ;", "Origin: https://elsewhere.example", "Sec-Fetch-Site: cross-site",
}

// TestRefusals keeps what is said of wrong requests in testdata/refusals.txt: an answer, then what got it.
func TestRefusals(t *testing.T) {
	t.Parallel()
	said := refusals{fixture: newFixture(t)}
	for _, o := range wrongBodies {
		said.title(o.method + " " + o.path)
		for _, body := range append([]string{o.body}, noBodies...) {
			said.ask(t, o.method, o.path, body)
		}
		said.spoil(t, o.method, o.path, o.body)
	}
	for _, path := range slices.Sorted(maps.Keys(wrongQueries)) {
		said.title("GET " + path)
		for _, query := range []string{"zzz=1", "zzz", "zzz=1&yyy=2", "%zz=1"} {
			said.ask(t, "GET", path+"?"+query, "")
		}
		for _, name := range wrongQueries[path] {
			said.ask(t, "GET", path+"?"+name+"=1&"+name+"=1", "")
			for _, value := range wrongParameters {
				query := name + "=" + value
				if path == "/v1/events" && name != "wait" {
					query += "&wait=0s"
				}
				said.note(name+"="+value, said.answer(t, "GET", path+"?"+query, ""))
			}
		}
	}
	said.title("Paths")
	for _, route := range wrongPaths {
		method, path, _ := strings.Cut(route, " ")
		said.ask(t, method, path, "")
	}
	said.title("Headers")
	for _, header := range wrongHeaders {
		said.ask(t, "GET", playerPath, "", header)
		said.ask(t, "PATCH", playerPath, "{}", header)
		said.ask(t, "POST", "/v1/bans", `{"uuid":"a"}`, header)
		said.ask(t, "GET", "/v1/map-run", "", header)
	}
	said.golden(t, "testdata/refusals.txt")
}

// refusals collects what is said of wrong requests.
type refusals struct {
	*fixture
	said strings.Builder
	last string // the answer of the line that is being written
}

func (r *refusals) title(text string) {
	r.last = ""
	fmt.Fprintf(&r.said, "\n\n# %s", text)
}

// note writes what was asked and what was said. What got the same answer as the one before
// is told in the same line.
func (r *refusals) note(asked, answer string) {
	if answer == r.last {
		fmt.Fprintf(&r.said, " | %s", short(asked))
		return
	}
	r.last = answer
	fmt.Fprintf(&r.said, "\n%s\n\t%s", answer, short(asked))
}

func (r *refusals) ask(t *testing.T, method, target, body string, headers ...string) {
	t.Helper()
	r.note(what(method, target, body, headers), r.answer(t, method, target, body, headers...))
}

// answer returns the status of an answer and, of a refusal, what is wrong.
func (r *refusals) answer(t *testing.T, method, target, body string, headers ...string) string {
	t.Helper()
	r.bans = []syncer.Ban{{Number: 1, Target: syncer.TargetID("z")}, {}, {}, {}, {}, {}, {}}
	r.rejected, r.records = nil, nil
	g := r.fixture.ask(t, method, target, body, headers...)
	var p Problem
	if g.Code < 300 || json.Unmarshal(g.Body.Bytes(), &p) != nil {
		return fmt.Sprint(g.Code)
	}
	text := fmt.Sprintf("%d %s", g.Code, p.Code)
	if len(p.Errors) == 0 {
		return text + ": " + p.Detail
	}
	for _, e := range p.Errors {
		text += short(fmt.Sprintf("; %s %s: %s", e.In, e.Field, e.Message))
	}
	return text
}

// spoil asks with bodies of which one member is wrong: of another kind or value, away, or
// given twice; and with all wrong at once.
func (r *refusals) spoil(t *testing.T, method, target, accepted string) {
	t.Helper()
	var members map[string]json.RawMessage
	if err := json.Unmarshal([]byte(accepted), &members); err != nil {
		t.Fatal(err)
	}
	all := maps.Clone(members)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		for _, value := range append(slices.Clone(wrongValues), `"`+strings.Repeat("z", 20_000)+`"`) {
			changed := maps.Clone(members)
			changed[name] = json.RawMessage(value)
			r.note(name+": "+value, r.answer(t, method, target, string(appendJSON(nil, changed))))
		}
		without := maps.Clone(members)
		delete(without, name)
		r.note("no "+name, r.answer(t, method, target, string(appendJSON(nil, without))))
		twice := strings.TrimSuffix(accepted, "}") + `,"` + name + `":` + string(members[name]) + "}"
		r.note(name+" twice", r.answer(t, method, target, twice))
		all[name] = json.RawMessage(`[{}]`)
	}
	r.note("all [{}]", r.answer(t, method, target, string(appendJSON(nil, all))))
}

// what says in short what was asked: the headers, else the body, else the target.
func what(method, target, body string, headers []string) string {
	switch {
	case len(headers) > 0:
		return method + " " + target + " with " + strings.Join(headers, ", ")
	case body != "":
		return body
	default:
		return method + " " + target
	}
}

// golden compares what was said with a file.
func (r *refusals) golden(t *testing.T, file string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(r.said.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(string(want), "\n"), strings.Split(r.said.String(), "\n")); diff != "" {
		t.Errorf("refusals changed; go test -run %s -update writes them: %s", t.Name(), diff)
	}
}

// short cuts runs of the same letter, and makes control characters visible.
func short(text string) string {
	for _, long := range []int{20_000, 600, 100, 80, 65} {
		text = strings.ReplaceAll(text, strings.Repeat("z", long), fmt.Sprintf("z*%d", long))
	}
	quoted := strconv.QuoteToASCII(text)
	return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
}
