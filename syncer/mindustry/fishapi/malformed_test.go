package fishapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/fishapi"
)

// final are the statuses after which no version of the plugin comes again.
var final = []int{
	http.StatusBadRequest, http.StatusForbidden, http.StatusNotFound, http.StatusRequestEntityTooLarge,
	http.StatusUnprocessableEntity,
}

const (
	setPath = "/api/fish-player/set"
	uuid    = "AAAAAAAAAAAAAAAAAAAAAA=="
)

// upload is a body of fish-player/set whose player has the given members as well.
func upload(members string) string {
	return `{"gamemode":"pvp","port":6567,"ignoreActivelySyncedFields":true,"player":{"uuid":"` + uuid + `"` + members +
		`}}`
}

// noBody are bodies that no endpoint takes.
var noBody = []string{
	"", " ", "null", "[]", "1", `"x"`, "{", `{"a":`, `{"a":1}}`, `{"a":1} x`, "\xff", "{\"id\":\"\xff\"}",
	strings.Repeat("[", 100_000), "<html>",
}

func TestMalformedRequestsAreRefusedForGoodAndReachNothing(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 65)
	cases := map[string][]string{
		"/api/fish-player": {
			`{}`, `{"id":"a"}`, `{"gamemode":"pvp"}`, `{"id":null,"gamemode":"pvp"}`, `{"id":1,"gamemode":"pvp"}`,
			`{"id":"","gamemode":"pvp"}`,
			`{"id":"` + long + `","gamemode":"pvp"}`, `{"id":"a\u0000","gamemode":"pvp"}`, `{"id":"a","gamemode":""}`,
			`{"id":"a","gamemode":5}`,
			`{"id":"a","gamemode":"` + long + `"}`, `{"id":"a","gamemode":"pvp","port":0}`,
			`{"id":"a","gamemode":"pvp","port":65536}`,
			`{"id":"a","gamemode":"pvp","port":"6567"}`, `{"ID":"a","gamemode":"pvp"}`,
		},
		setPath: {
			`{}`, `{"player":null,"gamemode":"pvp"}`, `{"player":[],"gamemode":"pvp"}`,
			`{"player":{},"gamemode":"pvp"}`,
			`{"player":{"uuid":"` + uuid + `"}}`,
			strings.Replace(upload(""), "true", `"yes"`, 1),
			upload(`,"rank":5`), upload(`,"flags":"member"`), upload(`,"flags":[1]`), upload(`,"flags":[null]`),
			upload(`,"flags":{}`),
			upload(`,"unmuteTime":"1"`), upload(`,"unmarkTime":true`), upload(`,"name":1`), upload(`,"overrideName":1`),
			upload(`,"highlight":{}`),
			upload(`,"rainbow":5`), upload(`,"rainbow":{}`), upload(`,"rainbow":{"speed":"1"}`),
			upload(`,"history":{}`), upload(`,"history":[1]`),
			upload(`,"history":[{}]`), upload(`,"history":[{"action":"a","by":"b"}]`),
			upload(`,"history":[{"action":1,"by":"b","time":1}]`),
			upload(`,"history":[{"action":"a","by":1,"time":1}]`),
			upload(`,"history":[{"action":"a","by":"b","time":"1"}]`),
			upload(`,"chatStrictness":1`), upload(`,"language":1`), upload(`,"showRankPrefix":"yes"`),
			upload(`,"achievements":[0]`), upload(`,"usid":1`),
			upload(`,"stats":[]`), upload(`,"stats":{"blocksBroken":"1"}`), upload(`,"lastJoined":"1"`),
			upload(`,"firstJoined":{}`), upload(`,"firstJoined":1e999`),
			upload(`,"rank":"mod","rank":"mod"`), upload(`,"stats":{"blocksBroken":1,"blocksBroken":2}`),
		},
		"/api/checkIsBanned": {
			`{}`, `{"ip":1}`, `{"uuid":1}`, `{"uuid":""}`, `{"ip":"<unknown>"}`, `{"ip":"10.0.0.0/8"}`,
			`{"uuid":"` + long + `"}`, `{"uuid":"a","ip":"10.0.0.256"}`, `{"uuid":"a","uuid":"b"}`,
		},
		"/api/ban": {
			`{}`, `{"ip":1}`, `{"uuid":[]}`, `{"uuid":""}`, `{"ip":"<unknown>"}`, `{"ip":"0.0.0.0/0"}`,
			`{"uuid":"a","ip":1}`, `{"uuid":"203.0.113.*"}`, `{"uuid":"203.0.113.7"}`, `{"uuid":"example.org"}`,
			`{"uuid":"#offline#bob"}`, `{"uuid":"069a79f444e94726a5befca90e38aaf"}`,
			`{"uuid":"203.0.113.*","ip":"203.0.113.7"}`, `{"uuid":"a","ip":"10.0.0.256"}`,
			`{"uuid":"a","ip":"203.0.113.0/24"}`, `{"ip":"203.0.113.7","ip":"203.0.113.8"}`,
			`{"uuid":"a","uuid":"a"}`,
		},
		"/api/unban": {`{}`, `{"ip":1}`, `{"uuid":{}}`, `{"uuid":null}`, `{"ip":"x"}`, `{"uuid":"a","ip":"x"}`},
		"/api/usid-reject": {
			`{}`, `{"uuid":"a"}`, `{"uuid":"a","rejectedUsid":"b"}`, `{"uuid":"a","rejectedUsid":1,"code":"c"}`,
			`{"uuid":"a","rejectedUsid":"b","code":{}}`,
			`{"uuid":"a","rejectedUsid":"b","code":"c","port":-1}`,
		},
	}
	for path, bodies := range cases {
		for _, body := range append(bodies, noBody...) {
			b := &backend{}
			response := post(handler(t, b, fishapi.Config{}), path, body)
			if !slices.Contains(final, response.Code) || b.calls > 0 {
				t.Errorf("%s %.80q: %d, %d calls", path, body, response.Code, b.calls)
			}
		}
		b := &backend{}
		if response := post(handler(t, b, fishapi.Config{MaxBody: 100}), path,
			`{"x":"`+strings.Repeat("x", 100)+`"}`); response.Code != http.StatusRequestEntityTooLarge || b.calls > 0 {
			t.Errorf("%s with a large body: %d, %d calls", path, response.Code, b.calls)
		}
	}
}

func TestWhatIsToleratedIsTaken(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		upload(""), upload(`,"new":{"a":[1]}`), upload(`,"stats":{"blocksBroken":null,"new":1}`),
		upload(`,"unmuteTime":null,"lastJoined":-1`),
		upload(`,"unmuteTime":99999999999999999999`), upload(`,"history":[{"action":"a","time":1.5}]`),
		upload(`,"usid":null,"highlight":null,"rainbow":null`),
		strings.Replace(upload(""), `"port":6567,`, "", 1),
		strings.Replace(upload(""), `"ignoreActivelySyncedFields":true,`, "", 1),
	} {
		b := &backend{}
		if response := post(handler(t, b, fishapi.Config{}), setPath, body); response.Code != http.StatusOK ||
			b.calls != 1 || b.id != uuid {
			t.Errorf("%s: %d %s", body, response.Code, response.Body)
		}
	}
}

func TestServersBeyondTheLimitAreRefused(t *testing.T) {
	t.Parallel()
	b := &backend{full: &syncer.Error{Code: syncer.CodeFull, Message: "too many servers"}}
	response := post(handler(t, b, fishapi.Config{}), setPath, upload(""))
	if response.Code != http.StatusForbidden || response.Body.String() != "too many servers" || b.calls > 0 {
		t.Errorf("%d %s, %d calls", response.Code, response.Body, b.calls)
	}
}

func FuzzUpload(f *testing.F) {
	f.Add(upload(`,"rank":"mod","flags":["member"],"unmuteTime":-1,"rainbow":{"speed":3},` +
		`"history":[{"action":"a","by":"b","time":1}]`))
	f.Add(upload(`,"stats":{"blocksBroken":1e300},"achievements":"[0]","usid":"AAAAAAAAAAA=",` +
		`"overrideName":null,"name":"\ud800"`))
	f.Fuzz(func(t *testing.T, body string) { checkFuzzed(t, setPath, body) })
}

func FuzzBan(f *testing.F) {
	f.Add(`{"ip":"2001:db8:0:0:0:0:0:1%eth0","uuid":"a"}`)
	f.Add(`{"ip":"<unknown>","uuid":"a"}`)
	f.Fuzz(func(t *testing.T, body string) {
		for _, path := range []string{
			"/api/ban", "/api/unban", "/api/checkIsBanned", "/api/usid-reject", "/api/fish-player",
		} {
			checkFuzzed(t, path, body)
		}
	})
}

// checkFuzzed sends any body: it is taken or refused for good, and only what the
// domain can handle gets through.
func checkFuzzed(t *testing.T, path, body string) {
	t.Helper()
	b := &backend{view: new(merge.ViewOf(syncer.NewPlayer("a"), syncer.GameServer{}))}
	response := post(handler(t, b, fishapi.Config{}), path, body)
	if taken := response.Code == http.StatusOK; taken != (b.calls > 0) ||
		!taken && !slices.Contains(final, response.Code) {
		t.Fatalf("%s %q: %d, %d calls", path, body, response.Code, b.calls)
	}
	if b.id != "" {
		if _, err := syncer.ParsePlayerID(string(b.id)); err != nil {
			t.Fatalf("%s %q: id %q", path, body, b.id)
		}
	}
}
