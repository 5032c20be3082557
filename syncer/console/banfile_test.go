package console_test

import (
	"bytes"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
)

// upload sends a file of bans.
func (b *browser) upload(status int, content string, fields ...string) page {
	t := b.site.t
	t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	part, err := form.CreateFormFile("file", "bans.json")
	if err != nil {
		t.Fatal(err)
	}
	_, _ = part.Write([]byte(content)) // a buffer takes everything
	for _, field := range append(fields, "csrf="+b.csrf) {
		name, value, _ := strings.Cut(field, "=")
		if err := form.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	_ = form.Close() // as above
	r, err := http.NewRequestWithContext(t.Context(), "POST", b.site.URL()+"/console/bans/import", &body)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Content-Type", form.FormDataContentType())
	response, err := b.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var read bytes.Buffer
	if _, err := read.ReadFrom(response.Body); err != nil || response.StatusCode != status {
		t.Fatalf("%d, want %d: %v %.900s", response.StatusCode, status, err, read.String())
	}
	return page{response, read.String()}
}

func TestBansAreExportedAndImported(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(`insert into player (uuid) values ('id-1')`)
	s.run(`insert into ban (uuid, reason) values ('id-1', 'raid')`)
	s.run(`insert into ban (ip, reason) values ('198.51.100.0/24', 'proxies')`)
	b := s.browser().signIn(actor)
	file := b.wants(http.StatusOK, "GET", "/console/bans/export", nil)
	if file.contains(t, `"uuid":"uuid:id-1"`, `"ip":"198.51.100.0/24"`); strings.Count(file.body, "\n") != 2 {
		t.Errorf("exported %s", file.body)
	}
	s.run(`truncate ban cascade`)
	b.upload(http.StatusOK, file.body, "trial=1").contains(t, "2 would be added")
	if got := s.row(`select count(*) from ban`); got != "0" {
		t.Errorf("a trial stores %s bans", got)
	}
	b.upload(http.StatusOK, file.body).contains(t, "2 were added")
	b.upload(http.StatusOK, file.body).contains(t, "2 are here already")
	if got := s.row(`select string_agg(reason, ' ' order by reason) from ban`); got != "proxies raid" {
		t.Errorf("imported %s", got)
	}
	for content, want := range map[string]string{
		"": "has no bans", "x": "line 1", file.body + `{"ip": "10.0.0.256"}`: "line 3",
		`{"ip": "10.0.0.0/7"}`: "line 1",
	} {
		status := http.StatusUnprocessableEntity
		if strings.Contains(content, "/7") { // which must be confirmed
			status = http.StatusConflict
		}
		b.upload(status, content).contains(t, want)
	}
	b.upload(http.StatusOK, `{"ip": "10.0.0.0/7"}`, "confirm=1").contains(t, "1 were added")
	s.browser().signIn(viewer).upload(http.StatusForbidden, file.body)
}
