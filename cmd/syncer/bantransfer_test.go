package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"playersync/syncer/httpapi/wire"
)

func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// sortedLines makes files comparable whose bans have other numbers.
func sortedLines(text string) string {
	lines := strings.Split(text, "\n")
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestBansGoFromOneDatabaseToAnother(t *testing.T) {
	t.Parallel()
	url, from := database(t)
	execute(
		t, url,
		`insert into ban (uuid, reason, banned_by, expires_at) values ('Steve', e'quoted "reason", with\nlines; =1+1', 'Alice', now() + interval '1 day')`,
		`insert into ban (ip, created_at, lifted_at, lifted_by, lift_reason) values ('192.0.2.0/24', '2020-01-01', '2020-02-01', 'Alice', 'appeal')`,
		`insert into ban (ip, expires_at) values ('2001:db8::1', 'infinity')`,
		`insert into ban (uuid, created_at, expires_at) values ('expired', '2020-01-01', '2020-01-02')`,
		`insert into ban_note (ban, text) select id, 'note ' || n from ban, generate_series(1, 2) as n`,
	)
	for _, format := range []string{formatJSON, formatCSV} {
		exported := succeed(t, from, "ban", "export", "--format", format)
		_, to := database(t)
		path := file(t, "bans."+format, exported)
		if r := decode[importReport](t, to, "ban", "import", path, "--dry-run"); !r.DryRun || r.Added != 4 {
			t.Errorf("%s: a trial would import %+v", format, r)
		}
		if r := decode[importReport](t, to, "ban", "import", path); r.Added != 4 || len(r.Refused)+len(r.Stands) != 0 {
			t.Errorf("%s: imported %+v", format, r)
		}
		if back := succeed(t, to, "ban", "export", "--format", format); sortedLines(back) != sortedLines(exported) {
			t.Errorf("%s: exported\n%sand came back as\n%s", format, exported, back)
		}
		if text := succeed(t, to, "ban", "import", path); !strings.Contains(text, "imported 0 bans; 4 known") {
			t.Errorf("%s: imported again: %s", format, text)
		}
	}
	if active := succeed(t, from, "ban", "export", "--active"); strings.Count(active, "\n") != 2 {
		t.Errorf("in force:\n%s", active)
	}
}

func TestImportNamesWhatItRefuses(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(t, url, `insert into ban (uuid) values ('stands')`)
	json := file(t, "bans.json", strings.Join([]string{
		`{"uuid": "good", "createdAt": "2020-01-01T00:00:00Z"}`,
		``,
		`{"uuid": "a", "ip": "192.0.2.1"}`,
		`{"ip": "192.0.2.1/24"}`,
		`not JSON`,
		`{"uuid": "a", "expiresAt": "tomorrow"}`,
		`{"uuid": "a", "reason": 5}`,
		`{"uuid": "a", "until": null}`,
		`{"uuid": "a", "liftedBy": "Alice"}`,
		`{"uuid": "a", "notes": [{"at": "2020-01-01T00:00:00Z", "by": "", "text": ""}]}`,
		`{"uuid": "stands", "createdAt": "2020-01-01T00:00:00Z"}`,
		`{"id": 7, "uuid": null, "ip": "192.0.2.1", "active": true}`,
	}, "\n"))
	r := runSyncer(t, environ, "ban", "import", json)
	if r.code != exitFailed || !strings.Contains(r.errs, "8 lines refused") {
		t.Errorf("code %d, %s", r.code, r.errs)
	}
	for _, want := range []string{
		"line 3: ip: ", "line 4: ip: ", "line 5: is not a JSON object", "line 6: expiresAt: ", "line 7: reason: ", "line 8: until: ",
		"line 9: liftedBy: ", "line 10: notes[0].text: ", "line 11: stands is banned already, see ban 1", "imported 2 bans; 0 known, 1 stand",
	} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the report lacks %q:\n%s", want, r.out)
		}
	}
	csv := file(t, "bans.csv", "\ufeffip,createdAt,notes\n192.0.2.2,,\n192.0.2.3,soon,\n192.0.2.4\n192.0.2.5,,x\n")
	report := runSyncer(t, environ, "ban", "import", csv)
	for _, want := range []string{"line 3: createdAt: ", "line 4: has 1 columns", "line 5: notes: ", "imported 1 ban;"} {
		if !strings.Contains(report.out, want) {
			t.Errorf("the report lacks %q:\n%s", want, report.out)
		}
	}
	for _, args := range [][]string{
		{"ban", "import"},
		{"ban", "import", json, "--format", "xml"},
		{"ban", "import", file(t, "empty.csv", "")},
		{"ban", "import", file(t, "other.csv", "uuid,until\n")},
		{"ban", "import", file(t, "twice.csv", "uuid,uuid\n")},
		{"ban", "export", "--format", "yaml"},
	} {
		if r := runSyncer(t, environ, args...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

func TestBanIsShownChangedAndNotedOn(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	ban := decode[wire.Ban](t, environ, "ban", "add", "Steve", "--reason", "griefing")
	if note := decode[wire.BanNote](t, environ, "ban", "note", "1", "uses a second account", "--by", "Alice"); note.By != "Alice" || note.ID == 0 {
		t.Errorf("noted %+v", note)
	}
	changed := decode[wire.Ban](t, environ, "ban", "change", "1", "--for", "7d", "--reason", "")
	if changed.ID != ban.ID || changed.ExpiresAt.IsZero() || changed.Reason != "" {
		t.Errorf("changed %+v", changed)
	}
	shown := decode[wire.NotedBan](t, environ, "ban", "show", "1")
	if shown.Ban.ExpiresAt != changed.ExpiresAt || len(shown.Notes) != 1 || shown.Notes[0].Text != "uses a second account" {
		t.Errorf("shown %+v", shown)
	}
	if text := succeed(t, environ, "ban", "show", "1"); !strings.Contains(text, "Steve") || !strings.Contains(text, "uses a second account") {
		t.Errorf("for people:\n%s", text)
	}
	if bans := decode[[]wire.Ban](t, environ, "ban", "list", "--kind", "player", "--from", "2020-01-01T00:00:00Z", "--reason", "x"); len(bans) != 0 {
		t.Errorf("listed %+v", bans)
	}
	for _, args := range [][]string{{"show", "x"}, {"change", "1"}, {"note", "1", ""}, {"list", "--kind", "id"}, {"list", "--from", "today"}} {
		if r := runSyncer(t, environ, append([]string{"ban"}, args...)...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
	if r := runSyncer(t, environ, "ban", "show", "2"); r.code != exitFailed || !strings.Contains(r.errs, "no ban 2") {
		t.Errorf("show of none: %+v", r)
	}
}

func TestBanOfARangeIsPreviewed(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	execute(
		t, url,
		`insert into player (uuid, name) values ('id-1', 'Steve'), ('id-2', 'Alice')`,
		`insert into player_address (uuid, server, ip, times) values ('id-1', 'a', '203.0.113.7', 3), ('id-1', 'a', '203.0.113.8', 1), ('id-2', 'a', '192.0.2.1', 1)`,
		`insert into server (name, gamemode, address) values ('pvp', 'pvp', '10.0.0.1:6567')`,
		`insert into server_lease (server, run, expires_at) values ('pvp', gen_random_uuid(), now() + interval '1 h')`,
		`insert into session (server, uuid, run, gamemode) select server, uuid, run, 'pvp' from server_lease, player`,
	)
	if text := succeed(t, environ, "ban", "add", "203.0.113.0/24"); !strings.Contains(text, "it meets 1 player ") {
		t.Errorf("ban add prints %s", text)
	}
	preview := decode[wire.BanPreview](t, environ, "ban", "preview", "203.0.113.0/28")
	if preview.Count != 1 || preview.Players[0].Name != "Steve" || preview.Players[0].Times != 4 || len(preview.Bans) != 1 || preview.Online != 1 || preview.Players[0].Servers[0] != "pvp" {
		t.Errorf("preview %+v", preview)
	}
	text := succeed(t, environ, "ban", "preview", "203.0.113.0/24")
	for _, want := range []string{"1 player joined", "1 online now", "Steve", "now on pvp", "and 1 more", "bans in force"} {
		if !strings.Contains(text, want) {
			t.Errorf("for people, without %q:\n%s", want, text)
		}
	}
	for _, args := range [][]string{{"Steve"}, {"203.0.113.7/24"}, {"::1", "--limit", "0"}} {
		if r := runSyncer(t, environ, append([]string{"ban", "preview"}, args...)...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
}
