package console_test

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// row returns the only row of a query, its columns as text with a bar between them.
func (s *site) row(sql string) string {
	s.t.Helper()
	rows, err := s.psql.Query(s.t.Context(), sql)
	if err != nil {
		s.t.Fatalf("%s: %v", sql, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		values, err := rows.Values()
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, strings.TrimSpace(fmt.Sprintln(values...)))
	}
	return strings.Join(all, "; ")
}

// send posts a form with the session's token.
func (b *browser) send(status int, path string, fields ...string) page {
	b.site.t.Helper()
	form := url.Values{"csrf": {b.csrf}}
	for i := 0; i < len(fields); i += 2 {
		form.Set(fields[i], fields[i+1])
	}
	return b.wants(status, "POST", path, form)
}

// contains fails the test unless a page says all of the texts.
func (p page) contains(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.body, text) {
			t.Errorf("%s does not say %q: %s", p.Request.URL, text, p.body)
		}
	}
}

// What is done at the console is done by the use-cases of the API, for who is signed in.
func TestBanIsMadeChangedNotedAndLifted(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(actor)
	p := b.send(http.StatusSeeOther, "/console/bans", "target", "198.51.100.0/24", "reason", "raid", "duration", "7d")
	path := p.Header.Get("Location")
	if path != "/console/bans/1" {
		t.Fatalf("sent to %q", path)
	}
	const stored = `select ip::text, reason, banned_by, 
		round(extract(epoch from expires_at - created_at) / 86400)::int
		from ban`
	if got := s.row(stored); got != "198.51.100.0/24 raid console_actor 7" {
		t.Errorf("stored %q", got)
	}
	b.wants(http.StatusOK, "GET", path, nil).contains(t, "198.51.100.0/24", "in force", "raid", "console_actor")
	p = b.send(http.StatusSeeOther, "/console/bans", "target", "198.51.100.0/24", "reason", "again")
	b.wants(http.StatusOK, "GET", p.Header.Get("Location"), nil).contains(t, "stood already")

	revision := s.row(`select revision from ban`)
	b.send(http.StatusSeeOther, path+"/change", "revision", revision, "reason", "raids", "duration", "forever")
	b.send(http.StatusUnprocessableEntity, path+"/change", "revision", revision, "reason", "typed", "duration", "soon").
		contains(t, "duration: must be a duration", `value="typed"`, `value="soon"`)
	// The second of two who change it is told, and what stands.
	b.send(http.StatusConflict, path+"/change", "revision", revision, "reason", "typed", "duration", "1h").
		contains(t, "Somebody else has changed it", `value="typed"`, "<bdi>raids</bdi>")
	if got := s.row(`select reason, expires_at is null from ban`); got != "raids true" {
		t.Errorf("stored %q", got)
	}
	b.send(http.StatusSeeOther, path+"/notes", "text", "their leader is Steve")
	b.send(http.StatusUnprocessableEntity, path+"/notes", "text", "").contains(t, "text: must not be empty")
	b.wants(http.StatusOK, "GET", path, nil).contains(t, "their leader is Steve")

	p = b.send(http.StatusSeeOther, path+"/lift", "reason", "they promised")
	b.wants(http.StatusOK, "GET", p.Header.Get("Location"), nil).
		contains(t, "The ban was lifted", "they promised", "lifted")
	p = b.send(http.StatusSeeOther, path+"/lift")
	b.wants(http.StatusOK, "GET", p.Header.Get("Location"), nil).contains(t, "was over already")
	if got := s.row(`select lifted_by, lift_reason from ban`); got != "console_actor they promised" {
		t.Errorf("stored %q", got)
	}
	if got := s.row(`select distinct who, server from audit_log`); got != "console_actor survival-1" {
		t.Errorf("audited as %q", got)
	}
	revision = s.row(`select revision from ban`)
	b.send(http.StatusConflict, path+"/change", "revision", revision, "reason", "late").contains(t, "the ban is over")
	b.send(http.StatusNotFound, "/console/bans/99/lift")
	b.wants(http.StatusNotFound, "GET", "/console/bans/99", nil)
	b.wants(http.StatusNotFound, "GET", "/console/bans/x", nil)
}

func TestBansAreMeant(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(actor)
	b.send(http.StatusConflict, "/console/bans", "target", "10.0.0.0/7", "reason", "typed").
		contains(t, "wider than /8", "This is meant", `value="typed"`)
	b.send(http.StatusSeeOther, "/console/bans", "target", "10.0.0.0/7", "confirm", "1")
	for target, problem := range map[string]string{"": "must not be empty", "10.0.0.256": "not an address"} {
		b.send(http.StatusUnprocessableEntity, "/console/bans", "target", target).contains(t, problem)
	}
	s.run(`insert into player (uuid, name) values ('id-1', 'Steve')`)
	b.send(http.StatusSeeOther, "/console/bans", "target", "steve")
	if got := s.row(`select uuid from ban where uuid is not null`); got != "id-1" {
		t.Errorf("banned %q by the name", got)
	}
	for target, says := range map[string]string{
		"10.1.0.0/16": "It meets 0 known players, 0 of them online now", "nobody": "No player has this id yet",
		"10.0.0.256": "not an address",
	} {
		b.wants(http.StatusOK, "GET", "/console/bans/preview?target="+url.QueryEscape(target), nil).contains(t, says)
	}
	b.wants(http.StatusOK, "GET", "/console/bans/new?target=10.1.0.0/16", nil).contains(t, "10.0.0.0/7")
}

func TestBansAreListed(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(viewer)
	b.wants(http.StatusOK, "GET", "/console/bans", nil).contains(t, "No ban matches")
	s.run(`insert into ban (ip, reason, banned_by)
		select ('192.0.2.' || i)::inet, 'reason ' || i, 'Alice' from generate_series(1, 60) as i`)
	s.run(`insert into ban (uuid, reason, banned_by, lifted_at) values ('id-1', '` +
		`<script>alert(1)</script>', 'Bob', now())`)
	first := b.wants(http.StatusOK, "GET", "/console/bans?kind=address", nil)
	first.contains(t, "192.0.2.60", "Older bans")
	if strings.Contains(first.body, ">id-1<") || strings.Contains(first.body, ">192.0.2.1<") {
		t.Errorf("the first page has too much: %s", first.body)
	}
	_, next, _ := strings.Cut(first.body, `class="more"><a href="`)
	next, _, _ = strings.Cut(next, `"`)
	b.wants(http.StatusOK, "GET", strings.ReplaceAll(next, "&amp;", "&"), nil).contains(t, ">192.0.2.1<")
	for query, want := range map[string]string{
		"target=192.0.2.7": "192.0.2.7", "target=192.0.2.0/29": "192.0.2.3", "reason=REASON+33": "192.0.2.33",
		"by=Bob": "id-1", "state=over": "id-1", "target=id-1": "id-1", "kind=player": "&lt;script&gt;",
	} {
		p := b.wants(http.StatusOK, "GET", "/console/bans?"+query, nil)
		if p.contains(t, want); strings.Contains(p.body, "<script>alert") || strings.Contains(p.body, "192.0.2.60<") {
			t.Errorf("%s: %s", query, p.body)
		}
	}
	for _, query := range []string{"target=10.0.0.256", "kind=x", "after=x"} {
		b.wants(http.StatusUnprocessableEntity, "GET", "/console/bans?"+query, nil).contains(t, `role="alert"`)
	}
}

func TestWhoMayLookMayNotBan(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(`insert into ban (ip) values ('192.0.2.1')`)
	b := s.browser().signIn(viewer)
	for _, path := range []string{
		"/console/bans", "/console/bans/1/change", "/console/bans/1/lift", "/console/bans/1/notes",
	} {
		b.send(http.StatusForbidden, path, "target", "192.0.2.2", "text", "x", "reason", "x")
	}
	b.wants(http.StatusForbidden, "GET", "/console/bans/preview?target=192.0.2.1", nil)
	for _, path := range []string{"/console/bans", "/console/bans/1", "/console/bans/new?target=192.0.2.1"} {
		if p := b.wants(http.StatusOK, "GET", path, nil); strings.Contains(p.body, "known player") ||
			strings.Count(p.body, `method="post"`) != 1 { // the one to sign out
			t.Errorf("%s: %s", path, p.body)
		}
	}
	if got := s.row(`select count(*) from ban`); got != "1" {
		t.Errorf("%s bans", got)
	}
}

// The page of a ban that another person changes says so by itself.
func TestOpenPagesHearOfBans(t *testing.T) {
	t.Parallel()
	s := start(t)
	page := s.stream(s.browser().signIn(viewer), "bans")
	first := page.until("bans", func(html string) bool { return html != "" })
	s.browser().signIn(actor).send(http.StatusSeeOther, "/console/bans", "target", "192.0.2.1")
	page.until("bans", func(html string) bool { return html != first })
}
