package httpapi

import (
	"encoding/json"
	"net/http"
	"testing"

	"playersync/syncer/httpapi/wire"
)

func TestExportedBansCanBeImported(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var imported wire.BanImport
	body := `{"bans":[{"uuid":"a","createdAt":"2020-01-01T00:00:00Z",` +
		`"notes":[{"at":"2020-01-01T00:00:00Z","by":"","text":"n"}]},{"ip":"::1"}]}`
	f.ask(t, "POST", "/v1/bans/import", body).wants(http.StatusOK).into(&imported)
	if len(imported.Bans) != 2 || imported.DryRun || len(f.records) != 2 {
		t.Fatalf("imported %+v", imported)
	}
	var export struct {
		Bans json.RawMessage
		Next *string
	}
	f.ask(t, "GET", "/v1/bans/export?active=true&limit=5&after=3007", "").wants(http.StatusOK).into(&export)
	if *f.filter.Active != true || f.page.Size != 5 || export.Next == nil || *export.Next != "7" {
		t.Errorf("asked for %+v, next %v", f.filter, export.Next)
	}
	before := f.records
	f.records = nil
	f.ask(t, "POST", "/v1/bans/import", `{"dryRun":true,"bans":`+string(export.Bans)+`}`).
		wants(http.StatusOK).into(&imported)
	if f.records != nil || !imported.DryRun {
		t.Errorf("a dry run imported %+v", f.records)
	}
	f.ask(t, "POST", "/v1/bans/import", `{"bans":`+string(export.Bans)+`}`).wants(http.StatusOK)
	if len(f.records) != 2 || f.records[0].Target != before[0].Target || len(f.records[0].Notes) != 1 {
		t.Errorf("imported %+v", f.records)
	}
}

// A row may ban an id and an address; what is more likely a name than an id is refused.
func TestImportTakesWhatTheCommandLineTakes(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var imported wire.BanImport
	f.ask(t, "POST", "/v1/bans/import", `{"bans":[{"ip":"::1"},{"uuid":"a","ip":"192.0.2.1"},{"uuid":"Nobody"}]}`).
		wants(http.StatusOK).into(&imported)
	if len(imported.Bans) != 4 || imported.Bans[2].Row != 1 || imported.Bans[3].Row != 2 ||
		f.records[1].Target.ID != "a" || f.records[2].Target.IP() != "192.0.2.1" {
		t.Errorf("imported %+v", imported)
	}
	f.records = nil
	f.ask(t, "POST", "/v1/bans/import", `{"bans":[{"uuid":"a","ip":"192.0.2.1"},{"uuid":"Name"}]}`).
		problem(http.StatusUnprocessableEntity).names(t, "bans[1].uuid")
	f.ask(t, "POST", "/v1/bans/import", `{"bans":[{"uuid":"a","ip":"192.0.2"}]}`).
		problem(http.StatusUnprocessableEntity).names(t, "bans[0].ip")
	if f.records != nil {
		t.Errorf("imported %+v", f.records)
	}
}

func TestImportRefusesAndNames(t *testing.T) {
	t.Parallel()
	for body, field := range map[string]string{
		`{}`: "bans", `{"bans":{}}`: "bans", `{"bans":[5]}`: "bans[0]", `{"bans":[{}]}`: "bans[0].uuid",
		`{"bans":[{"uuid":"a"},{"ip":"x"}]}`:             "bans[1].ip",
		`{"bans":[{"uuid":"a","until":1}]}`:              "bans[0].until",
		`{"bans":[{"uuid":"a","notes":[{"text":"x"}]}]}`: "bans[0].notes[0].at",
		`{"bans":[{"uuid":"a","liftedBy":"x"}]}`:         "bans[0].liftedBy",
		`{"bans":[],"dryRun":1}`:                         "dryRun", `{"bans":[],"trial":true}`: "trial",
	} {
		f := newFixture(t)
		if f.ask(t, "POST", "/v1/bans/import", body).problem(http.StatusUnprocessableEntity).names(t,
			field); f.records != nil {
			t.Errorf("%s imported %+v", body, f.records)
		}
	}
	for query, field := range map[string]string{
		"after=0": "after", "after=x": "after", "active=1": "active", "uuid=a": "uuid",
	} {
		newFixture(t).ask(t, "GET", "/v1/bans/export?"+query, "").problem(http.StatusBadRequest).names(t, field)
	}
}
