package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// Who did something is null where nobody was named, in an answer and in a request.
func TestNobodyIsNull(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, answer := range []got{
		f.ask(t, "POST", "/v1/bans", `{"uuid":"a","by":null}`).wants(http.StatusCreated),
		f.ask(t, "POST", "/v1/bans/1/notes", `{"text":"t","by":null}`).wants(http.StatusCreated),
	} {
		if body := answer.Body.String(); !strings.Contains(body, `"by":null`) {
			t.Error(body)
		}
	}
}

func TestNotesOnABan(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask(t, "POST", "/v1/bans", `{"uuid":"a"}`).wants(http.StatusCreated)
	var note wire.BanNote
	f.ask(t, "POST", "/v1/bans/1/notes", `{"text":"uses a second account","by":"Alice"}`).
		wants(http.StatusCreated).into(&note)
	var noted wire.NotedBan
	f.ask(t, "GET", "/v1/bans/1", "").wants(http.StatusOK).into(&noted)
	if len(noted.Notes) != 1 || noted.Notes[0] != note || note.Text != "uses a second account" || note.By != "Alice" ||
		*noted.Ban.UUID != "a" {
		t.Errorf("ban %+v", noted)
	}
	f.ask(t, "GET", "/v1/bans/2", "").problem(http.StatusNotFound)
	for body, field := range map[string]string{
		`{}`: "text", `{"text":""}`: "text", `{"text":5}`: "text", `{"text":"a","by":5}`: "by",
		`{"text":"a","at":null}`: "at",
		`{"text":"` + strings.Repeat("x", syncer.MaxNoteLength+1) + `"}`: "text",
	} {
		f.ask(t, "POST", "/v1/bans/1/notes", body).problem(http.StatusUnprocessableEntity).names(t, field)
	}
	for _, number := range []string{"0", "-1", "x", "1.5", "99999999999999999999"} {
		f.ask(t, "GET", "/v1/bans/"+number, "").problem(http.StatusUnprocessableEntity).names(t, "id")
	}
	if len(f.notes) != 1 {
		t.Errorf("notes %+v", f.notes)
	}
}

func TestChangeBan(t *testing.T) {
	t.Parallel()
	in := func(d time.Duration) syncer.Optional[syncer.Time] { return syncer.Some(syncer.TimeOf(testNow.Add(d))) }
	for body, want := range map[string]syncer.BanChange{
		`{"reason":"r"}`:                           {Reason: syncer.Some("r")},
		`{"reason":"r","by":"Alice"}`:              {Reason: syncer.Some("r"), By: "Alice"},
		`{"reason":"r","by":null}`:                 {Reason: syncer.Some("r")},
		`{"reason":"","duration":"1h"}`:            {Reason: syncer.Some(""), ExpiresAt: in(time.Hour)},
		`{"expiresAt":null}`:                       {ExpiresAt: syncer.Some(syncer.Time{})},
		`{"expiresAt":"infinity"}`:                 {ExpiresAt: syncer.Some(syncer.Time{})},
		`{"expiresAt":"2030-01-03T00:00Z"}`:        {},
		`{"expiresAt":"2030-01-02T03:04:06.006Z"}`: {ExpiresAt: in(time.Second)},
	} {
		f := newFixture(t)
		g := f.ask(t, "PATCH", "/v1/bans/7", body)
		if want == (syncer.BanChange{}) {
			g.problem(http.StatusUnprocessableEntity).names(t, "expiresAt")
		} else {
			g.wants(http.StatusOK)
		}
		if f.banChange != want {
			t.Errorf("%s: %+v, want %+v", body, f.banChange, want)
		}
	}
	for body, field := range map[string]string{
		`{}`: "reason", `{"reason":5}`: "reason", `{"reason":null}`: "reason", `{"by":"a"}`: "reason",
		`{"reason":"r","by":5}`: "by", `{"reason":"r","by":"\u0000"}`: "by", `{"uuid":"a"}`: "uuid",
		`{"duration":"x"}`: "duration", `{"duration":null}`: "duration",
		`{"expiresAt":"1999-01-01T00:00:00Z"}`: "expiresAt",
		`{"expiresAt":null,"duration":"1d"}`:   "duration",
	} {
		f := newFixture(t)
		f.ask(t, "PATCH", "/v1/bans/7", body).problem(http.StatusUnprocessableEntity).names(t, field)
	}
}

func TestChangeBanThatOthersChanged(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.bans = []syncer.Ban{{Target: syncer.TargetID("a"), Revision: 42}}
	if got := f.ask(t, "GET", "/v1/bans/1", "").wants(http.StatusOK).Header().Get("ETag"); got != `"42"` {
		t.Errorf("the tag is %s", got)
	}
	f.ask(t, "PATCH", "/v1/bans/1", `{"reason":"r"}`, `If-Match: "41"`)
	if f.banChange.Expected == nil || *f.banChange.Expected != 41 {
		t.Errorf("%+v", f.banChange)
	}
	f.fail = &syncer.Error{Code: syncer.CodeStale, Message: "changed"}
	f.ask(t, "PATCH", "/v1/bans/1", `{"reason":"r"}`, `If-Match: "41"`).problem(http.StatusPreconditionFailed)
	f.ask(t, "PATCH", "/v1/bans/1", `{"reason":"r"}`, "If-Match: 41").problem(http.StatusBadRequest)
}

func TestPreviewBan(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var preview wire.BanPreview
	f.ask(t, "GET", "/v1/bans/preview?ip=198.51.100.0/24&limit=7", "").wants(http.StatusOK).into(&preview)
	if f.target != mustTarget(t, "198.51.100.0/24") || f.page.Size != 7 ||
		preview.IP == nil || *preview.IP != "198.51.100.0/24" ||
		preview.Count != 1 || preview.Online != 1 || preview.Bans == nil || preview.Players[0].Servers[0] != "pvp" {
		t.Errorf("preview %+v of %v, %d", preview, f.target, f.page.Size)
	}
	for query, field := range map[string]string{
		"": "ip", "ip=": "ip", "ip=a": "ip", "ip=198.51.100.7/24": "ip", "ip=::1&limit=0": "limit",
		"ip=::1&after=1": "after",
	} {
		f.ask(t, "GET", "/v1/bans/preview?"+query, "").problem(http.StatusBadRequest).names(t, field)
	}
}
