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
	bans := written(t, "bans.json", `{"uuid": "uuid:Bob", "by": "Notch"}`)
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
		{Entity: syncer.EntityAudit, Field: "pruned", New: long},
	} {
		for _, line := range wrapped(auditWhat(e), auditWidth) {
			if utf8.RuneCountInString(line) > auditWidth {
				t.Errorf("%d characters: %s", utf8.RuneCountInString(line), line)
			}
		}
	}
}

func TestAuditSaysInWordsWhatWasChanged(t *testing.T) {
	t.Parallel()
	player, ban := syncer.EntityPlayer, syncer.EntityBan
	for _, test := range []struct {
		entity   syncer.Entity
		field    syncer.AuditField
		old, new string
		want     string
	}{
		{player, "rank", `"player"`, `"mod"`, "player Steve: rank player → mod"},
		{player, "flags", `["a","b"]`, `["b","c"]`, "player Steve: flag c added, flag a removed"},
		{player, "unmuteTime", ``, `"infinity"`, "player Steve: muted for ever"},
		{player, "unmuteTime", `"infinity"`, ``, "player Steve: unmuted, was muted for ever"},
		{player, "usid", `["a:1","b:2"]`, `["b:2"]`, "player Steve: usid on a:1 removed, usid on b:2 replaced"},
		{player, "unmarkTime", `"bad"`, `"worse"`, "player Steve: marked until bad → until worse"},
		{
			player, "attributes", `{"shop":{"discount":5,"old":1}}`, `{"shop":{"discount":6,"new":true}}`,
			"player Steve: shop.discount 5 → 6, shop.new nothing → true, shop.old 1 → nothing",
		},
		{
			player, "row", ``, `{"rank":"mod","flags":[],"attributes":{},"name":"S"}`,
			"player Steve created: name S, rank mod",
		},
		{player, "row", `{"rank":"player","unmuteTime":"infinity"}`, ``, "player Steve deleted: muted for ever"},
		{ban, "row", ``, `{"by":"Alice","reason":"raid"}`, "ban 7 of Steve created: by Alice, reason raid"},
		{ban, "expiresAt", ``, `"infinity"`, "ban 7 of Steve: until lifted → for ever"},
		{ban, "reason", `"a"`, `""`, "ban 7 of Steve: reason a → nothing"},
		{ban, "lift", ``, `{"by":"Alice","reason":"appeal"}`, "ban 7 of Steve lifted: by Alice, reason appeal"},
		{ban, "lift", `{"by":"Alice"}`, ``, "ban 7 of Steve opened again"},
		{syncer.EntityAudit, "pruned", ``, `{"before":"last year","changes":1}`, "1 change before last year forgotten"},
	} {
		e := syncer.AuditEntry{Entity: test.entity, Target: syncer.TargetID("Steve"), Field: test.field}
		if test.entity == ban {
			e.Ban = 7
		}
		if test.old != "" {
			e.Old = []byte(test.old)
		}
		if test.new != "" {
			e.New = []byte(test.new)
		}
		if got := auditWhat(e); got != test.want {
			t.Errorf("got  %s\nwant %s", got, test.want)
		}
	}
}
