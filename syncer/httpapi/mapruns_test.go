package httpapi

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

// fakeMapRuns is the use-cases of map runs in memory. Each call is kept for the
// test to look at.
type fakeMapRuns struct {
	from    syncer.GameServer
	report  syncer.MapReport
	finish  syncer.MapFinish
	filter  syncer.MapRunFilter
	page    sidecar.Page
	current *syncer.CurrentMapRun
	calls   int

	away bool  // the database is: writes wait
	fail error // returned by every call
}

func (f *fakeMapRuns) Report(
	_ context.Context, from syncer.GameServer, report syncer.MapReport,
) (*syncer.CurrentMapRun, error) {
	f.calls++
	f.from, f.report = from, report
	if f.away || f.fail != nil {
		return nil, f.fail
	}
	now := syncer.TimeOf(testNow)
	f.current = &syncer.CurrentMapRun{
		Server: from.Name, Map: report.Map, Gamemode: from.Gamemode, StartedAt: now, ReportedAt: now,
		Played:  90 * time.Second,
		Players: report.Players, MaxPlayers: report.Players, Wave: report.Wave,
	}
	return f.current, nil
}

func (f *fakeMapRuns) Finish(
	_ context.Context, from syncer.GameServer, finish syncer.MapFinish,
) (*syncer.MapRun, error) {
	f.calls++
	f.from, f.finish = from, finish
	if f.away || f.fail != nil {
		return nil, f.fail
	}
	f.current = nil
	now := syncer.TimeOf(testNow)
	return &syncer.MapRun{
		Number: 1, Server: from.Name, Map: finish.Map, Gamemode: from.Gamemode, Winner: finish.Winner,
		Success:   finish.Success,
		StartedAt: now, EndedAt: now, Played: 4 * time.Minute, MaxPlayers: 3, Wave: finish.Wave,
	}, nil
}

func (f *fakeMapRuns) Abandon(_ context.Context, from syncer.GameServer) error {
	f.from, f.current = from, nil
	return f.fail
}

func (f *fakeMapRuns) Current(_ context.Context, from syncer.GameServer) (*syncer.CurrentMapRun, error) {
	f.from = from
	return f.current, f.fail
}

func (f *fakeMapRuns) Runs(
	_ context.Context, filter syncer.MapRunFilter, page sidecar.Page,
) ([]syncer.MapRun, string, error) {
	f.filter, f.page = filter, page
	run := syncer.MapRun{Number: 4, Map: "a", Gamemode: "survival", Winner: syncer.NoTeam, Played: time.Second}
	return []syncer.MapRun{run}, "4", f.fail
}

func (f *fakeMapRuns) Stats(
	_ context.Context, filter syncer.MapStatsFilter, page sidecar.Page,
) ([]syncer.MapStats, string, error) {
	f.filter, f.page = syncer.MapRunFilter{Map: filter.Map, Gamemode: filter.Gamemode}, page
	return []syncer.MapStats{
		{Map: "a", Gamemode: "pvp", Runs: 1, EarlyRTVs: 1, EarlyRTVRate: 1, WinsByTeam: map[string]int64{}},
	}, "", f.fail
}

func TestMapRunIsReportedAndFinished(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var current wire.CurrentRun
	if f.ask(t, "GET", "/v1/map-run", "").wants(http.StatusOK).into(&current); current.Run != nil {
		t.Errorf("out of nowhere: %+v", current.Run)
	}
	f.ask(t, "POST", "/v1/map-run", `{"map":"a.msav","session":"1","players":3,"wave":null}`).
		wants(http.StatusOK).into(&current)
	if r := current.Run; r == nil || r.Map != "a.msav" || r.Server != testHome.Name || r.PlayedMs != 90_000 ||
		r.Players != 3 || r.Wave != nil {
		t.Errorf("reported %+v", current.Run)
	}
	f.ask(t, "POST", "/v1/map-run", `{"map":"a.msav","session":"1","players":0,"wave":12}`,
		"Syncer-Server: other", "Syncer-Gamemode: pvp", "Syncer-Address: 203.0.113.1:6568").wants(http.StatusOK)
	if f.mapRuns.from.Name != "other" || *f.mapRuns.report.Wave != 12 {
		t.Errorf("another server's report: %+v %+v", f.mapRuns.from, f.mapRuns.report)
	}
	var finished wire.FinishedRun
	f.ask(t, "POST", "/v1/map-run/finish",
		`{"map":"a.msav","session":"1","winner":"derelict","success":false,"wave":13,`+
			`"key":"00112233-4455-6677-8899-aAbBcCdDeEfF"}`).
		wants(http.StatusOK).into(&finished)
	if r := finished.Run; r == nil || r.Outcome != syncer.MapLateRTV || *r.Wave != 13 || r.PlayedMs != 240_000 {
		t.Errorf("finished %+v", finished.Run)
	}
	if key := f.mapRuns.finish.Key; key[0] != 0 || key[1] != 0x11 || key[15] != 0xff {
		t.Errorf("the key is %x", key)
	}
	keys := map[[16]byte]string{}
	for _, key := range []string{"run 7", "run 8", strings.Repeat("a", 128)} { // as payments have
		f.ask(t, "POST", "/v1/map-run/finish",
			`{"map":"a.msav","session":"1","winner":"derelict","success":false,"key":"`+key+`"}`).wants(http.StatusOK)
		keys[f.mapRuns.finish.Key] = key
	}
	if _, none := keys[[16]byte{}]; none || len(keys) != 3 {
		t.Errorf("keys that are no UUIDs are told apart as %v", keys)
	}
	f.ask(t, "POST", "/v1/map-run/abandon", "").wants(http.StatusNoContent)
}

func TestMapRunWaitsWhileTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.mapRuns.away = true
	for path, body := range map[string]string{
		"/v1/map-run":        `{"map":"a","session":"1","players":3}`,
		"/v1/map-run/finish": `{"map":"a","session":"1","winner":"crux","success":false}`,
	} {
		if g := f.ask(t, "POST", path, body).wants(http.StatusAccepted); g.Body.String() != `{"run":null}` {
			t.Errorf("%s: %s", path, g.Body)
		}
	}
	f.mapRuns.fail = &syncer.Error{Code: syncer.CodeConflict, Message: `no run of "a" is in progress on s`}
	p := f.ask(t, "POST", "/v1/map-run/finish", `{"map":"a","session":"1","winner":"crux","success":false}`).
		problem(http.StatusConflict)
	if !strings.Contains(p.Detail, "in progress") {
		t.Errorf("refused by %q", p.Detail)
	}
	f.mapRuns.fail = syncer.Unavailable(nil)
	for _, request := range []string{
		"GET /v1/map-run", "GET /v1/map-runs", "GET /v1/map-stats", "POST /v1/map-run/abandon",
	} {
		method, path, _ := strings.Cut(request, " ")
		f.ask(t, method, path, "").problem(http.StatusServiceUnavailable)
	}
}

func TestMapRunRefusesWhatCannotBe(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	report := func(change string) string { return `{"map":"a","session":"1","players":1,` + change + `}` }
	finish := func(change string) string {
		return `{"map":"a","session":"1","winner":"crux","success":true,` + change + `}`
	}
	for body, fields := range map[string][]string{
		`{}`:                                   {"map", "session", "players"},
		`{"map":"","session":"1","players":1}`: {"map"},
		`{"map":"` + strings.Repeat("a", 256) + `","session":"1","players":1}`: {"map"},
		`{"map":"a\n","session":"1","players":1}`:                              {"map"},
		`{"map":"a","session":"","players":1}`:                                 {"session"},
		`{"map":null,"session":7,"players":null}`:                              {"map", "session", "players"},
		`{"map":"a","session":"1","players":-1}`:                               {"players"},
		`{"map":"a","session":"1","players":1.5}`:                              {"players"},
		`{"map":"a","session":"1","players":1000001}`:                          {"players"},
		report(`"wave":-1`):                                                    {"wave"},
		report(`"wave":1000000001`):                                            {"wave"},
		report(`"wave":"7"`):                                                   {"wave"},
		report(`"winner":"crux"`):                                              {"winner"},
		`[]`:                                                                   {"body"},
	} {
		f.ask(t, "POST", "/v1/map-run", body).problem(http.StatusUnprocessableEntity).names(t, fields...)
	}
	for body, fields := range map[string][]string{
		`{}`: {"map", "session", "winner", "success"},
		`{"map":"a","session":"1","winner":"","success":true}`:     {"winner"},
		`{"map":"a","session":"1","winner":null,"success":"true"}`: {"winner", "success"},
		finish(`"players":-1`):                             {"players"},
		finish(`"wave":1e10`):                              {"wave"},
		finish(`"key":""`):                                 {"key"},
		finish(`"key":"a\nb"`):                             {"key"},
		finish(`"key":"` + strings.Repeat("a", 129) + `"`): {"key"},
		finish(`"id":1`):                                   {"id"},
	} {
		f.ask(t, "POST", "/v1/map-run/finish", body).problem(http.StatusUnprocessableEntity).names(t, fields...)
	}
	for _, path := range []string{
		"map-runs?map=", "map-runs?gamemode=a%0A", "map-runs?server=", "map-runs?limit=0", "map-runs?winner=a",
		"map-stats?map=" + strings.Repeat("a", 256), "map-stats?gamemode=", "map-stats?server=a",
	} {
		_, query, _ := strings.Cut(path, "?")
		name, _, _ := strings.Cut(query, "=")
		f.ask(t, "GET", "/v1/"+path, "").problem(http.StatusBadRequest).names(t, name)
	}
	if f.mapRuns.calls > 0 {
		t.Errorf("%d calls came through", f.mapRuns.calls)
	}
}

func TestMapRunsAndStatsAreListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var runs wire.MapRunsPage
	f.ask(t, "GET", "/v1/map-runs?map=a&gamemode=survival&server=s&limit=1&after=9",
		"").wants(http.StatusOK).into(&runs)
	if want := (syncer.MapRunFilter{Map: "a", Gamemode: "survival", Server: "s"}); f.mapRuns.filter != want ||
		f.mapRuns.page != (sidecar.Page{Size: 1, After: "9"}) {
		t.Errorf("asked for %+v %+v", f.mapRuns.filter, f.mapRuns.page)
	}
	if len(runs.Runs) != 1 || runs.Runs[0].Outcome != syncer.MapEarlyRTV || runs.Next == nil || *runs.Next != "4" {
		t.Errorf("runs %+v", runs)
	}
	g := f.ask(t, "GET", "/v1/map-stats?map=a&gamemode=pvp", "").wants(http.StatusOK)
	want := `{"stats":[{"map":"a","gamemode":"pvp","runs":1,"significant":0,"won":0,"lost":0,` +
		`"earlyRtvs":1,"lateRtvs":0,` +
		`"earlyRtvRate":1,"lateRtvRate":0,"averageMs":null,"shortestMs":null,"longestMs":null,"bestMs":null,` +
		`"highestWave":null,"averageWave":null,"averageMaxPlayers":null,"winsByTeam":{},"latestWin":null}],"next":null}`
	if got := g.Body.String(); got != want {
		t.Errorf("statistics\n%s, want\n%s", got, want)
	}
}
