package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
)

func TestReportPlayerCount(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask(t, "POST", "/v1/player-counts", `{"players":17}`).wants(http.StatusNoContent)
	f.ask(t, "POST", "/v1/player-counts", `{"players":0,"at":"2029-12-31T23:59:00Z"}`, "Syncer-Server: pvp-1",
		"Syncer-Gamemode: pvp", "Syncer-Address: a:1").
		wants(http.StatusNoContent)
	want := []syncer.CountReport{
		{Server: "survival-1", Players: 17}, {Server: "pvp-1", At: instant(t, "2029-12-31T23:59:00Z")},
	}
	if len(f.reports) != 2 || f.reports[0] != want[0] || f.reports[1] != want[1] {
		t.Errorf("reported %+v", f.reports)
	}
	for body, field := range map[string]string{
		`{}`: "players", `{"players":-1}`: "players", `{"players":1000001}`: "players", `{"players":1.5}`: "players",
		`{"players":"1"}`:  "players",
		`{"players":null}`: "players", `{"players":1,"at":"infinity"}`: "at", `{"players":1,"at":5}`: "at",
		`{"players":1,"at":"2040-01-01T00:00:00Z"}`: "at",
		`{"players":1,"at":"1969-12-31T00:00:00Z"}`: "at", `{"players":1,"server":"a"}`: "server", `5`: "body",
	} {
		f.ask(t, "POST", "/v1/player-counts", body).problem(http.StatusUnprocessableEntity).names(t, field)
	}
	if len(f.reports) != 2 {
		t.Errorf("bad reports came through: %+v", f.reports)
	}
}

func TestExportPlayerCounts(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.counts = []syncer.PlayerCount{
		{Server: `a "quoted", name`, Slot: instant(t, "2030-01-02T03:00:00Z"), Minutes: 4, Players: 7},
		{Server: "=b", Slot: instant(t, "2030-01-02T03:04:00Z"), Minutes: 60, Players: 0},
	}
	g := f.ask(t, "GET",
		"/v1/player-counts?from=2030-01-02T03:00:00%2B00:00&to=2030-01-02T04:00:00Z&server=a&format=json", "").
		wants(http.StatusOK)
	want := `{"from":"2030-01-02T03:00:00.000Z","to":"2030-01-02T04:00:00.000Z","counts":[` +
		`{"server":"a \"quoted\", name","slot":"2030-01-02T03:00:00.000Z","minutes":4,"players":7},` +
		`{"server":"=b","slot":"2030-01-02T03:04:00.000Z","minutes":60,"players":0}]}`
	if got := strings.TrimSpace(g.Body.String()); got != want || f.exported.Server != "a" {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	table := "slot,minutes,players,server\r\n2030-01-02T03:00:00.000Z,4,7,\"a \"\"quoted\"\", " +
		"name\"\r\n2030-01-02T03:04:00.000Z,60,0,'=b\r\n"
	for _, g := range []got{
		f.ask(t, "GET", "/v1/player-counts?format=csv", ""),
		f.ask(t, "GET", "/v1/player-counts", "", "Accept: text/csv"),
	} {
		if got := g.wants(http.StatusOK).Body.String(); got != table ||
			!strings.HasPrefix(g.Header().Get("Content-Type"), "text/csv;") {
			t.Errorf("%s: %q", g.Header().Get("Content-Type"), got)
		}
	}
	if r := f.exported; !r.To.Equal(testNow) || r.To.Sub(r.From) != 24*time.Hour || r.Step != 0 {
		t.Errorf("without a range: %+v", r)
	}
	f.counts = []syncer.PlayerCount{{Slot: instant(t, "2030-01-02T03:00:00Z"), Minutes: 60, Players: 7}}
	g = f.ask(t, "GET", "/v1/player-counts?format=csv&sum=true&step=1h", "").wants(http.StatusOK)
	if got := g.Body.String(); got != "slot,minutes,players\r\n2030-01-02T03:00:00.000Z,60,7\r\n" ||
		f.exported.Step != time.Hour || !f.exported.Sum {
		t.Errorf("%+v: %q", f.exported, got)
	}
	for query, field := range map[string]string{
		"from=yesterday": "from", "to=infinity": "to", "from=2030-01-03T00:00:00Z&to=2030-01-02T00:00:00Z": "to",
		"server=": "server",
		"sum=1":   "sum", "step=5m": "step", "step=2d": "step", "step=x": "step", "step=": "step",
		"format=xml": "format", "limit=1": "limit",
		"server=" + strings.Repeat("a", 65): "server", "from=1960-01-01T00:00:00Z": "from",
	} {
		f.ask(t, "GET", "/v1/player-counts?"+query, "").problem(http.StatusBadRequest).names(t, field)
	}
}
