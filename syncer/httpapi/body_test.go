package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/sidecar"
)

var equateDomain = cmp.Options{cmp.AllowUnexported(syncer.Time{}), cmpopts.EquateEmpty()}

func instant(t *testing.T, text string) syncer.Time {
	t.Helper()
	parsed, err := syncer.ParseTime(text)
	if err != nil {
		t.Fatal(err)
	}
	return parsed
}

// An operation that takes no body passes none over.
func TestBodyThatNobodyReadsIsRefused(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, route := range []string{
		"PUT /v1/currencies/gems", "POST /v1/map-run/abandon", "POST /v1/servers/start",
		"DELETE " + playerPath + "/transients/pet",
	} {
		method, path, _ := strings.Cut(route, " ")
		f.ask(t, method, path, "").wants(http.StatusNoContent)
		f.ask(t, method, path, " {}\n").wants(http.StatusNoContent)
		f.ask(t, method, path, `{"amount":5}`).problem(http.StatusUnprocessableEntity).names(t, "body")
	}
}

func TestPatchFields(t *testing.T) {
	t.Parallel()
	when := instant(t, "2031-05-06T07:08:09.123Z")
	now := syncer.TimeOf(testNow)
	save := func(s merge.Save) sidecar.Patch { return sidecar.Patch{Save: s} }
	for body, want := range map[string]sidecar.Patch{
		`{}`:                                     {},
		" \n{\"rank\" : \"admin\"}\t":            save(merge.Save{Scalars: merge.Scalars{Rank: syncer.Some("admin")}}),
		`{"flags":["b","a"]}`:                    save(merge.Save{Flags: syncer.Some([]string{"b", "a"})}),
		`{"flags":[]}`:                           save(merge.Save{Flags: syncer.Some([]string{})}),
		`{"flags":{"add":["a"],"remove":["b"]}}`: {AddFlags: []string{"a"}, RemoveFlags: []string{"b"}},
		`{"flags":{}}`:                           {},
		`{"unmuteTime":"infinity"}`: save(merge.Save{
			Scalars: merge.Scalars{UnmuteTime: syncer.Some(syncer.Forever)},
		}),
		`{"unmuteTime":null}`: save(merge.Save{
			Scalars: merge.Scalars{UnmuteTime: syncer.Some(syncer.Time{})},
		}),
		`{"unmarkTime":"2031-05-06T09:08:09.1234+02:00"}`: save(merge.Save{
			Scalars: merge.Scalars{UnmarkTime: syncer.Some(when)},
		}),
		`{"muted":true}`:  save(merge.Save{Scalars: merge.Scalars{UnmuteTime: syncer.Some(syncer.Forever)}}),
		`{"muted":false}`: save(merge.Save{Scalars: merge.Scalars{UnmuteTime: syncer.Some(syncer.Time{})}}),
		`{"muted":true,"muteReason":"spam"}`: save(merge.Save{
			Scalars: merge.Scalars{UnmuteTime: syncer.Some(syncer.Forever), MuteReason: syncer.Some("spam")},
		}),
		`{"attributes":{"b":{"x":null,"y":[1.50]},"a":1}}`: {
			AttributesPatch: []byte(`{"a":1,"b":{"x":null,"y":[1.50]}}`),
		},
		`{"attributes":{}}`:              {AttributesPatch: []byte(`{}`)},
		`{"name":"a\u00e9\ud83d\ude00"}`: save(merge.Save{Scalars: merge.Scalars{Name: syncer.Some("aé😀")}}),
		`{"overrideName":null,"highlight":"x"}`: save(merge.Save{
			Scalars: merge.Scalars{OverrideName: syncer.Some[*string](nil), Highlight: syncer.Some(new("x"))},
		}),
		`{"rainbow":{"speed":5}}`: save(merge.Save{
			Scalars: merge.Scalars{Rainbow: syncer.Some(&syncer.Rainbow{Speed: 5})},
		}),
		`{"rainbow":null}`: save(merge.Save{Scalars: merge.Scalars{Rainbow: syncer.Some[*syncer.Rainbow](nil)}}),
		`{"chatStrictness":"strict","showRankPrefix":false,"language":"de"}`: save(merge.Save{
			Scalars: merge.Scalars{
				ChatStrictness: syncer.Some("strict"), ShowRankPrefix: syncer.Some(false), Language: syncer.Some("de"),
			},
		}),
		`{"achievements":null}`: save(merge.Save{Scalars: merge.Scalars{Achievements: syncer.Some[*string](nil)}}),
		`{"history":[{"action":"a","by":"b"},{"action":"c","by":"","time":"2031-05-06T07:08:09.123Z"},` +
			`{"action":"d","by":"e","time":null}]}`: save(merge.Save{
			History: []syncer.HistoryEntry{
				{Action: "a", By: "b", Time: now}, {Action: "c", Time: when}, {Action: "d", By: "e", Time: now},
			},
		}),
		`{"usid":"u","firstJoined":"2031-05-06T07:08:09.123Z","lastJoined":null}`: save(merge.Save{
			USID: syncer.Some(new("u")), FirstJoined: when,
		}),
		`{"stats":{"a":5,"b":-3,"c":7.0,"d":1e3,"e":null,"f":9007199254740991}}`: save(merge.Save{
			Stats: map[string]int64{"a": 5, "b": -3, "c": 7, "d": 1000, "f": 9007199254740991},
		}),
		`{"stats":null}`: {},
	} {
		f := newFixture(t)
		f.ask(t, "PATCH", playerPath, body, "Content-Type: application/merge-patch+json").wants(http.StatusOK)
		if diff := cmp.Diff(want, f.patch, equateDomain); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
	}
}

func TestPatchRefusesAndNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for body, fields := range map[string]string{
		`[]`: "body", `"x"`: "body", `null`: "body", `1`: "body", `true`: "body",
		`{"rnak":"x"}`: "rnak", `{"":1}`: `""`, `{"uuid":"x"}`: "uuid", `{"revision":1}`: "revision",
		`{"createdAt":null}`: "createdAt",
		`{"globalStats":{}}`: "globalStats", `{"globalFirstJoined":null}`: "globalFirstJoined",
		`{"globalLastJoined":1}`: "globalLastJoined",
		`{"rank":1}`:             "rank", `{"rank":null}`: "rank", `{"rank":["x"]}`: "rank",
		`{"rank":"a","rank":"b"}`: "rank",
		`{"flags":null}`:          "flags", `{"flags":"x"}`: "flags", `{"flags":[1]}`: "flags[0]",
		`{"flags":["a",null]}`:  "flags[1]",
		`{"flags":{"add":"x"}}`: "flags.add", `{"flags":{"add":["a",{}]}}`: "flags.add[1]",
		`{"flags":{"remove":null}}`: "flags.remove",
		`{"flags":{"set":[]}}`:      "flags.set", `{"unmuteTime":1}`: "unmuteTime",
		`{"unmuteTime":"soon"}`:                 "unmuteTime",
		`{"unmuteTime":"2031-02-30T00:00:00Z"}`: "unmuteTime", `{"unmarkTime":false}`: "unmarkTime",
		`{"unmarkTime":"Infinity"}`: "unmarkTime",
		`{"muted":null}`:            "muted", `{"muted":"true"}`: "muted", `{"muted":true,"unmuteTime":null}`: "muted",
		`{"unmuteTime":"infinity","muted":true}`: "muted",
		`{"attributes":null}`:                    "attributes", `{"attributes":[]}`: "attributes",
		`{"attributes":{"a":{"b":[1e999]}}}`: "attributes.a.b[0]",
		`{"attributes":{"a":1e-99999}}`:      "attributes.a", `{"name":5}`: "name", `{"name":null}`: "name",
		`{"overrideName":5}`: "overrideName", `{"highlight":[]}`: "highlight", `{"rainbow":5}`: "rainbow",
		`{"rainbow":{}}`:          "rainbow.speed",
		`{"rainbow":{"speed":0}}`: "rainbow.speed", `{"rainbow":{"speed":1.5}}`: "rainbow.speed",
		`{"rainbow":{"speed":null}}`:    "rainbow.speed",
		`{"rainbow":{"speed":5,"x":1}}`: "rainbow.x", `{"chatStrictness":null}`: "chatStrictness",
		`{"showRankPrefix":1}`:    "showRankPrefix",
		`{"showRankPrefix":null}`: "showRankPrefix", `{"language":{}}`: "language",
		`{"achievements":5}`: "achievements",
		`{"history":{}}`:     "history", `{"history":null}`: "history", `{"history":[1]}`: "history[0]",
		`{"history":[{"by":"x"}]}`:     "history[0].action",
		`{"history":[{"action":"a"}]}`: "history[0].by", `{"history":[{"action":"a","by":1}]}`: "history[0].by",
		`{"history":[{"action":"a","by":"b","time":5}]}`:          "history[0].time",
		`{"history":[{"action":"a","by":"b","time":"infinity"}]}`: "history[0].time",
		`{"history":[{"action":"a","by":"b","why":1}]}`:           "history[0].why", `{"usid":5}`: "usid",
		`{"firstJoined":"infinity"}`: "firstJoined",
		`{"lastJoined":0}`:           "lastJoined", `{"stats":[]}`: "stats", `{"stats":{"a":"1"}}`: "stats.a",
		`{"stats":{"a":1.5}}`:              "stats.a",
		`{"stats":{"a":9007199254740992}}`: "stats.a", `{"stats":{"a":-1e300}}`: "stats.a",
		`{"stats":{"a":1e999}}`:   "stats.a",
		`{"stats":{"a":1,"a":2}}`: "stats.a", `{"rank":1,"name":2,"x":3}`: "rank name x",
	} {
		p := f.ask(t, "PATCH", playerPath, body).problem(http.StatusUnprocessableEntity)
		if p.names(t, strings.Split(fields, " ")...); f.calls != 0 || p.Errors[0].In != inBody {
			t.Errorf("%s: %+v after %d calls", body, p, f.calls)
		}
		for _, jargon := range []string{"json:", "Go ", "unmarshal", "struct", "int64", "syncer."} {
			if strings.Contains(p.Detail, jargon) {
				t.Errorf("%s: jargon in %q", body, p.Detail)
			}
		}
	}
}

func TestBodiesThatAreNoJSON(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for body, place := range map[string]string{
		"":                        "empty",
		"  ":                      "empty",
		"{":                       "line 1, column",
		"{\"rank\":\"a\",\n  x}":  "line 2, column 3",
		"{\"é\": \n\"é\", \"a\"}": "line 2, column 9",
		"{} {}":                   "line 1, column 4",
		"{\"rank\":\"\xff\"}":     "UTF-8",
		"nil":                     "line 1, column 2",
		"{\"rank\":'a'}":          "line 1, column 9",
		strings.Repeat("[", 1e5):  "line 1, column",
		"{\"rank\":\"a\nb\"}":     "line 1",
	} {
		for _, route := range []string{
			"PATCH " + playerPath, "POST " + playerPath + "/join", "POST /v1/bans", "POST /v1/bans/check",
			"POST /v1/bans/lift",
		} {
			method, path, _ := strings.Cut(route, " ")
			p := f.ask(t, method, path, body, "Content-Type: application/json").problem(http.StatusBadRequest)
			if p.names(t, "body"); !strings.Contains(p.Detail, place) || p.Code != codeMalformed {
				t.Errorf("%s %.20q: %s", route, body, p.Detail)
			}
		}
	}
}

func TestBodiesOfOtherTypesAndSizes(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config, _ *Deps) { c.MaxBody = 64 })
	for kind, status := range map[string]int{
		"application/json": 200, "application/json; charset=utf-8": 200, "application/json;charset=UTF-8": 200,
		"APPLICATION/JSON":             200,
		"application/merge-patch+json": 200, "": 200,
		"text/plain": 415, "application/x-www-form-urlencoded": 200, "application/json; charset=latin1": 415,
		"application/json-patch+json": 415, ";": 415,
	} {
		g := f.ask(t, "PATCH", playerPath, `{"rank":"admin"}`, "Content-Type: "+kind).wants(status)
		if status == 415 {
			g.problem(415).names(t, "Content-Type")
		}
	}
	for n, status := range map[int]int{64: 200, 65: 413, 1 << 20: 413} {
		body := `{"rank":"admin"` + strings.Repeat(" ", n-len(`{"rank":"admin"}`)) + "}"
		g := f.ask(t, "PATCH", playerPath, body).wants(status)
		if status == 413 && g.problem(413).Code != syncer.CodeTooLarge {
			t.Errorf("%d bytes: %s", n, g.Body)
		}
	}
	many := newFixture(t)
	body := `{"stats":{"` + strings.Repeat("x", 500) + `":"a"}}`
	if p := many.ask(t, "PATCH", playerPath, body).problem(422); len(p.Errors[0].Field) > 100 {
		t.Errorf("repeats a name of %d bytes", len(p.Errors[0].Field))
	}
	var members strings.Builder
	for i := range 10_000 {
		members.WriteString(`,"` + strings.Repeat("x", i%50) + string(rune('a'+i%26)) + `":1`)
	}
	many.ask(t, "PATCH", playerPath, "{"+members.String()[1:]+"}").problem(422)
	var fields strings.Builder
	for i := range 100 {
		fields.WriteString(`,"x` + string(rune('0'+i/10)) + string(rune('0'+i%10)) + `":1`)
	}
	if p := many.ask(t, "PATCH", playerPath, "{"+fields.String()[1:]+"}").problem(422); len(p.Errors) != 20 {
		t.Errorf("names %d fields", len(p.Errors))
	}
}

func TestLeave(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		body string
		want merge.Save
	}{
		{"", merge.Save{}},
		{"{}", merge.Save{}},
		{
			`{"name":"Steve","stats":{"a":1},"usid":null}`,
			merge.Save{
				Scalars: merge.Scalars{Name: syncer.Some("Steve")}, Stats: map[string]int64{"a": 1},
				USID: syncer.Some[*string](nil),
			},
		},
		{
			`{"rank":"admin","flags":5,"unmuteTime":"x","unmarkTime":[],"muted":null,"attributes":"?",` +
				`"revision":"x","createdAt":1,"globalStats":null}`,
			merge.Save{},
		},
		{ // beside a usid the rank shows that the server knows the player
			`{"rank":"admin","usid":"u"}`,
			merge.Save{Scalars: merge.Scalars{Rank: syncer.Some("admin")}, USID: syncer.Some(new("u"))},
		},
		{`{"rank":5,"usid":"u"}`, merge.Save{USID: syncer.Some(new("u"))}},
		{
			`{"uuid":"` + exampleID + `","language":"de"}`,
			merge.Save{Scalars: merge.Scalars{Language: syncer.Some("de")}},
		},
	} {
		f := newFixture(t)
		f.ask(t, "POST", playerPath+"/leave", c.body).wants(http.StatusNoContent)
		if diff := cmp.Diff(c.want, f.save, equateDomain); diff != "" {
			t.Errorf("%s: %s", c.body, diff)
		}
	}
	f := newFixture(t)
	for body, field := range map[string]string{
		`{"uuid":"other"}`: "uuid", `{"uuid":5}`: "uuid", `{"nmae":"x"}`: "nmae", `{"name":null}`: "name",
		`{"name":1}`:       "name",
		`{"history":[{}]}`: "history[0].action history[0].by", `{"stats":5}`: "stats", `[]`: "body",
	} {
		f.ask(t, "POST", playerPath+"/leave", body).problem(http.StatusUnprocessableEntity).names(t,
			strings.Split(field, " ")...)
		if f.calls != 0 {
			t.Errorf("%s reached the use-case", body)
		}
	}
}

// TestLeaveTakesTheRecord sends back, unchanged, what GET answered.
func TestLeaveTakesTheRecord(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	joined := testNow.Add(-time.Hour)
	p := f.players[exampleID]
	p.Gamemodes[testHome.Gamemode] = syncer.GamemodeRecord{
		FirstJoined: syncer.TimeOf(joined), Stats: map[string]int64{"a": 1},
	}
	p.History = []syncer.HistoryEntry{{Action: "muted", By: "Steve", Time: syncer.TimeOf(joined)}}
	p.UnmuteTime, p.Rainbow = syncer.Forever, &syncer.Rainbow{Speed: 3}
	f.players[exampleID] = p
	record := f.ask(t, "GET", playerPath, "").wants(http.StatusOK)
	f.ask(t, "POST", playerPath+"/leave", record.Body.String()).wants(http.StatusNoContent)
	if edit := merge.Diff(merge.ViewOf(p, testHome), f.save, testHome); !edit.IsZero() {
		t.Errorf("an unchanged record changes %+v", edit)
	}
	if f.save.Rank.Value != p.Rank || f.save.UnmuteTime.Set || !f.save.Rainbow.Set || len(f.save.History) != 1 {
		t.Errorf("saved %+v", f.save)
	}
}

func TestJoinRefusesAndNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for body, fields := range map[string]string{
		`{}`: "name ip", `{"name":"a"}`: "ip", `{"ip":"203.0.113.7"}`: "name", `{"name":1,"ip":"203.0.113.7"}`: "name",
		`{"name":null,"ip":"203.0.113.7"}`: "name", `{"name":"a","ip":"203.0.113.0/24"}`: "ip",
		`{"name":"a","ip":""}`: "ip",
		`{"name":"a","ip":7}`:  "ip", `{"name":"a","ip":null}`: "ip", `{"name":"a","ip":"localhost"}`: "ip",
		`{"name":"a","ip":"203.0.113.7","usid":5}`: "usid", `{"name":"a","ip":"203.0.113.7","port":5}`: "port",
		`[]`: "body",
		`{"name":"a","ip":"203.0.113.7","ip":"203.0.113.7"}`: "ip",
	} {
		f.ask(t, "POST", playerPath+"/join", body).problem(http.StatusUnprocessableEntity).names(t,
			strings.Split(fields, " ")...)
		if f.calls != 0 {
			t.Errorf("%s reached the use-case", body)
		}
	}
}
