package importer_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/importer"
	"playersync/syncer/merge"
)

// kept is a store that keeps what it is given.
type kept struct {
	players []merge.ImportedPlayer
	bans    []syncer.BanRecord
	poison  syncer.PlayerID // which the store refuses
	calls   int
	stored  func() // after each call
}

func (k *kept) ImportPlayers(_ context.Context, players []merge.ImportedPlayer) (merge.PlayerImport, error) {
	k.calls++
	for _, p := range players {
		if p.ID == k.poison {
			return merge.PlayerImport{}, syncer.Invalid("name", "the database refuses this value")
		}
	}
	k.players = append(k.players, players...)
	if k.stored != nil {
		k.stored()
	}
	return merge.PlayerImport{Added: len(players)}, nil
}

func (k *kept) ImportBans(_ context.Context, bans []syncer.BanRecord) ([]syncer.ImportedBan, error) {
	k.bans = append(k.bans, bans...)
	done := make([]syncer.ImportedBan, len(bans))
	for i := range done {
		done[i].Outcome = syncer.ImportAdded
	}
	return done, nil
}

func (k *kept) ids() []string {
	ids := []string{}
	for _, p := range k.players {
		ids = append(ids, string(p.ID))
	}
	return ids
}

// imported imports a text and returns the outcome.
func imported(t *testing.T, text string, o importer.Options) (*kept, importer.Summary, []importer.Refusal) {
	t.Helper()
	k := &kept{}
	refusals := []importer.Refusal{}
	o.Refused = func(r importer.Refusal) { refusals = append(refusals, r) }
	if o.Format == "" {
		o.Format = importer.FormatFish
	}
	summary, err := importer.Import(t.Context(), strings.NewReader(text), k, o)
	if err != nil {
		t.Fatal(err)
	}
	return k, summary, refusals
}

func TestDocumentsAreFoundInEveryForm(t *testing.T) {
	t.Parallel()
	for name, text := range map[string]string{
		"a document per line":       `{"uuid":"a","rank":"x"}` + "\n" + `{"uuid":"b","rank":"}{"}` + "\n",
		"without a last line break": `{"uuid":"a","rank":"x"}` + "\r\n" + `{"uuid":"b","rank":"\"}"}`,
		"a list":                    `[{"uuid":"a","rank":"x"},{"uuid":"b","rank":"x","flags":["\\"]}]`,
		"over many lines": "[\n{\n  \"uuid\": \"a\",\n \"rank\": \"x\",\n \"stats\":\n  {\n  " +
			"}\n},\n{\n\"uuid\":\"b\",\n\"rank\":\"x\"\n}\n]\n",
		"with a mark": "\xEF\xBB\xBF" + `{"uuid":"a","rank":"x"}{"uuid":"b","rank":"x"}`,
	} {
		k, summary, refusals := imported(t, text, importer.Options{})
		if diff := cmp.Diff([]string{"a", "b"}, k.ids()); diff != "" || summary.Documents != 2 || len(refusals) > 0 {
			t.Errorf("%s: %s\n%+v %+v", name, diff, summary, refusals)
		}
	}
	if _, summary, _ := imported(t, "", importer.Options{}); summary.Documents != 0 {
		t.Errorf("nothing: %+v", summary)
	}
}

func TestBrokenDocumentCostsOnlyItself(t *testing.T) {
	t.Parallel()
	for broken, want := range map[string]string{
		`{"uuid":"x","rank":"y"`:          "is cut short: another one begins within it",
		`{"uuid":"x","rank":"y}`:          "is cut short: a text goes beyond the end of its line",
		`{"uuid":"x","rank":}`:            "is no JSON document: invalid character '}' looking for beginning of value",
		`uuid,rank`:                       "is no JSON document: must begin with {",
		"{\"uuid\":\"x\",\"r\":\"\xff\"}": "is not valid UTF-8",
		`{"uuid":"x","rank":NaN}`:         "is no JSON document: invalid character 'N' looking for beginning of value",
	} {
		k, summary, refusals := imported(t, `{"uuid":"a","rank":"x"}`+"\n"+broken+"\n"+`{"uuid":"b","rank":"x"}`+"\n",
			importer.Options{})
		if diff := cmp.Diff([]string{"a", "b"}, k.ids()); diff != "" || summary.Documents != 3 || summary.Refused != 1 {
			t.Errorf("%s: %s\n%+v", broken, diff, summary)
		}
		if diff := cmp.Diff([]importer.Refusal{{Line: 2, Document: 2, Error: want}}, refusals); diff != "" {
			t.Errorf("%s: %s", broken, diff)
		}
	}
	_, _, refusals := imported(t, `{"uuid":"a"`, importer.Options{})
	if len(refusals) != 1 || refusals[0].Error != "is cut short: the file ends within it" {
		t.Errorf("the file's end: %+v", refusals)
	}
}

// A download that broke off between two documents of a list is told of, and what it has is taken.
func TestListWithoutItsEndIsToldOf(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]struct{ documents, refused int64 }{
		`[{"uuid":"a","rank":"x"},{"uuid":"b","rank":"x"}]`:          {2, 0},
		`[{"uuid":"a","rank":"x"}][{"uuid":"b","rank":"x"}]`:         {2, 0},
		`[{"uuid":"a","rank":"x"},{"uuid":"b","rank":"x"},`:          {3, 1},
		`[{"uuid":"a","rank":"x"},{"uuid":"b","rank":"x"}`:           {3, 1},
		strings.Repeat("[", 1000):                                    {1, 1},
		`{"uuid":"a","rank":"x"}` + "\n" + `{"uuid":"b","rank":"x"}`: {2, 0},
	} {
		k, summary, refusals := imported(t, text, importer.Options{})
		if int64(summary.Documents) != want.documents || int64(summary.Refused) != want.refused {
			t.Errorf("%.60s: %+v", text, summary)
		}
		if want.refused > 0 && !strings.Contains(refusals[0].Error, "the file ends within a list") {
			t.Errorf("%.60s: %+v", text, refusals)
		}
		if taken := int(want.documents - want.refused); len(k.ids()) != taken {
			t.Errorf("%.60s: took %v", text, k.ids())
		}
	}
}

func TestPlayerIsReadWithAllFields(t *testing.T) {
	t.Parallel()
	const text = `{
		"_id": {"$oid": "65a000000000000000000001"}, "uuid": "Steve==", "__v": 0, "country": "?",
		"rank": "mod", "flags": ["member", "vip"],
		"unmuteTime": {"$numberLong": "9999999999999"}, "unmarkTime": {"$date": "2026-01-31T18:00:00.123Z"},
		"name": "[#fff]Steve", "overrideName": null, "highlight": "[red]", "rainbow": {"speed": {"$numberInt": "3"}},
		"history": [
			{"action": "stop", "by": "Alice", "time": {"$date": {"$numberLong": "2000"}}},
			{"action": "mute", "by": "Alice", "time": {"$numberDouble": "1000.0"}}
		],
		"chatStrictness": "strict", "showRankPrefix": false, "language": "de",
		"achievements": "[-9223372036854775808,12]",
		"usid": {"10.0.0.1:6567": "AAAAAAAAAAA=", "10": {"0": {"0": {"2": "BBBBBBBBBBB="}}}, "::ffff:10.0.0.3": null},
		"lastJoined": {"survival": {"$date": "2026-01-31T19:00:00+0100"}, "pvp": {"$numberLong": "-1"}},
		"firstJoined": {"survival": 5, "pvp": null},
		"stats": {"survival": {"blocksBroken": 7, "timeInGame": {"$numberLong": "1099511627776"},
			"gamesWon": {"$numberDouble": "NaN"}, "kills": 3}, "pvp": {}},
		"globalStats": {"blocksBroken": 7}
	}`
	k, summary, refusals := imported(t, text, importer.Options{})
	if len(k.players) != 1 {
		t.Fatalf("refused: %+v", refusals)
	}
	at := syncer.Millis(1769882400000) // 2026-01-31 18:00 UTC
	want := syncer.NewPlayer("Steve==")
	want.Rank, want.Flags = "mod", []string{"member", "vip"}
	want.UnmuteTime, want.UnmarkTime = syncer.Forever, syncer.Millis(1769882400123)
	want.Name, want.Highlight, want.Rainbow = "[#fff]Steve", new("[red]"), &syncer.Rainbow{Speed: 3}
	want.ChatStrictness, want.ShowRankPrefix = "strict", false
	want.Language, want.Achievements = "de", new("[-9223372036854775808,12]")
	history := []syncer.HistoryEntry{
		{Action: "mute", By: "Alice", Time: syncer.Millis(1000)},
		{Action: "stop", By: "Alice", Time: syncer.Millis(2000)},
	}
	want.Addresses = map[string]syncer.AddressRecord{
		"10.0.0.1:6567": {USID: new("AAAAAAAAAAA=")}, "10.0.0.2:6567": {USID: new("BBBBBBBBBBB=")},
	}
	want.Gamemodes = map[string]syncer.GamemodeRecord{
		"survival": {
			FirstJoined: syncer.Millis(5), LastJoined: at,
			Stats: map[string]int64{"blocksBroken": 7, "timeInGame": 1 << 40},
		},
	}
	sameTime := cmp.Comparer(func(a, b syncer.Time) bool { return a == b })
	if diff := cmp.Diff(want, k.players[0].Newcomer(), sameTime); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(history, k.players[0].Save.History, sameTime); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"country": 1, "stats.kills": 1}, summary.Ignored); diff != "" {
		t.Error(diff)
	}
}

func TestOlderAndPlainShapesOfPlayers(t *testing.T) {
	t.Parallel()
	long, cut := strings.Repeat("é", 120), strings.Repeat("é", 98)
	options := importer.Options{Gamemode: "pvp", Address: "10.0.0.1"}
	k, _, refusals := imported(t, `
{"_id":"a","muted":true,"stats":{"blocksBroken":1},"firstJoined":5,"lastJoined":{"$date":7},"usid":"U"}
{"_id":"b","muted":false,"rank":null,"stats":{},"firstJoined":-1,"usid":"","achievements":""}
{"_id":"c","muted":true,"unmuteTime":-1}
{"_id":"d","rank":"x","history":[{"action":"m","by":"`+cut+`","time":1},{"action":"m","by":"`+long+
		`","time":1},{"action":"m","by":"`+cut+`","time":2}]}`,
		options)
	if len(k.players) != 4 {
		t.Fatalf("refused: %+v", refusals)
	}
	a, b, c, d := k.players[0].Newcomer(), k.players[1].Newcomer(), k.players[2].Newcomer(), k.players[3].Save
	if a.UnmuteTime != syncer.Forever || !b.UnmuteTime.IsZero() || !c.UnmuteTime.IsZero() {
		t.Errorf("muted until %v, %v and %v", a.UnmuteTime, b.UnmuteTime, c.UnmuteTime)
	}
	mode := syncer.GamemodeRecord{
		FirstJoined: syncer.Millis(5), LastJoined: syncer.Millis(7), Stats: map[string]int64{"blocksBroken": 1},
	}
	if diff := cmp.Diff(map[string]syncer.GamemodeRecord{"pvp": mode}, a.Gamemodes,
		cmp.Comparer(func(a, b syncer.Time) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if usid := a.Addresses["10.0.0.1:6567"].USID; usid == nil || *usid != "U" {
		t.Errorf("addresses %+v", a.Addresses)
	}
	if b.Rank != syncer.DefaultRank || len(b.Gamemodes)+len(b.Addresses) > 0 || b.Achievements != nil {
		t.Errorf("nothing but an id became %+v", b)
	}
	if len(d.History) != 2 || d.History[0].By != long || d.History[1].By != cut {
		t.Errorf("history %+v", d.History)
	}
}

func TestDocumentThatCannotBeStoredIsRefusedByField(t *testing.T) {
	t.Parallel()
	for members, field := range map[string]string{
		`"rank":"x"`:                                                        "uuid",
		`"uuid":5,"rank":"x"`:                                               "uuid",
		`"uuid":"","rank":"x"`:                                              "uuid",
		`"_id":{"$oid":"1"},"rank":"x"`:                                     "uuid",
		`"uuid":"a","rank":""`:                                              "rank",
		`"uuid":"a","flags":["",""]`:                                        "flags[0]",
		`"uuid":"a","flags":"member"`:                                       "flags",
		`"uuid":"a","unmuteTime":"tomorrow"`:                                "unmuteTime",
		`"uuid":"a","unmuteTime":{"$date":"tomorrow"}`:                      "unmuteTime",
		`"uuid":"a","unmuteTime":{"$numberLong":"1.5"}`:                     "unmuteTime",
		`"uuid":"a","rank":"x","name":"\u0000"`:                             "name",
		`"uuid":"a","rainbow":{"speed":0}`:                                  "rainbow.speed",
		`"uuid":"a","chatStrictness":"loose"`:                               "chatStrictness",
		`"uuid":"a","achievements":"[a]"`:                                   "achievements",
		`"uuid":"a","rank":"x","history":[{"action":"m","by":"b"}]`:         "history[0].time",
		`"uuid":"a","rank":"x","history":[{"action":"","by":"b","time":1}]`: "history[0].action",
		`"uuid":"a","rank":"x","history":[{"action":"m","by":"b",` +
			`"time":{"$numberDouble":"Infinity"}}]`: "history[0].time",
		`"uuid":"a","stats":{"blocksBroken":1}`:           "stats",
		`"uuid":"a","stats":{"pvp":{"blocksBroken":"1"}}`: "stats.pvp.blocksBroken",
		`"uuid":"a","stats":{"pvp":5}`:                    "stats.pvp",
		`"uuid":"a","lastJoined":5`:                       "lastJoined",
		`"uuid":"a","lastJoined":{"pvp":"x"}`:             "lastJoined.pvp",
		`"uuid":"a","lastJoined":{"pvp":9999999999999}`:   "lastJoined",
		`"uuid":"a","usid":"U"`:                           "usid",
		`"uuid":"a","usid":{"10.0.0.1":5}`:                "usid.10.0.0.1",
		`"uuid":"a","usid":["U"]`:                         "usid",
		`"uuid":"a","muted":"yes"`:                        "muted",
		`"uuid":"a","name":"Steve"`:                       "",
	} {
		k, _, refusals := imported(t, "{"+members+"}", importer.Options{})
		if len(k.players) > 0 || len(refusals) != 1 || refusals[0].Field != field {
			t.Errorf("%s: %d stored, refusals %+v, want %s", members, len(k.players), refusals, field)
		}
	}
}

// A file read on from any place between two documents gives what it gave before.
func TestImportGoesOnWhereItWasInterrupted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		var text strings.Builder
		n := rapid.IntRange(0, 8).Draw(rt, "documents")
		for i := range n {
			text.WriteString(rapid.SampledFrom([]string{"", "\n", "\n\n[", ",", "junk\n"}).Draw(rt, "between"))
			fmt.Fprintf(&text, `{"uuid": "p%d", "rank":%s"x}"}`, i,
				rapid.SampledFrom([]string{"", "\n"}).Draw(rt, "inside"))
		}
		var places []importer.Position
		whole := &kept{}
		note := func(at importer.Position, _ importer.Summary) { places = append(places, at) }
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		if _, err := importer.Import(ctx, strings.NewReader(text.String()), whole, importer.Options{
			Format: importer.FormatFish, Committed: note,
		}); err != nil {
			rt.Fatal(err)
		}
		for skipped := range n {
			// Stop after some documents, by asking for the end while one is read.
			ctx, cancel := context.WithCancel(t.Context())
			half := &kept{}
			var at importer.Position
			reader := &cancelling{from: text.String(), after: skipped, cancel: cancel}
			_, err := importer.Import(ctx, reader, half, importer.Options{
				Format: importer.FormatFish, Committed: func(to importer.Position, _ importer.Summary) { at = to },
			})
			cancel()
			if err != nil && !errors.Is(err, context.Canceled) {
				rt.Fatal(err)
			}
			if _, err := importer.Import(t.Context(), strings.NewReader(text.String()[at.Offset:]), half,
				importer.Options{Format: importer.FormatFish, From: at}); err != nil {
				rt.Fatal(err)
			}
			if !slices.Equal(half.ids(), whole.ids()) {
				rt.Fatalf("from %+v: %v, want %v", at, half.ids(), whole.ids())
			}
		}
	})
}

// cancelling ends a context when it has given so many bytes as a document needs, so
// many times over.
type cancelling struct {
	from   string
	given  int
	after  int
	cancel func()
}

func (c *cancelling) Read(to []byte) (int, error) {
	if c.given >= len(c.from) {
		return 0, fmt.Errorf("the end: %w", errEnd)
	}
	n := copy(to, c.from[c.given:min(len(c.from), c.given+20)])
	if c.given += n; c.given > c.after*25 {
		c.cancel()
	}
	return n, nil
}

var errEnd = errors.New("no more")

func TestStoreThatRefusesAValueLosesOnlyItsDocument(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "{\"uuid\":\"p%d\",\"rank\":\"x\"}\n", i)
	}
	k := &kept{poison: "p37"}
	var refusals []importer.Refusal
	summary, err := importer.Import(t.Context(), strings.NewReader(text.String()), k, importer.Options{
		Format: importer.FormatFish, Refused: func(r importer.Refusal) { refusals = append(refusals, r) },
	})
	want := []importer.Refusal{
		{Line: 38, Document: 38, ID: "p37", Field: "name", Error: "the database refuses this value"},
	}
	if err != nil || summary.Players.Added != 99 || k.calls > 20 {
		t.Errorf("%+v, %v after %d calls", summary, err, k.calls)
	}
	if diff := cmp.Diff(want, refusals); diff != "" {
		t.Error(diff)
	}
}

func TestPlayerTwiceInAFileIsStoredInOrder(t *testing.T) {
	t.Parallel()
	k, _, _ := imported(t, `{"uuid":"a","rank":"x"}{"uuid":"b","rank":"x"}{"uuid":"a","rank":"y"}`, importer.Options{})
	if diff := cmp.Diff([]string{"a", "b", "a"}, k.ids()); diff != "" || k.calls != 2 {
		t.Errorf("%d calls: %s", k.calls, diff)
	}
}

func FuzzImport(f *testing.F) {
	for _, seed := range []string{
		`{"uuid":"a","rank":"x","stats":{"pvp":{"timeInGame":{"$numberLong":"5"}}}}`,
		`[{"uuids":["a",5],"ips":["::1","<unknown>"]}]`,
		`{"uuid":"a","unmuteTime":{"$date":{"$numberLong":"-1"}},"usid":{"1":{"2":"x"}}}`,
		`{"$numberDouble":"-Infinity"}`, "{\"a\n{}",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		beginning := strings.TrimPrefix(text, "\xEF\xBB\xBF")
		if importer.CheckEncoding([]byte(beginning[:min(4, len(beginning))])) != nil {
			return // the whole file is refused
		}
		k, summary, refusals := imported(t, text, importer.Options{Gamemode: "pvp", Address: "1.2.3.4:5"})
		if summary.Refused != len(refusals) {
			t.Errorf("%d refused, told of %d", summary.Refused, len(refusals))
		}
		for _, p := range k.players {
			if err := p.Validate(); err != nil {
				t.Errorf("stored %+v: %v", p, err)
			}
		}
		for _, b := range k.bans {
			if err := b.Validate(); err != nil {
				t.Errorf("stored %+v: %v", b, err)
			}
		}
	})
}
