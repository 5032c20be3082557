package console_test

import (
	"net/http"
	"regexp"
	"strings"
	"testing"
)

// mapRuns is runs of three maps, with every outcome, and one in progress.
const mapRuns = `
	insert into map_run (server, map, gamemode, winner, success, started_at, ended_at, played_ms, max_players, wave)
		select 'survival-1', map, 'survival', case i % 4 when 1 then 'crux' else 'derelict' end, i % 4 = 0,
			now() - i * interval '2 hours', now() - i * interval '2 hours' + interval '1 hour',
			case i % 4 when 3 then 60000 else 600000 * (1 + i % 5) end, 5 + i, 10 + i
		from (values ('Frozen_Forest.msav', 20), ('Craters.msav', 8), ('<b>Ruins.msav', 3)) as m (map, runs),
			lateral generate_series(1, runs) as i;
	insert into map_run_current (server, map, gamemode, session, started_at, reported_at, played_ms, players,
		max_players, wave) values
		('survival-1', 'Nuclear.msav', 'survival', 's', now() - interval '1 hour', now(), 3600000, 4, 9, 31)`

func TestMapsAreSorted(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(viewer)
	b.wants(http.StatusOK, "GET", "/console/maps", nil).contains(t, "No run of such a map")
	s.run(mapRuns)
	first := regexp.MustCompile(`(?s)Statistics of maps.*?<tbody>.*?<bdi>(.*?)</bdi>`)
	for query, want := range map[string]string{
		"": "Frozen_Forest.msav", "?sort=map": "&lt;b&gt;Ruins.msav", "?sort=won": "Craters.msav",
		"?sort=rtv": "&lt;b&gt;Ruins.msav", "?sort=played": "Frozen_Forest.msav", "?map=crat": "Craters.msav",
		"?sort=nothing": "&lt;b&gt;Ruins.msav", "?after=1&sort=map": "Craters.msav",
	} {
		p := b.wants(http.StatusOK, "GET", "/console/maps"+query, nil)
		if match := first.FindStringSubmatch(p.body); len(match) == 0 || match[1] != want {
			t.Errorf("%q begins with %q, want %s", query, match, want)
		}
		p.contains(t, "Nuclear.msav", ">31<")
	}
}

func TestRunsOfOneMap(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(mapRuns)
	b := s.browser().signIn(viewer)
	p := b.wants(http.StatusOK, "GET", "/console/maps/Frozen_Forest.msav", nil)
	p.contains(t, "20 runs, 5 won, 5 lost, 5 late and 5 early RTVs", "early RTV", "late RTV", "crux")
	if n := strings.Count(p.body, `width="10"`); n != 20 {
		t.Errorf("%d bars", n)
	}
	b.wants(http.StatusOK, "GET", "/console/maps/%3Cb%3ERuins.msav", nil).contains(t, "&lt;b&gt;Ruins.msav")
	b.wants(http.StatusOK, "GET", "/console/maps/none?gamemode=pvp", nil).contains(t, "No run of this map")
}
