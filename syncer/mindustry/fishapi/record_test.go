package fishapi_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry/fishapi"
)

func TestUnknownPlayerIsAnEmptyBody(t *testing.T) {
	t.Parallel()
	response := post(handler(t, &backend{}, fishapi.Config{}), "/api/fish-player",
		`{"id":"a","gamemode":"pvp","port":7000}`)
	if response.Code != http.StatusOK || response.Body.Len() != 0 {
		t.Errorf("%d %q", response.Code, response.Body)
	}
}

// fetched answers a view as JSON.
func fetched(t *testing.T, v merge.View) map[string]any {
	t.Helper()
	response := post(handler(t, &backend{view: &v}, fishapi.Config{}), "/api/fish-player",
		`{"id":"a","gamemode":"pvp"}`)
	var record map[string]any
	if err := json.Unmarshal(response.Body.Bytes(), &record); err != nil || response.Code != http.StatusOK {
		t.Fatalf("%d %s: %v", response.Code, response.Body, err)
	}
	return record
}

// Hazard H3: what would be invented is left out.
func TestGamemodeNeverVisitedIsLeftOut(t *testing.T) {
	t.Parallel()
	p := syncer.NewPlayer("a")
	got := fetched(t, merge.ViewOf(p, syncer.GameServer{Gamemode: "pvp", Address: "here"}))
	want := map[string]any{
		"uuid": "a", "rank": "player", "flags": []any{}, "unmuteTime": -1.0, "unmarkTime": -1.0, "overrideName": nil,
		"highlight": nil,
		"rainbow":   nil, "history": []any{}, "chatStrictness": "chat", "language": "", "showRankPrefix": true,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	p.Gamemodes["sandbox"] = syncer.GamemodeRecord{
		FirstJoined: syncer.Millis(5), LastJoined: syncer.Millis(6), Stats: map[string]int64{"gamesWon": 7},
	}
	got = fetched(t, merge.ViewOf(p, syncer.GameServer{Gamemode: "pvp", Address: "here"}))
	for _, absent := range []string{"stats", "firstJoined", "lastJoined", "usid"} {
		if value, found := got[absent]; found {
			t.Errorf("%s is %v", absent, value)
		}
	}
	sums, _ := got["globalStats"].(map[string]any)
	if got["globalFirstJoined"] != 5.0 || got["globalLastJoined"] != 6.0 || sums["gamesWon"] != 7.0 || len(sums) != 6 {
		t.Errorf("global values %v", got)
	}
}

func TestRecordComesBackAsItWas(t *testing.T) {
	t.Parallel()
	p := syncer.NewPlayer("a")
	p.Rank, p.Flags = "mod", []string{"member", "vip"}
	p.UnmuteTime, p.UnmarkTime = syncer.Forever, syncer.Millis(1_700_000_000_123)
	p.Name, p.Highlight, p.Rainbow, p.Language = "[#fff]Ste<ve", new("[red]"), &syncer.Rainbow{Speed: 3}, "de"
	p.OverrideName, p.Achievements = new("S"), new("[-9223372036854775808,12]")
	p.History = []syncer.HistoryEntry{
		{Action: "mute", By: "A\u2028", Time: syncer.Millis(1)}, {Action: "stop", By: "", Time: syncer.Millis(2)},
	}
	p.Gamemodes["pvp"] = syncer.GamemodeRecord{
		FirstJoined: syncer.Millis(5), LastJoined: syncer.Millis(6), Stats: map[string]int64{"timeInGame": 1 << 40},
	}
	here := syncer.GameServer{Gamemode: "pvp", Address: "192.0.2.9:6567"}
	p.Addresses[here.Address] = syncer.AddressRecord{USID: new("AAAAAAAAAAA=")}
	view := merge.ViewOf(p, here)
	body, err := json.Marshal(map[string]any{"player": fetched(t, view), "gamemode": "pvp", "port": 6567})
	if err != nil {
		t.Fatal(err)
	}
	b := &backend{}
	if response := post(handler(t, b, fishapi.Config{}), setPath, string(body)); response.Code != http.StatusOK {
		t.Fatalf("%d %s", response.Code, response.Body)
	}
	edit := merge.Diff(view, b.save, b.from)
	delete(edit.Gamemodes, "pvp") // zeros for counters that are not stored
	if b.from.Address != here.Address || !edit.IsZero() {
		t.Errorf("from %+v it changes %+v", b.from, edit)
	}
}

func TestCallerIsKnownByAddressAndPort(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ peer, port, want string }{
		{"192.0.2.9:1", `,"port":7001`, "192.0.2.9:7001"},
		{"192.0.2.9:1", "", "192.0.2.9:6567"},
		{"[2001:db8::1%eth0]:1", `,"port":7001`, "[2001:db8::1]:7001"},
		{"[::ffff:192.0.2.9]:1", `,"port":7001`, "192.0.2.9:7001"},
		{"127.0.0.1:1", `,"port":7002`, "198.51.100.7:7002"},
	} {
		b := &backend{}
		request := httptest.NewRequest(http.MethodPost, "/api/fish-player",
			strings.NewReader(`{"id":"a","gamemode":"pvp"`+test.port+`}`))
		request.RemoteAddr = test.peer
		config := fishapi.Config{Servers: map[int]string{7002: "198.51.100.7:7002"}}
		handler(t, b, config).ServeHTTP(httptest.NewRecorder(), request)
		if b.from.Address != test.want || b.from.Gamemode != "pvp" {
			t.Errorf("%+v: %+v", test, b.from)
		}
	}
}

func TestBansOfUnknownAddressesKeepTheID(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]syncer.Target{
		`{"uuid":"a","ip":"<unknown>"}`: {syncer.TargetID("a")},
		`{"uuid":"a","ip":"localhost"}`: {syncer.TargetID("a")}, // whoever has just left
		`{"uuid":"a","ip":""}`:          {syncer.TargetID("a")},
		`{"uuid":"a","ip":"2001:db8:0:0:0:0:0:1%3"}`: {
			syncer.TargetID("a"), syncer.TargetAddress(netip.MustParseAddr("2001:db8::1")),
		},
		`{"ip":"192.0.2.1"}`: {syncer.TargetAddress(netip.MustParseAddr("192.0.2.1"))},
	} {
		for path, answer := range map[string]string{
			"/api/ban": `{"data":"banned"}`, "/api/unban": `{"status":"unbanned"}`,
		} {
			b := &backend{}
			if response := post(handler(t, b, fishapi.Config{}), path, body); response.Body.String() != answer ||
				!slices.Equal(b.targets, want) {
				t.Errorf("%s %s: %s, %v", path, body, response.Body, b.targets)
			}
		}
	}
}

// What is clearly no target is refused whole, and said to be so; bans that stand nevertheless can be lifted.
func TestBanOfNoTargetSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`{"ip":"0.0.0.0/0"}`:             `ip: "0.0.0.0/0" is a range of addresses, not one address`,
		`{"uuid":"a","ip":"10.0.0.256"}`: `ip: "10.0.0.256" is not an address such as 203.0.113.7`,
		`{"uuid":"203.0.113.*","ip":"203.0.113.7"}`: `uuid: "203.0.113.*" looks like an address or a range, ` +
			`not like a player id: give it as ip; write 203.0.113.0/24`,
		`{"uuid":"example.org"}`: `uuid: "example.org" looks like the name of a host, not like a player id: ` +
			`give its address as ip`,
		`{"uuid":"069a79f444e94726a5befca90e38aaf"}`: `uuid: "069a79f444e94726a5befca90e38aaf" looks like a UUID, ` +
			`which has 32 digits, not 31`,
		`{"uuid":"a","uuid":"b"}`: `uuid: is given twice`,
	} {
		b := &backend{}
		if response := post(handler(t, b, fishapi.Config{}), "/api/ban", body); b.calls > 0 ||
			response.Code != http.StatusUnprocessableEntity || response.Body.String() != want {
			t.Errorf("%s: %d %s, %d calls", body, response.Code, response.Body, b.calls)
		}
	}
	b := &backend{}
	if post(handler(t, b, fishapi.Config{}), "/api/unban", `{"uuid":"203.0.113.7"}`); len(b.targets) != 1 {
		t.Errorf("lifted %v", b.targets)
	}
}

func TestUnsureIsNeverFalse(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		backend backend
		status  int
		want    string
	}{
		{backend{}, http.StatusOK, `{"data":false}`},
		{backend{banned: true}, http.StatusOK, `{"data":true}`},
		{backend{err: syncer.Unavailable(nil)}, http.StatusServiceUnavailable, ""},
	} {
		response := post(handler(t, &test.backend, fishapi.Config{}), "/api/checkIsBanned",
			`{"uuid":"a","ip":"192.0.2.1"}`)
		if response.Code != test.status || test.want != "" && response.Body.String() != test.want ||
			strings.Contains(response.Body.String(), `"data"`) != (test.want != "") {
			t.Errorf("%d %s", response.Code, response.Body)
		}
	}
}

func TestPrefixHidesThePlainPath(t *testing.T) {
	t.Parallel()
	h := handler(t, &backend{}, fishapi.Config{Prefix: "/s3cret"})
	const body = `{"id":"a","gamemode":"pvp"}`
	for path, want := range map[string]int{
		"/s3cret/api/fish-player": http.StatusOK, "/s3cret/api/fish-player/": http.StatusNotFound,
		"/s3cret/api/x":          http.StatusNotFound,
		"/other/api/fish-player": http.StatusNotFound, "/api/fish-player": http.StatusNotFound,
	} {
		if response := post(h, path, body); response.Code != want ||
			strings.Contains(response.Body.String(), "s3cret") {
			t.Errorf("%s: %d %s", path, response.Code, response.Body)
		}
	}
}

func TestWebPagesMayNotAsk(t *testing.T) {
	t.Parallel()
	b := &backend{}
	request := httptest.NewRequest(http.MethodPost, "/api/ban", strings.NewReader(`{"uuid":"a"}`))
	request.Header.Set("Sec-Fetch-Site", "cross-site")
	response := httptest.NewRecorder()
	handler(t, b, fishapi.Config{}).ServeHTTP(response, request)
	if response.Code != http.StatusForbidden || b.calls > 0 {
		t.Errorf("%d, %d calls", response.Code, b.calls)
	}
}

func TestRejectedCodeMayBeANumber(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{`"01234-2"`: "01234-2 u", `12345`: "12345 u"} {
		b := &backend{}
		response := post(handler(t, b, fishapi.Config{}), "/api/usid-reject",
			`{"uuid":"a","rejectedUsid":"u","code":`+code+`,"port":7000}`)
		if response.Code != http.StatusOK || b.rejected != want || b.from.Address != "192.0.2.9:7000" {
			t.Errorf("%s: %d, %q from %+v", code, response.Code, b.rejected, b.from)
		}
	}
}
