package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

var (
	_ Visits = (*sidecar.Info)(nil)
	_ Counts = (*sidecar.Counts)(nil)
)

const documentedPath = "/v1/players/abcdefghijklmnopqrstuv=="

func TestPlayerInfo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.ask(t, "GET", documentedPath+"/info", "").wants(http.StatusOK)
	const seen = `"times":12,"firstSeen":"2029-12-24T18:00:00.000Z","lastSeen":"2030-01-02T03:04:05.000Z"}`
	const counts = `"joins":12,"kicks":1,` +
		`"firstSeen":"2029-12-24T18:00:00.000Z","lastSeen":"2030-01-02T03:04:05.000Z",` +
		`"names":[{"name":"[accent]Steve",` + seen + `],"addresses":[{"ip":"203.0.113.7",` + seen + `]`
	want := `{"uuid":"abcdefghijklmnopqrstuv==","name":"[accent]Steve",` + counts +
		`,"servers":[{"server":"survival-1",` + counts + `}],"bans":[]}`
	if got := strings.TrimSpace(g.Body.String()); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	f.ask(t, "GET", "/v1/players/unknown/info", "").problem(http.StatusNotFound)
	f.ask(t, "GET", "/v1/players/"+strings.Repeat("a", 65)+"/info", "").problem(http.StatusUnprocessableEntity).names(t,
		"id")
	f.fail = syncer.Unavailable(nil)
	f.ask(t, "GET", documentedPath+"/info", "").problem(http.StatusServiceUnavailable)
}

func TestKicks(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask(t, "POST", documentedPath+"/kicks", "", "Syncer-Server: pvp-1", "Syncer-Gamemode: pvp",
		"Syncer-Address: a:1").wants(http.StatusNoContent)
	if f.from.Name != "pvp-1" || f.id != exampleID {
		t.Errorf("kicked %q from %+v", f.id, f.from)
	}
	f.ask(t, "POST", documentedPath+"/kicks", "{}").wants(http.StatusNoContent)
	f.ask(t, "POST", documentedPath+"/kicks", `{"reason":"spam"}`).problem(http.StatusUnprocessableEntity).names(t,
		"reason")
	f.ask(t, "POST", documentedPath+"/kicks", `[]`).problem(http.StatusUnprocessableEntity).names(t, "body")
	f.ask(t, "POST", "/v1/players/unknown/kicks", "").problem(http.StatusNotFound)
}

func TestSearchPlayerInfo(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var page wire.InfoPage
	f.ask(t, "GET", "/v1/player-info?name=st%25eve&limit=7&after=x", "").wants(http.StatusOK).into(&page)
	if f.searched != "st%eve" || f.page != (sidecar.Page{Size: 7, After: "x"}) || len(page.Players) != 1 ||
		page.Next == nil || *page.Next != "more" {
		t.Errorf("searched %q %+v, got %+v", f.searched, f.page, page)
	}
	for given, want := range map[string]string{
		"198.51.100.7": "198.51.100.7/32", "198.51.100.0/24": "198.51.100.0/24", "2001:db8::/32": "2001:db8::/32",
		"::ffff:198.51.100.7": "198.51.100.7/32",
	} {
		g := f.ask(t, "GET", "/v1/player-info?ip="+given, "").wants(http.StatusOK)
		if f.searched != want || strings.TrimSpace(g.Body.String()) != `{"players":[],"next":null}` {
			t.Errorf("%s searched %q, got %s", given, f.searched, g.Body)
		}
	}
	for query, field := range map[string]string{
		"": "name", "name=": "name", "name=%00": "name", "name=" + strings.Repeat("a", 513): "name",
		"name=a&ip=198.51.100.7": "ip",
		"ip=":                    "ip", "ip=steve": "ip", "ip=198.51.100.7/33": "ip", "name=a&limit=0": "limit",
		"name=a&limit=501": "limit", "uuid=a": "name",
	} {
		problem := f.ask(t, "GET", "/v1/player-info?"+query, "").problem(http.StatusBadRequest)
		if query == "uuid=a" {
			problem.names(t, "uuid", "name")
			continue
		}
		problem.names(t, field)
	}
	f.fail = syncer.Invalid("after", "is not a position")
	f.ask(t, "GET", "/v1/player-info?name=a&after=x", "").problem(http.StatusBadRequest).names(t, "after")
}

func TestSharingAccounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.ask(t, "GET", documentedPath+"/accounts?limit=3", "").wants(http.StatusOK)
	want := `{"accounts":[{"uuid":"other","name":"","shared":1,"lastSeen":null,` +
		`"banned":true,"addresses":[{"ip":"192.0.2.1","times":2,"ownTimes":3}]}],"next":null}`
	if got := strings.TrimSpace(g.Body.String()); got != want || f.id != exampleID || f.page.Size != 3 {
		t.Errorf("of %q %+v: %s", f.id, f.page, got)
	}
	f.ask(t, "GET", documentedPath+"/accounts?x=1", "").problem(http.StatusBadRequest).names(t, "x")
	f.fail = syncer.Invalid("after", "is not a position")
	f.ask(t, "GET", documentedPath+"/accounts?after=x", "").problem(http.StatusBadRequest).names(t, "after")
}
