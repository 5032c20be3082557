package main

import (
	"strings"
	"testing"

	"playersync/syncer/httpapi/wire"
)

const someVisits = `
insert into player (uuid, name) values ('id-1', 'Steve'), ('id-2', 'Alice');
insert into player_visit (uuid, server, joins, kicks) values ('id-1', 'pvp', 3, 1), ('id-1', 'attack', 2, 0), ('id-2', 'pvp', 1, 0);
insert into player_name (uuid, server, name, times) values ('id-1', 'pvp', 'Steve', 3), ('id-1', 'attack', 'Old name', 2), ('id-2', 'pvp', 'Alice', 1);
insert into player_address (uuid, server, ip, times) values ('id-1', 'pvp', '203.0.113.7', 3), ('id-1', 'attack', '2001:db8::7', 2), ('id-2', 'pvp', '203.0.113.7', 1)`

func TestInfoTellsOfVisits(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, someVisits)
	info := decode[wire.PlayerInfo](t, environ, "info", "get", "Steve")
	if info.UUID != "id-1" || info.Joins != 5 || info.Kicks != 1 || len(info.Servers) != 2 || len(info.Names) != 2 || len(info.Addresses) != 2 {
		t.Errorf("info %+v", info)
	}
	text := succeed(t, environ, "info", "get", "id-1")
	for _, want := range []string{"together", "Old name", "2001:db8::7", "KICKS"} {
		if !strings.Contains(text, want) {
			t.Errorf("get prints\n%swithout %q", text, want)
		}
	}
	for line := range strings.Lines(text) {
		if len(line) > 81 {
			t.Errorf("wider than 80 columns: %s", line)
		}
	}
	execute(t, url, `insert into player (uuid) values ('new')`)
	if text := succeed(t, environ, "info", "get", "new"); !strings.Contains(text, "no visit is known") {
		t.Errorf("of a new player:\n%s", text)
	}

	if found := decode[[]wire.InfoMatch](t, environ, "info", "search", "--name", "OLD"); len(found) != 1 || found[0].UUID != "id-1" {
		t.Errorf("by name: %+v", found)
	}
	if found := decode[[]wire.InfoMatch](t, environ, "info", "search", "--ip", "203.0.113.0/24"); len(found) != 2 {
		t.Errorf("by address: %+v", found)
	}
	if text := succeed(t, environ, "info", "search", "--ip", "203.0.113.0/24", "--limit", "1"); !strings.Contains(text, "203.0.113.7") || !strings.Contains(text, "--limit") {
		t.Errorf("search prints\n%s", text)
	}
	accounts := decode[[]wire.SharingAccount](t, environ, "info", "accounts", "id-1")
	if len(accounts) != 1 || accounts[0].UUID != "id-2" || accounts[0].Addresses[0] != (wire.SharedAddress{IP: "203.0.113.7", Times: 1, OwnTimes: 3}) {
		t.Errorf("accounts %+v", accounts)
	}
	if text := succeed(t, environ, "info", "accounts", "Steve"); !strings.Contains(text, "Alice") {
		t.Errorf("accounts prints\n%s", text)
	}
	for _, args := range [][]string{{}, {"--name", "a", "--ip", "203.0.113.7"}, {"--ip", "Steve"}, {"--name", "a", "--limit", "0"}} {
		if r := runSyncer(t, environ, append([]string{"info", "search"}, args...)...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if r := runSyncer(t, environ, "info", "get", "nobody"); r.code != exitFailed {
		t.Errorf("of nobody: %+v", r)
	}
}

func TestCountsAreExported(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `
		insert into player_count (server, slot, players)
		select server, '2020-01-01 00:00+00'::timestamptz + i * interval '4 minutes', i % 10
		from generate_series(0, 7199) as i cross join (values ('pvp'), ('attack')) as s (server)`)
	execute(t, url, `select thin_player_counts(now() - '2020-01-08 12:00+00'::timestamptz, '1 hour')`)
	month := []string{"counts", "export", "--from", "2020-01-01T00:00:00Z", "--to", "2020-01-21T00:00:00Z"}
	counts := decode[[]wire.PlayerCount](t, environ, month...)
	seen := map[wire.PlayerCount]bool{}
	for _, c := range counts {
		seen[c] = true
	}
	if want := 2 * (7*24 + 12 + 12*15 + 12*24*15); len(counts) != want || len(seen) != want {
		t.Errorf("%d samples, %d of them different, want %d", len(counts), len(seen), want)
	}
	csv := succeed(t, environ, append(month, "--csv", "--sum", "--step", "1d")...)
	lines := strings.Split(csv, "\r\n")
	if len(lines) != 22 || lines[0] != "slot,minutes,players" || lines[1] != "2020-01-01T00:00:00.000Z,1440,18" || lines[20] != "2020-01-20T00:00:00.000Z,1440,18" {
		t.Errorf("%d lines: %q", len(lines), csv)
	}
	if text := succeed(t, environ, "counts", "export"); !strings.Contains(text, "nothing was reported") {
		t.Errorf("of the last day:\n%s", text)
	}
	if text := succeed(t, environ, append(month, "--server", "pvp", "--step", "1d")...); !strings.Contains(text, "SERVER") || strings.Contains(text, "attack") {
		t.Errorf("of one server:\n%s", text)
	}
	for _, args := range [][]string{
		{"--from", "x"}, {"--from", "infinity"}, {"--to", "2d"}, {"--step", "5m"}, {"--step", "x"}, {"--csv", "--json"}, {"--server", strings.Repeat("a", 65)},
	} {
		if r := runSyncer(t, environ, append([]string{"counts", "export"}, args...)...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
}
