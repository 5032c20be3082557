package importer_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playersync/syncer"
	"playersync/syncer/importer"
)

// banned shows bans as text.
func banned(bans []syncer.BanRecord) []string {
	shown := []string{}
	for _, b := range bans {
		text := b.Target.Key() + " " + b.By + ": " + b.Reason
		if !b.CreatedAt.IsZero() {
			text += " since " + b.CreatedAt.String()
		}
		if !b.ExpiresAt.IsZero() {
			text += " until " + b.ExpiresAt.String()
		}
		shown = append(shown, text)
	}
	return shown
}

func TestBansAreKnownByTheirShape(t *testing.T) {
	t.Parallel()
	k, summary, refusals := imported(t, `
{"_id": {"$oid": "1"}, "uuid": "a"}
{"ip": "10.0.0.1", "reason": "bot", "bannedBy": "Alice", "time": {"$date": 1000}, "expires": 2000}
{"_id": "bans", "uuids": ["b", 5, "c"], "ips": ["2001:db8:0:0:0:0:0:1", "<unknown>", "10.0.0.300"], "note": "x"}
{"uuid": "d", "ip": "10.0.0.4"}
{"uuid": "e", "ip": "<unknown>"}
{"uuid": "p", "rank": "mod"}`, importer.Options{})
	want := []string{
		"uuid:a : ", "ip:10.0.0.1/32 Alice: bot since 1970-01-01T00:00:01.000Z until 1970-01-01T00:00:02.000Z",
		"uuid:b : ", "uuid:c : ", "ip:2001:db8::1/128 : ", "uuid:d : ", "ip:10.0.0.4/32 : ", "uuid:e : ",
	}
	if diff := cmp.Diff(want, banned(k.bans)); diff != "" {
		t.Error(diff)
	}
	if len(k.players) != 1 || summary.Bans.Added != 8 || summary.Ignored["note"] != 1 {
		t.Errorf("%d players, %+v", len(k.players), summary)
	}
	if len(refusals) != 2 || refusals[0].Field != "uuids[1]" || refusals[1].Field != "ips[2]" || refusals[1].Line != 4 {
		t.Errorf("refusals %+v", refusals)
	}
}

func TestKindSettlesWhatADocumentIs(t *testing.T) {
	t.Parallel()
	const text = `{"_id": "10.0.0.1"}{"_id": "Steve"}`
	if k, _, _ := imported(t, text, importer.Options{Kind: importer.KindPlayers}); len(k.players) != 2 {
		t.Errorf("players %v", k.ids())
	}
	k, _, _ := imported(t, text, importer.Options{Kind: importer.KindBans})
	if diff := cmp.Diff([]string{"ip:10.0.0.1/32 : ", "uuid:Steve : "}, banned(k.bans)); diff != "" {
		t.Error(diff)
	}
	if _, summary, _ := imported(t, text, importer.Options{}); summary.Refused != 2 {
		t.Errorf("without it: %+v", summary)
	}
}

func TestBanThatCannotBeIsRefusedByField(t *testing.T) {
	t.Parallel()
	for members, field := range map[string]string{
		`"uuid": 5`:                            "uuid",
		`"ip": "10.0.0.300"`:                   "ip",
		`"ips": "10.0.0.1"`:                    "ips",
		`"uuid": "a", "expiresAt": 5`:          "createdAt",
		`"uuid": "a", "time": 9, "expires": 5`: "expiresAt",
		`"uuid": "a", "time": "yesterday"`:     "time",
		`"uuid": "a", "reason": 5`:             "reason",
		`"uuid": "a", "by": {}`:                "by",
	} {
		k, _, refusals := imported(t, "{"+members+"}", importer.Options{})
		if len(k.bans) > 0 || len(refusals) != 1 || refusals[0].Field != field {
			t.Errorf("%s: %d stored, %+v, want %s", members, len(k.bans), refusals, field)
		}
	}
}

func TestMinecraftLists(t *testing.T) {
	t.Parallel()
	k, summary, refusals := imported(t, `[
  {
    "uuid": "f84c6a79-0a4e-45e0-879b-cd49ebd4c4e2", "name": "Steve",
    "created": "2026-01-31 18:00:00 +0200", "source": "Alice", "expires": "forever", "reason": "griefing"
  },
  {
    "ip": "203.0.113.7", "created": "2026-01-31 18:00:00 +0000", "source": "(Unknown)",
    "expires": "2026-02-28 18:00:00 +0000", "reason": "x"
  },
  {"ip": "203.0.113.8", "created": "31.1.2026", "expires": "forever"},
  {"ip": "203.0.113.9", "created": "2026-01-31 18:00:00 +0000", "expires": "2025-01-31 18:00:00 +0000"},
  {"uuid": "uuid:a", "ip": "203.0.113.10", "name": "Bob", "created": "x", "expires": "2025-01-31 18:00:00 +0000"},
  {"uuid": "uuid:b", "created": "2026-01-31 18:00:00 +0000", "expires": "never"},
  {"uuid": "uuid:c", "created": "x", "expires": "2026-02-01 18:00:00 +0000"},
  {"name": "Alice"},
  {"uuid": "Alice"}
]`, importer.Options{
		Format: importer.FormatMinecraft, Now: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC),
	})
	want := []string{
		"uuid:f84c6a79-0a4e-45e0-879b-cd49ebd4c4e2 Alice: griefing since 2026-01-31T16:00:00.000Z",
		"ip:203.0.113.7/32 (Unknown): x since 2026-01-31T18:00:00.000Z until 2026-02-28T18:00:00.000Z",
		"ip:203.0.113.8/32 : ",
		"uuid:a :  since 2025-01-31T17:59:59.000Z until 2025-01-31T18:00:00.000Z",
		"ip:203.0.113.10/32 :  since 2025-01-31T17:59:59.000Z until 2025-01-31T18:00:00.000Z",
		"uuid:b :  since 2026-01-31T18:00:00.000Z",
		"uuid:c :  since 2026-02-01T00:00:00.000Z until 2026-02-01T18:00:00.000Z",
	}
	if diff := cmp.Diff(want, banned(k.bans)); diff != "" {
		t.Error(diff)
	}
	var fields []string
	for _, r := range refusals {
		fields = append(fields, r.Field)
	}
	if diff := cmp.Diff([]string{"expires", "uuid", "uuid"}, fields); diff != "" ||
		summary.Documents != 9 || summary.Warned != 4 {
		t.Errorf("%+v: %s", summary, diff)
	}
	names := []string{}
	for _, p := range k.players { // by whom a ban is found
		names = append(names, string(p.ID)+" "+p.Save.Name.Value)
	}
	if diff := cmp.Diff([]string{"f84c6a79-0a4e-45e0-879b-cd49ebd4c4e2 Steve", "a Bob"}, names); diff != "" {
		t.Error(diff)
	}
}

func TestMinecraftTimesThatCannotBeReadAreNamed(t *testing.T) {
	t.Parallel()
	var warned []string
	imported(t, `{"uuid": "uuid:a", "created": "31.1.2026", "expires": "tomorrow"}`, importer.Options{
		Format: importer.FormatMinecraft,
		Warned: func(r importer.Refusal) { warned = append(warned, r.ID+" "+r.Field+": "+r.Error) },
	})
	if diff := cmp.Diff([]string{
		`uuid:a created: "31.1.2026" is not a time such as 2026-01-31 18:00:00 +0000; taken for now, as Minecraft does`,
		`uuid:a expires: "tomorrow" is not a time such as 2026-01-31 18:00:00 +0000; taken for forever, ` +
			`as Minecraft does`,
	}, warned); diff != "" {
		t.Error(diff)
	}
}

func TestMemberGivenTwiceIsRefused(t *testing.T) {
	t.Parallel()
	for text, field := range map[string]string{
		`{"uuid":"a","rank":"x","rank":"y"}`:                  "rank",
		`{"uuid":"a","stats":{"pvp":{"gamesWon":1},"pvp":2}}`: "stats.pvp",
		`{"uuid":"a","uuid":"b","reason":"x"}`:                "uuid",
	} {
		k, _, refusals := imported(t, text, importer.Options{})
		if len(k.bans)+len(k.players) > 0 || len(refusals) != 1 || refusals[0].Field != field ||
			refusals[0].Error != "is given twice" {
			t.Errorf("%s: %+v", text, refusals)
		}
	}
}

func TestFileThatIsNotUTF8IsRefusedOnce(t *testing.T) {
	t.Parallel()
	const utf16, utf32 = "the file is UTF-16, not UTF-8; save it", "the file is UTF-32, not UTF-8; save it"
	for text, want := range map[string]string{
		"\xFF\xFE{\x00}\x00": utf16, "\xFE\xFF\x00{\x00}": utf16, "{\x00}\x00": utf16, "\x00{\x00}": utf16,
		"\xFF\xFE\x00\x00{\x00\x00\x00": utf32, "\x00\x00\xFE\xFF\x00\x00\x00{": utf32,
		"{\x00\x00\x00}\x00\x00\x00": utf32, "\x00\x00\x00{\x00\x00\x00}": utf32,
		"\x1F\x8B\x08\x00": "the file is packed by gzip", "PK\x03\x04": "the file is a ZIP archive",
	} {
		_, err := importer.Import(t.Context(), strings.NewReader(text), &kept{}, importer.Options{})
		if err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestTargetsOfOtherProgramsAreReadAsOneSpelling(t *testing.T) {
	t.Parallel()
	k, _, refusals := imported(t, `[
{"uuid": "069A79F444E94726A5BEFCA90E38AAF5", "expires": "forever"},
{"uuid": "069A79F4-44E9-4726-A5BE-FCA90E38AAF5", "expires": "forever"},
{"uuid": "#offline#bob", "expires": "forever"},
{"uuid": "203.0.113.7", "expires": "forever"},
{"uuid": "example.org", "expires": "forever"},
{"ip": "203.0.113.*", "expires": "forever"}
]`, importer.Options{Format: importer.FormatMinecraft})
	const id = "uuid:069a79f4-44e9-4726-a5be-fca90e38aaf5 : "
	if diff := cmp.Diff([]string{id, id}, banned(k.bans)); diff != "" {
		t.Error(diff)
	}
	var said []string
	for _, r := range refusals {
		said = append(said, r.Field+": "+r.Error)
	}
	if diff := cmp.Diff([]string{
		`uuid: "#offline#bob" stands for a player whose id LiteBans did not know; ban the id of bob; ` +
			`an id of that text is written uuid:#offline#bob`,
		`uuid: "203.0.113.7" looks like an address or a range, not like a player id: give it as ip; ` +
			`write 203.0.113.7; an id of that text is written uuid:203.0.113.7`,
		`uuid: "example.org" looks like the name of a host, not like a player id: give its address as ip; ` +
			`an id of that text is written uuid:example.org`,
		`ip: "203.0.113.*" is not an address; write 203.0.113.0/24`,
	}, said); diff != "" {
		t.Error(diff)
	}
	k, _, refusals = imported(t, `{"_id": "x", "uuids": ["069A79F444E94726A5BEFCA90E38AAF5", "203.0.113", `+
		`"uuid:a.bc"]}`, importer.Options{})
	if diff := cmp.Diff([]string{id, "uuid:a.bc : "}, banned(k.bans)); diff != "" || len(refusals) != 1 ||
		refusals[0].Field != "uuids[1]" {
		t.Errorf("%s %+v", diff, refusals)
	}
}
