package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
)

func TestRejectedUSIDs(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var list wire.RejectedUSIDs
	f.ask(t, "GET", "/v1/usid-rejections", "").wants(http.StatusOK).into(&list)
	if list.Rejections == nil || len(list.Rejections) != 0 {
		t.Errorf("none are %+v", list)
	}
	f.rejected = []mindustry.RejectedUSID{
		{Code: "2", ID: "a", Name: "Steve", Rank: "mod", Address: "one:1"}, {Code: "1", ID: "b"},
	}
	f.ask(t, "GET", "/v1/usid-rejections?limit=1", "").wants(http.StatusOK).into(&list)
	if len(list.Rejections) != 1 || list.Rejections[0].Code != "2" || list.Rejections[0].UUID != "a" ||
		list.Rejections[0].Rank != "mod" {
		t.Errorf("one is %+v", list)
	}
	for _, query := range []string{"limit=0", "limit=x", "after=1"} {
		name, _, _ := strings.Cut(query, "=")
		f.ask(t, "GET", "/v1/usid-rejections?"+query, "").problem(http.StatusBadRequest).names(t, name)
	}
}

func TestUSIDIsApproved(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var approved wire.RejectedUSID
	f.ask(t, "POST", "/v1/usid-rejections/01234%2F2/approve", "").wants(http.StatusOK).into(&approved)
	if approved.Code != "01234/2" || f.address != "" {
		t.Errorf("approved %+v at %q", approved, f.address)
	}
	f.ask(t, "POST", "/v1/usid-rejections/01234-2/approve", `{"address":"one:1"}`).wants(http.StatusOK).into(&approved)
	if approved.Address != "one:1" || f.address != "one:1" {
		t.Errorf("approved %+v at %q", approved, f.address)
	}
	for body, field := range map[string]string{
		`{"address":1}`: "address", `{"address":"a\nb"}`: "address",
		`{"address":"` + strings.Repeat("a", 65) + `"}`: "address",
		`{"usid":"x"}`: "usid", `[]`: "body",
	} {
		f.ask(t, "POST", "/v1/usid-rejections/1/approve", body).problem(http.StatusUnprocessableEntity).names(t, field)
	}
	for _, code := range []string{"a%00", "%0A", strings.Repeat("a", 65)} {
		f.ask(t, "POST", "/v1/usid-rejections/"+code+"/approve", "").problem(http.StatusUnprocessableEntity).names(t,
			"code")
	}
	for _, refusal := range []struct {
		err    error
		status int
	}{
		{syncer.NotFound("no usid was rejected with code 1"), http.StatusNotFound},
		{&syncer.Error{Code: syncer.CodeConflict, Message: "code 1 was approved already"}, http.StatusConflict},
	} {
		f.fail = refusal.err
		f.ask(t, "POST", "/v1/usid-rejections/1/approve", "").problem(refusal.status)
	}
	f.fail = syncer.Invalid("address", "must be given")
	f.ask(t, "POST", "/v1/usid-rejections/1/approve", "").problem(http.StatusUnprocessableEntity).names(t, "address")
}
