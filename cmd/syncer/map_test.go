package main

import (
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

func TestMapsAreShown(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	for _, args := range [][]string{{"map", "stats"}, {"map", "runs"}, {"map", "current"}} {
		if text := succeed(t, environ, args...); !strings.HasPrefix(text, "no run") {
			t.Errorf("%q without runs: %s", args, text)
		}
	}
	execute(t, url,
		`insert into map_run (server, map, gamemode, winner, success, started_at, ended_at, played_ms, max_players, wave) values
			('survival-1', 'Frozen.msav', 'survival', 'sharded', true, '2030-01-01 10:00Z', '2030-01-01 11:00Z', 3599600, 9, 45),
			('survival-1', 'Frozen.msav', 'survival', 'derelict', false, '2030-01-01 12:00Z', '2030-01-01 12:01Z', 60000, 3, 2),
			('pvp-1', 'Glacier.msav', 'pvp', 'derelict', false, '2030-01-01 12:00Z', '2030-01-01 12:30Z', 1800000, 4, null)`,
		`insert into map_run_current (server, map, gamemode, session, started_at, reported_at, played_ms, players, max_players)
			values ('pvp-1', 'Glacier.msav', 'pvp', '1', current_timestamp, now(), 61000, 2, 7)`)

	for _, test := range []struct {
		args []string
		want string
	}{
		{[]string{"stats"}, "Frozen.msav   survival  2     1    0     1      0     1:00:00  1:00:00"},
		{[]string{"stats"}, "Glacier.msav  pvp       1     0    0     0      1     0:30:00  -"},
		{[]string{"stats", "Frozen.msav"}, "early RTVs    1 (50.0 %)"},
		{[]string{"stats", "Frozen.msav"}, "wave          45.0 on average, highest 45"},
		{[]string{"runs"}, "2030-01-01 11:00:00  survival-1  Frozen.msav   won        1:00:00  9     45"},
		{[]string{"runs", "--map", "Glacier.msav"}, "late_rtv  0:30:00  4     -"},
		{[]string{"current"}, "pvp-1   Glacier.msav  0:01:01  2        7     -"},
	} {
		text := succeed(t, environ, append([]string{"map"}, test.args...)...)
		if !strings.Contains(text, test.want) {
			t.Errorf("map %q shows\n%swithout %q", test.args, text, test.want)
		}
		for line := range strings.Lines(text) {
			if len(line) > 81 {
				t.Errorf("map %q has a line of %d columns: %s", test.args, len(line)-1, line)
			}
		}
	}

	if stats := decode[[]syncer.MapStats](t, environ, "map", "stats", "--gamemode", "pvp"); len(stats) != 1 || stats[0].LateRTVs != 1 || stats[0].Lost != 0 {
		t.Errorf("statistics of pvp: %+v", stats)
	}
	if runs := decode[[]wire.MapRun](t, environ, "map", "runs", "--server", "survival-1", "--limit", "1"); len(runs) != 1 || runs[0].Outcome != syncer.MapEarlyRTV {
		t.Errorf("the newest of a server: %+v", runs)
	}
	if runs := decode[[]wire.CurrentMapRun](t, environ, "map", "current"); len(runs) != 1 || runs[0].PlayedMs != 61000 {
		t.Errorf("in progress: %+v", runs)
	}
	for code, commands := range map[int][][]string{
		exitUsage:  {{"stats", "a", "b"}, {"stats", ""}, {"runs", "a"}, {"runs", "--limit", "0"}, {"current", "a"}, {"stat"}},
		exitFailed: {{"stats", "nowhere.msav"}},
	} {
		for _, args := range commands {
			if r := runSyncer(t, environ, append([]string{"map"}, args...)...); r.code != code {
				t.Errorf("map %q: %+v", args, r)
			}
		}
	}
}
