package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

func TestBan(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) syncer.Time { return syncer.TimeOf(testNow.Add(d)) }
	const day = 24 * time.Hour
	for body, want := range map[string]syncer.NewBan{
		`{"uuid":"a/b+c=="}`: {Target: syncer.TargetID("a/b+c==")},
		`{"uuid":"069A79F444E94726A5BEFCA90E38AAF5"}`: {
			Target: syncer.TargetID("069a79f4-44e9-4726-a5be-fca90e38aaf5"),
		},
		`{"ip":"::ffff:198.51.100.7","reason":"r","by":"Steve"}`: {
			Target: mustTarget(t, "198.51.100.7"), Reason: "r", By: "Steve",
		},
		`{"ip":"2001:db8::/32","uuid":null,"reason":null}`: {Target: mustTarget(t, "2001:db8::/32")},
		`{"uuid":"a","expiresAt":"infinity"}`:              {Target: syncer.TargetID("a")},
		`{"uuid":"a","expiresAt":null,"duration":null}`:    {Target: syncer.TargetID("a")},
		`{"uuid":"a","expiresAt":"2030-01-02T03:04:05.007Z"}`: {
			Target: syncer.TargetID("a"), ExpiresAt: in(time.Millisecond),
		},
		`{"uuid":"a","duration":"90m"}`: {Target: syncer.TargetID("a"), ExpiresAt: in(90 * time.Minute)},
		`{"uuid":"a","duration":"36h"}`: {Target: syncer.TargetID("a"), ExpiresAt: in(36 * time.Hour)},
		`{"uuid":"a","duration":"1w2d3h4m5s"}`: {
			Target: syncer.TargetID("a"), ExpiresAt: in(9*day + 3*time.Hour + 4*time.Minute + 5*time.Second),
		},
		`{"uuid":"a","duration":"P7D"}`:  {Target: syncer.TargetID("a"), ExpiresAt: in(7 * day)},
		`{"uuid":"a","duration":"PT1H"}`: {Target: syncer.TargetID("a"), ExpiresAt: in(time.Hour)},
		`{"uuid":"a","duration":"P1DT12H30M1S"}`: {
			Target: syncer.TargetID("a"), ExpiresAt: in(36*time.Hour + 30*time.Minute + time.Second),
		},
		`{"uuid":"a","duration":"P2W"}`:     {Target: syncer.TargetID("a"), ExpiresAt: in(14 * day)},
		`{"uuid":"a","duration":"100000d"}`: {Target: syncer.TargetID("a"), ExpiresAt: in(100_000 * day)},
	} {
		f := newFixture(t)
		var ban wire.Ban
		f.ask(t, "POST", "/v1/bans", body).wants(http.StatusCreated).into(&ban)
		if f.newBan != want {
			t.Errorf("%s: %+v", body, f.newBan)
		}
		if (ban.UUID == nil) == (ban.IP == nil) || !ban.Active || ban.ExpiresAt != want.ExpiresAt {
			t.Errorf("%s: answer %+v", body, ban)
		}
		f.ask(t, "POST", "/v1/bans", body).wants(http.StatusOK)
	}
}

func mustTarget(t *testing.T, ip string) syncer.Target {
	t.Helper()
	target, err := syncer.ParseTarget("", ip)
	if err != nil {
		t.Fatal(err)
	}
	return target
}

// The answer says what became of the request, and what a person should know of it.
func TestBanSaysWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	reach := &wire.BanReach{Players: 1, Online: []wire.BannedOnline{{UUID: exampleID, Servers: []string{"pvp"}}}}
	for body, want := range map[string]wire.AddedBan{
		`{"uuid":"A"}`:             {Known: true},
		`{"uuid":"stranger"}`:      {Warning: new(`no player has the id "stranger" yet`)},
		`{"ip":"198.51.100.7"}`:    {Known: true},
		`{"ip":"2001:db8:1::/64"}`: {Known: true},
		`{"ip":"2001:db8:1:2::7"}`: {
			Known: true, Line: new("2001:db8:1:2::/64"),
			Warning: new("this is one address of 2^64 that one line usually has; all of them are 2001:db8:1:2::/64"),
		},
	} {
		f := newFixture(t)
		want.Outcome, want.Reach = syncer.BanMade, reach
		var made, stands wire.AddedBan
		f.ask(t, "POST", "/v1/bans", body).wants(http.StatusCreated).into(&made)
		want.Ban = made.Ban
		if diff := cmp.Diff(want, made, cmp.AllowUnexported(syncer.Time{})); diff != "" {
			t.Errorf("%s: %s", body, diff)
		}
		f.ask(t, "POST", "/v1/bans", body).wants(http.StatusOK).into(&stands)
		if stands.Outcome != syncer.BanStands || stands.Warning == nil ||
			*stands.Warning != "ban 1 stands already; nothing was changed" {
			t.Errorf("%s again: %+v", body, stands)
		}
	}
	f := newFixture(t)
	var stands wire.AddedBan
	f.ask(t, "POST", "/v1/bans", `{"uuid":"a","duration":"1h"}`).wants(http.StatusCreated)
	for body, warning := range map[string]string{
		`{"uuid":"a"}`:                  "the ban that stands, 1, ends before the one that was asked for",
		`{"uuid":"a","duration":"2h"}`:  "the ban that stands, 1, ends before the one that was asked for",
		`{"uuid":"a","duration":"30m"}`: "ban 1 stands already; nothing was changed",
	} {
		if f.ask(t, "POST", "/v1/bans", body).wants(http.StatusOK).into(&stands); *stands.Warning != warning {
			t.Errorf("%s: %s, want %s", body, *stands.Warning, warning)
		}
	}
	if f.ask(t, "POST", "/v1/bans", `{"uuid":"a","replace":true}`); !f.newBan.Replace {
		t.Error("replace is not passed on")
	}
}

func TestBanRefusesAndNames(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for body, fields := range map[string]string{
		`{}`: "uuid", `{"uuid":"a","ip":"198.51.100.7"}`: "ip", `{"uuid":""}`: "uuid", `{"ip":""}`: "ip",
		`{"uuid":5}`: "uuid", `{"ip":[]}`: "ip",
		`{"uuid":"203.0.113.*"}`: "uuid", `{"uuid":"203.0.113"}`: "uuid", `{"uuid":"203.0.113.1-203.0.113.9"}`: "uuid",
		`{"uuid":"[2001:db8::5]"}`: "uuid", `{"uuid":"2001:db8::5 "}`: "uuid", `{"uuid":"/198.51.100.8"}`: "uuid",
		`{"uuid":"Steve "}`: "uuid", `{"uuid":"#offline#bob"}`: "uuid", `{"ip":"203.0.113.*"}`: "ip",
		`{"ip":"198.51.100.7/24"}`: "ip", `{"ip":"x"}`: "ip", `{"ip":"198.51.100.0/33"}`: "ip",
		`{"uuid":"` + strings.Repeat("x", 65) + `"}`: "uuid",
		`{"uuid":"a","reason":5}`:                    "reason", `{"uuid":"a","by":{}}`: "by",
		`{"uuid":"a","until":1}`: "until", `{"uuid":"a","id":1}`: "id",
		`{"uuid":"a","expiresAt":5}`: "expiresAt", `{"uuid":"a","expiresAt":"never"}`: "expiresAt",
		`{"uuid":"a","expiresAt":"2030-01-02T03:04:05.006Z"}`:             "expiresAt",
		`{"uuid":"a","expiresAt":"1999-01-01T00:00:00Z"}`:                 "expiresAt",
		`{"uuid":"a","expiresAt":"2031-01-01T00:00:00Z","duration":"1d"}`: "duration",
		`{"uuid":"a","expiresAt":"infinity","duration":"1d"}`:             "duration",
		`{"uuid":"a","duration":5}`:                                       "duration",
		`{"uuid":"a","duration":""}`:                                      "duration",
		`{"uuid":"a","duration":"0s"}`:                                    "duration",
		`{"uuid":"a","duration":"-1d"}`:                                   "duration",
		`{"uuid":"a","duration":"1.5h"}`:                                  "duration",
		`{"uuid":"a","duration":"1M"}`:                                    "duration",
		`{"uuid":"a","duration":"P1M"}`:                                   "duration",
		`{"uuid":"a","duration":"P1Y"}`:                                   "duration",
		`{"uuid":"a","duration":"P"}`:                                     "duration",
		`{"uuid":"a","duration":"PT"}`:                                    "duration",
		`{"uuid":"a","duration":"P1DT"}`:                                  "duration",
		`{"uuid":"a","duration":"1h1d"}`:                                  "duration",
		`{"uuid":"a","duration":"99999999999999999999w"}`:                 "duration",
		`{"uuid":"a","duration":"forever"}`:                               "duration",
		`{"uuid":"a","duration":" 1d"}`:                                   "duration",
		`"a"`:                                                             "body",
	} {
		f.ask(t, "POST", "/v1/bans", body).problem(http.StatusUnprocessableEntity).names(t,
			strings.Split(fields, " ")...)
		if len(f.bans) != 0 {
			t.Errorf("%s banned", body)
		}
	}
}

func TestCheckAndLift(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask(t, "POST", "/v1/bans", `{"ip":"198.51.100.0/24"}`).wants(http.StatusCreated)
	for body, banned := range map[string]bool{
		`{"uuid":"a"}`: false, `{"ip":"198.51.100.7"}`: true, `{"uuid":"a","ip":"::ffff:198.51.100.9"}`: true,
		`{"ip":"198.51.101.7","uuid":null}`: false,
	} {
		var checked wire.Checked
		f.ask(t, "POST", "/v1/bans/check", body).wants(http.StatusOK).into(&checked)
		if checked.Banned != banned || len(checked.Bans) > 0 != banned || checked.Bans == nil {
			t.Errorf("%s: %+v", body, checked)
		}
	}
	for body, fields := range map[string]string{
		`{}`: "uuid", `{"ip":"198.51.100.0/24"}`: "ip", `{"uuid":1}`: "uuid", `{"uuid":""}`: "uuid",
		`{"uuid":"\u0000"}`:         "uuid",
		`{"uuid":"a","reason":"x"}`: "reason", `{"ip":"x","uuid":"\n"}`: "ip uuid",
	} {
		f.ask(t, "POST", "/v1/bans/check", body).problem(http.StatusUnprocessableEntity).names(t,
			strings.Split(fields, " ")...)
	}
	for body, fields := range map[string]string{
		`{}`: "uuid", `{"uuid":"a","ip":"198.51.100.7"}`: "ip", `{"ip":"x"}`: "ip",
		`{"uuid":"a","duration":"1d"}`: "duration", `{"uuid":"a","by":1}`: "by",
		`{"uuid":"a","by":"` + strings.Repeat("x", 513) + `"}`: "by", `{"uuid":"a","reason":"\u0000"}`: "reason",
	} {
		f.ask(t, "POST", "/v1/bans/lift", body).problem(http.StatusUnprocessableEntity).names(t,
			strings.Split(fields, " ")...)
	}
	var lifted wire.Lifted
	f.ask(t, "POST", "/v1/bans/lift", `{"ip":"198.51.100.7"}`).wants(http.StatusOK).into(&lifted)
	if lifted.Lifted || lifted.Ban != nil {
		t.Errorf("an address inside the range lifted %+v", lifted)
	}
	f.ask(t, "POST", "/v1/bans/lift", `{"ip":"198.51.100.0/24","by":"Steve","reason":"appeal"}`).
		wants(http.StatusOK).into(&lifted)
	if !lifted.Lifted || lifted.Ban.LiftedBy != "Steve" || lifted.Ban.LiftReason != "appeal" || lifted.Ban.Active {
		t.Errorf("lifted %+v", lifted.Ban)
	}
}

func TestListBans(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for query, want := range map[string]syncer.BanFilter{
		"": {}, "uuid=a%2Fb%2B": {ID: "a/b+"}, "ip=198.51.100.7": {IP: "198.51.100.7"},
		"ip=::ffff:198.51.100.0/120": {IP: "198.51.100.0/24"},
		"by=Steve":                   {By: "Steve"}, "active=true": {Active: new(true)},
		"active=false":                           {Active: new(false)},
		"liftedBy=Alice&kind=range&reason=Grief": {LiftedBy: "Alice", Kind: syncer.BanOfRange, Reason: "Grief"},
		"from=2030-01-02T03:04:05.006Z&to=2030-01-02T05:04:05.006%2B01:00": {
			CreatedFrom: syncer.TimeOf(testNow), CreatedTo: syncer.TimeOf(testNow.Add(time.Hour)),
		},
		"from=1w&to=PT1H": {
			CreatedFrom: syncer.TimeOf(testNow.AddDate(0, 0, -7)), CreatedTo: syncer.TimeOf(testNow.Add(-time.Hour)),
		},
	} {
		var page wire.BansPage
		f.ask(t, "GET", "/v1/bans?"+query, "").wants(http.StatusOK).into(&page)
		if diff := cmp.Diff(want, f.filter, equateDomain); diff != "" || page.Bans == nil || page.Next != nil ||
			f.page != (sidecar.Page{Size: 50}) {
			t.Errorf("%s: page %+v, asked %+v %s", query, page, f.page, diff)
		}
	}
	for query, field := range map[string]string{
		"uuid=": "uuid", "uuid=%00": "uuid", "ip=": "ip", "ip=198.51.100.7/8": "ip", "by=%00": "by",
		"active=": "active", "active=1": "active",
		"active=yes": "active", "limit=0": "limit", "limit=x": "limit", "sort=by": "sort", "kind=": "kind",
		"kind=uuid":  "kind",
		"reason=%ff": "reason", "liftedBy=%00": "liftedBy", "from=": "from", "from=yesterday": "from",
		"to=infinity": "to", "by=a&by=b": "by",
	} {
		p := f.ask(t, "GET", "/v1/bans?"+query, "").problem(http.StatusBadRequest)
		if p.names(t, field); p.Errors[0].In != inQuery {
			t.Errorf("%s: in %s", query, p.Errors[0].In)
		}
	}
}

func TestErrorsAboutBans(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, route := range []string{
		"POST /v1/bans", "POST /v1/bans/check", "POST /v1/bans/lift", "GET /v1/bans", "GET /v1/bans/1",
	} {
		f.fail = syncer.Unavailable(nil)
		method, path, _ := strings.Cut(route, " ")
		body := `{"uuid":"a"}`
		if method == "GET" {
			body = ""
		}
		g := f.ask(t, method, path, body)
		if g.problem(http.StatusServiceUnavailable); g.Header().Get("Retry-After") != "1" {
			t.Errorf("%s: no Retry-After", route)
		}
	}
}
