package main

import (
	"strings"
	"testing"
	"unicode/utf8"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

func TestCommandsSayWhoMakesTheChange(t *testing.T) {
	t.Parallel()
	_, environ := database(t)
	bans := written(t, "bans.json", `{"uuid": "Bob", "by": "Notch"}`)
	minecraft := written(t, "banned-ips.json",
		`[{"ip": "203.0.113.7", "created": "2020-01-01 00:00:00 +0000", "source": "Server",
			"expires": "forever", "reason": "x"}]`)
	for _, args := range [][]string{
		{"player", "set", "Steve", "--create", "--rank", "mod"},
		{"ban", "add", "uuid:Steve", "--unknown"},
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
	if r := runSyncer(t, environ, "audit", "revert", "1", "--by", strings.Repeat("x", 600)); r.code != exitUsage {
		t.Errorf("a revert by nobody: %+v", r)
	}
	succeed(t, environ, "player", "set", "Steve", "--rank", "vip")
	got := []string{}
	for _, e := range decode[[]wire.AuditEntry](t, environ, "audit") {
		got = append(got, e.Field+" "+*e.By)
	}
	want := "rank " + thisUser() + ", row Alice, row Alice, lift Alice, reason Alice, row Alice, rank Alice"
	if strings.Join(got, ", ") != want {
		t.Errorf("%q, want %s", got, want)
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
