package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

var _ Audit = (*sidecar.Audit)(nil)

// revertInput is what a revert was asked with.
type revertInput struct {
	number     int64
	by, reason string
}

// fakeAudit is an audit of one change, which notes what it is asked.
type fakeAudit struct{ *fake }

func (f fakeAudit) List(
	_ context.Context, filter syncer.AuditFilter, page sidecar.Page,
) ([]syncer.AuditEntry, string, error) {
	f.auditFilter, f.page = filter, page
	if err := filter.Validate(); err != nil {
		return nil, "", err
	}
	return []syncer.AuditEntry{{
		Number: 17, At: syncer.TimeOf(testNow), Entity: syncer.EntityBan,
		Target: syncer.Target{Prefix: netip.MustParsePrefix("198.51.100.0/24")},
		Ban:    7, Field: syncer.AuditLift, New: json.RawMessage(`{"by":"Steve"}`), Role: "syncer",
	}}, "17", f.fail
}

func (f fakeAudit) Revert(ctx context.Context, number int64, by, reason string) (syncer.AuditEntry, error) {
	f.reverted, f.by = revertInput{number, by, reason}, syncer.AttributionOf(ctx)
	return syncer.AuditEntry{
		Number: number + 1, At: syncer.TimeOf(testNow), Entity: syncer.EntityPlayer, Target: syncer.TargetID("a"),
		Field: "rank",
		Old:   json.RawMessage(`"admin"`), New: json.RawMessage(`"player"`), By: by, Role: "syncer", Reverts: number,
	}, f.fail
}

func TestAuditIsListed(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	g := f.ask(t, "GET", "/v1/audit?ip=198.51.100.7&field=lift&by=Steve&server=pvp"+
		"&from=2030-01-02T03:04:05%2B01:00&to=2030-01-03T00:00:00Z&limit=5&after=99", "").wants(http.StatusOK)
	want := `{"entries":[{"id":17,"at":"2030-01-02T03:04:05.006Z","entity":"ban",` +
		`"uuid":null,"ip":"198.51.100.0/24","ban":7,"field":"lift",` +
		`"old":null,"new":{"by":"Steve"},"by":null,"server":null,"role":"syncer","reverts":null}],"next":"17"}`
	if g.Body.String() != want {
		t.Errorf("%s\nwant %s", g.Body, want)
	}
	if f.auditFilter.Prefix != netip.MustParsePrefix("198.51.100.7/32") ||
		f.auditFilter.Since != syncer.TimeOf(time.Date(2030, 1, 2, 2, 4, 5, 0, time.UTC)) ||
		f.auditFilter.By != "Steve" || f.auditFilter.Server != "pvp" || f.auditFilter.Field != "lift" ||
		f.page != (sidecar.Page{Size: 5, After: "99"}) {
		t.Errorf("asked for %+v, %+v", f.auditFilter, f.page)
	}
	for query, field := range map[string]string{
		"field=name": "field", "field=": "field", "uuid=a&ip=10.0.0.1": "ip", "ip=x": "ip", "uuid=": "uuid",
		"from=today": "from", "to=1": "to",
		"from=2030-01-02T00:00:00Z&to=2030-01-01T00:00:00Z": "to", "by=": "by", "by=%00": "by",
		"server=" + strings.Repeat("x", 65): "server", "limit=0": "limit", "x=1": "x",
	} {
		f.ask(t, "GET", "/v1/audit?"+query, "").problem(http.StatusBadRequest).names(t, field)
	}
}

func TestChangesAreTakenBack(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var entry wire.AuditEntry
	for body, want := range map[string]revertInput{
		"": {17, "", ""}, `{}`: {17, "", ""}, `{"by":"Steve","reason":"a slip"}`: {17, "Steve", "a slip"},
		`{"by":null}`: {17, "", ""},
	} {
		f.ask(t, "POST", "/v1/audit/17/revert", body, "Syncer-By: Alice").wants(http.StatusOK).into(&entry)
		if entry.ID != 18 || *entry.Reverts != 17 || entry.New != "player" || !reflect.DeepEqual(f.reverted, want) ||
			f.by.By != "Alice" {
			t.Errorf("%s: %+v, %+v for %+v", body, entry, f.reverted, f.by)
		}
	}
	f.ask(t, "POST", "/v1/audit/x/revert", "").problem(http.StatusUnprocessableEntity).names(t, "id")
	f.ask(t, "POST", "/v1/audit/0/revert", "").problem(http.StatusUnprocessableEntity).names(t, "id")
	f.ask(t, "POST", "/v1/audit/17/revert", `{"why":1}`).problem(http.StatusUnprocessableEntity).names(t, "why")
	f.ask(t, "POST", "/v1/audit/17/revert", `{"by":1}`).problem(http.StatusUnprocessableEntity).names(t, "by")
	f.fail = &syncer.Error{Code: syncer.CodeChangedSince, Message: "the value has changed since"}
	if p := f.ask(t, "POST", "/v1/audit/17/revert", "").problem(http.StatusConflict); p.Code != "changed_since" {
		t.Errorf("%+v", p)
	}
}

func TestRequestsSayForWhom(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	f.ask(t, "PATCH", "/v1/players/"+exampleID, `{"rank":"admin"}`, "Syncer-By: Alice").wants(http.StatusOK)
	if f.by.By != "Alice" {
		t.Errorf("changed for %q", f.by.By)
	}
	f.ask(t, "PATCH", "/v1/players/"+exampleID, `{"rank":"admin"}`).wants(http.StatusOK)
	if f.by.By != "" {
		t.Errorf("changed for %q", f.by.By)
	}
	f.ask(t, "PATCH", "/v1/players/"+exampleID, `{}`, "Syncer-By: "+strings.Repeat("x",
		513)).problem(http.StatusBadRequest).names(t, "Syncer-By")

	// What does not ask as a server may still say through which one it comes.
	f.ask(t, "POST", "/v1/audit/17/revert", "", "Syncer-By: Alice", "Syncer-Server: pvp").wants(http.StatusOK)
	if want := (syncer.Attribution{By: "Alice", Server: "pvp"}); f.by != want {
		t.Errorf("changed for %+v, want %+v", f.by, want)
	}
	f.ask(t, "POST", "/v1/bans", `{"uuid":"a"}`, "Syncer-Server: "+strings.Repeat("x",
		65)).problem(http.StatusBadRequest).names(t, "Syncer-Server")
	f.ask(t, "POST", "/v1/bans", `{"uuid":"a"}`, "Syncer-Server: ").problem(http.StatusBadRequest).names(t,
		"Syncer-Server")
	f.ask(t, "PATCH", "/v1/players/"+exampleID, `{"rank":"admin"}`,
		"Syncer-Server: pvp").problem(http.StatusBadRequest).names(t, "Syncer-Gamemode", "Syncer-Address")
}
