package store_test

import (
	"context"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/store"
)

// doubtful are texts that a person may take for an id, and ids.
var doubtful = []string{
	"203.0.113.7", "203.0.113.*", "203.0.113", "203.0.113.1-203.0.113.9", "10.0.0.256", "203,0,113,5", "203.0.113.x",
	"[2001:db8::5]:25565", "2001:db8:::1", "::", "fe80::1%eth0", "ip:203.0.113.5", "http://198.51.100.8/", "*.*.*.*",
	"２０３.0.113.5", "203。0。113。5", "٢٠٣.0.113.5", "2001:db8::g", "abba:cafe", "...", "x.x.x.x", "a,1,2,3",
	"#offline#bob", "example.org", "play.example.org:25565", "Mr.Steve", "Mr. Steve", "-a.org", "a-.org", "example.o",
	"069a79f444e94726a5befca90e38aaf5", "069A79F4-44E9-4726-A5BE-FCA90E38AAF5", "069a79f444e94726a5befca90e38aaf",
	"{069a79f4-44e9-4726-a5be-fca90e38aaf5}", "{069a79f444e94726a5befca90e38aaf5}",
	"069a79f4-44e9-4726-a5be-fca9Oe38aaf5",
	"urn:uuid:069a79f4-44e9-4726-a5be-fca90e38aaf5", "URN:UUID:069a79f444e94726a5befca90e38aaf5",
	"069a79f444e9-4726-a5be-fca90e38aaf5", "0123456789abcdef0123456789abcdef01234567", "AAAAAAAAAAAAAAAAAAAAAA==",
	"abcdefghijklmnopqrs/u==", "Steve", "deadbeef", "a%b", "uuid:a.b",
}

// What the database refuses as an id is what Go refuses.
func TestDoubtsAreThoseOfGo(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	compare := func(t rapid.TB, text string) {
		t.Helper()
		var doubt *string
		if err := conn.QueryRow(context.Background(), `select ban_uuid_doubt($1)`, text).Scan(&doubt); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if err := syncer.CheckBannedID(text); (err != nil) != (doubt != nil) {
			t.Fatalf("%q: Go says %v, SQL %v", text, err, doubt)
		}
	}
	refused := 0
	for _, text := range doubtful {
		compare(t, text)
		if syncer.CheckBannedID(text) != nil {
			refused++
		}
	}
	if refused < len(doubtful)/2 || refused == len(doubtful) {
		t.Errorf("%d of %d are refused", refused, len(doubtful))
	}
	pieces := rapid.OneOf(
		rapid.SampledFrom(doubtful),
		rapid.StringMatching(`[0-9a-fxX.:*/\[\], -]{0,9}`),
		rapid.StringMatching(`[({]?([0-9a-fA-FgO]-?){29,35}[)}]?`),
		rapid.StringMatching(`[0-9a-g]{7,9}(-[0-9a-g]{3,5}){3,4}-[0-9A-G]{11,13}`),
		rapid.StringMatching(`([a-z-]{0,3}\.){0,3}[a-z]{1,3}(:[0-9x]{0,2})?`),
		rapid.SampledFrom([]string{"uuid:", "ip:", "urn:uuid:", "#offline#", "%", "\n", "é", "０", "。", "：", "{", ")"}),
	)
	texts := rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(pieces, 1, 3).Draw(t, "pieces"), "")
	})
	rapid.Check(t, func(t *rapid.T) { compare(t, texts.Draw(t, "text")) })
}

// What is clearly no id is refused in psql, and taken if it is meant.
func TestClearlyNoIDByHand(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	run(t, conn, `insert into ban (uuid) values ('Steve')`)
	for _, text := range doubtful {
		err := syncer.CheckBannedID(text)
		refusal := refused(t, conn, `update ban set uuid = $1`, text)
		if (refusal != nil) != (err != nil) {
			t.Errorf("%s: %v; Go says %v", text, refusal, err)
		}
		if refusal != nil && refusal.Hint != "If it is an id, write uuid:"+text {
			t.Errorf("%s: hint %q", text, refusal.Hint)
		}
		run(t, conn, `delete from ban`)
		run(t, conn, `insert into ban (uuid) values ('uuid:' || $1::text)`, text)
		run(t, conn, `update ban set uuid = uuid`) // as programs do that write whole rows
		id, err := syncer.ParsePlayerID(text)
		if got := value[string](t, conn, `select uuid from ban`); err != nil || got != string(id) {
			t.Errorf("%q, though meant, is stored as %q, %v; want %q", text, got, err, id)
		}
	}
}

// What was meant stays so when a ban that was deleted, or its target, is restored.
func TestDoubtfulIDIsRestored(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `insert into ban (uuid) values ('uuid:203.0.113.7')`)
	run(t, conn, `update ban set uuid = 'Steve'`)
	revert := func() {
		t.Helper()
		number := value[int64](t, conn, `select max(id) from audit`)
		if _, _, _, err := s.RevertAudit(context.Background(), number, "Alice", ""); err != nil {
			t.Error(err)
		}
		expectEqual(t, value[string](t, conn, `select uuid from ban`), "203.0.113.7")
	}
	revert()
	run(t, conn, `delete from ban`)
	revert()
}
