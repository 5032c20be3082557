package main

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

func TestAuditIsListedAndReverted(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	if text := succeed(t, environ, "audit"); text != "no changes\n" {
		t.Errorf("at first: %q", text)
	}
	succeed(t, environ, "player", "set", "Steve", "--create", "--rank", "mod")
	succeed(t, environ, "ban", "add", "203.0.113.0/24", "--by", "Alice")
	execute(t, url, `update player set flags = '{trusted}'`)

	all := decode[[]wire.AuditEntry](t, environ, "audit")
	if len(all) != 3 || all[0].Field != "flags" || all[0].Role != "postgres" || all[0].By != nil || *all[1].By != "Alice" || *all[2].By != thisUser() {
		t.Fatalf("all changes: %+v", all)
	}
	for flag, want := range map[string]int{
		"--uuid=Steve": 2, "--ip=203.0.113.9": 1, "--field=rank": 1, "--by=Alice": 1, "--by=postgres": 1, "--server=pvp": 0,
		"--from=1h": 3, "--to=1h": 0, "--from=2030-01-31T18:00:00Z": 0, "--to=2999-01-31T18:00:00Z": 3, "--limit=2": 2,
	} {
		if found := decode[[]wire.AuditEntry](t, environ, "audit", flag); len(found) != want {
			t.Errorf("%s: %+v, want %d", flag, found, want)
		}
	}
	text := succeed(t, environ, "audit")
	for _, want := range []string{"login postgres", "player Steve rank: player > mod", `player Steve flags: [] > ["trusted"]`, "of 203.0.113.0/24 created: "} {
		if !strings.Contains(text, want) {
			t.Errorf("%q lacks %q", text, want)
		}
	}

	number := fmt.Sprint(all[2].ID)
	if text := succeed(t, environ, "audit", "revert", number, "--by", "Alice"); !strings.Contains(text, "mod > player") || !strings.Contains(text, "reverting "+number) {
		t.Errorf("revert: %q", text)
	}
	if r := runSyncer(t, environ, "audit", "revert", number); r.code != exitFailed || !strings.Contains(r.errs, "has changed since") {
		t.Errorf("revert again: %+v", r)
	}
	if lift := decode[wire.AuditEntry](t, environ, "audit", "revert", fmt.Sprint(all[1].ID), "--reason", "a slip"); lift.Field != "lift" || *lift.Reverts != all[1].ID {
		t.Errorf("revert of the ban: %+v", lift)
	}
	if r := runSyncer(t, environ, "audit", "revert", "999"); r.code != exitFailed || !strings.Contains(r.errs, "no change 999") {
		t.Errorf("revert of nothing: %+v", r)
	}
}

func TestCommandsSayWhoMakesTheChange(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	bans := file(t, "bans.json", `{"uuid": "Bob", "by": "Notch"}`)
	minecraft := file(t, "banned-ips.json", `[{"ip": "203.0.113.7", "created": "2020-01-01 00:00:00 +0000", "source": "Server", "expires": "forever", "reason": "x"}]`)
	for _, args := range [][]string{
		{"player", "set", "Steve", "--create", "--rank", "mod"},
		{"ban", "add", "uuid:Steve"},
		{"ban", "change", "1", "--reason", "x"},
		{"ban", "lift", "uuid:Steve"},
		{"ban", "import", bans},
		{"import", "minecraft", minecraft},
	} {
		succeed(t, environ, append(args, "--by", "Alice")...)
		if r := runSyncer(t, environ, append(args, "--by", strings.Repeat("x", 600))...); r.code != exitUsage {
			t.Errorf("%q by nobody: %+v", args, r)
		}
	}
	succeed(t, environ, "player", "set", "Steve", "--rank", "vip")
	got := []string{}
	for _, e := range decode[[]wire.AuditEntry](t, environ, "audit") {
		got = append(got, e.Field+" "+*e.By)
	}
	if want := "rank " + thisUser() + ", row Alice, row Alice, lift Alice, reason Alice, row Alice, rank Alice"; strings.Join(got, ", ") != want {
		t.Errorf("%q, want %s", got, want)
	}
}

func TestAuditRefusesWhatCannotBeMeant(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	for _, args := range [][]string{
		{"more"},
		{"--field", "name"},
		{"--ip", "x"},
		{"--uuid", "a", "--ip", "10.0.0.1"},
		{"--from", "soon"},
		{"--limit", "0"},
		{"--from", "1h", "--to", "2h"},
		{"revert"},
		{"revert", "x"},
		{"revert", "0"},
		{"revert", "1", "2"},
		{"revert", "1", "--by", strings.Repeat("x", 600)},
	} {
		if r := runSyncer(t, environ, append([]string{"audit"}, args...)...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
}

func TestAuditFitsATerminal(t *testing.T) {
	t.Parallel()
	long := []byte(`"` + strings.Repeat("long ", 100) + `"`)
	id := syncer.TargetID("abcdefghijklmnopqrstuv==")
	for _, e := range []syncer.AuditEntry{
		{Entity: syncer.EntityPlayer, Target: id, Field: "attributes", Old: long, New: long},
		{Entity: syncer.EntityPlayer, Target: id, Field: "rank", Old: []byte(`"x"`), New: long},
		{Entity: syncer.EntityPlayer, Target: id, Field: "rank", Old: long},
		{Entity: syncer.EntityPlayer, Target: id, Field: "row", Old: long},
		{Entity: syncer.EntityBan, Target: id, Ban: 123456, Field: "row", New: long},
		{Entity: syncer.EntityBan, Target: id, Ban: 123456, Field: "lift", New: long},
		{Entity: syncer.EntityBan, Target: id, Ban: 123456, Field: "lift", Old: long},
		{Entity: syncer.EntityBan, Field: "table"},
	} {
		if text := auditWhat(e); utf8.RuneCountInString(text) > auditWidth || strings.Contains(text, "\n") {
			t.Errorf("%d characters: %s", utf8.RuneCountInString(text), text)
		}
	}
}
