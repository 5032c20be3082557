package console_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestAuditIsListedAndTakenBack(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(`insert into player (uuid, name) values ('id-1', 'Steve')`)
	s.run(`update player set rank = 'mod', flags = '{<b>}'`)
	s.run(`insert into ban (ip, reason) values ('192.0.2.1', 'raid')`)
	b := s.browser().signIn(actor)
	b.wants(http.StatusOK, "GET", "/console/audit", nil).contains(t, "192.0.2.1", "created", "rank", "id-1",
		"&#34;player&#34;", "&#34;mod&#34;", "&lt;b&gt;")
	for query, not := range map[string]string{
		"target=Steve": "192.0.2.1", "target=192.0.2.0/24": "id-1", "field=rank": "192.0.2.1", "by=nobody": "id-1",
		"from=1h&field=rank": "192.0.2.1", "server=none": "id-1",
	} {
		_, list, _ := strings.Cut(b.wants(http.StatusOK, "GET", "/console/audit?"+query, nil).body, `id="list"`)
		if strings.Contains(list, ">"+not+"<") {
			t.Errorf("%s lists %s: %s", query, not, list)
		}
	}
	for _, query := range []string{"field=x", "from=x", "after=x", "target=10.0.0.256"} {
		b.wants(http.StatusUnprocessableEntity, "GET", "/console/audit?"+query, nil).contains(t, `role="alert"`)
	}
	number := s.row(`select id from audit where field = 'rank'`)
	path := "/console/audit/" + number
	b.wants(http.StatusOK, "GET", path, nil).contains(t, "Take it back", "id-1")
	p := b.send(http.StatusSeeOther, path+"/revert", "reason", "a slip")
	b.wants(http.StatusOK, "GET", p.Header.Get("Location"), nil).
		contains(t, "taken back by this change", `href="`+path+`"`, actor)
	if got := s.row(`select rank from player`); got != "player" {
		t.Errorf("the rank is %q", got)
	}
	if got := s.row(`select who from audit_log where reverts = ` + number); got != actor {
		t.Errorf("taken back by %q", got)
	}
	b.send(http.StatusConflict, path+"/revert", "reason", "typed").contains(t, "has changed since", `value="typed"`)
	s.run(`truncate ban cascade`)
	truncated := b.wants(http.StatusOK, "GET", "/console/audit", nil)
	if truncated.contains(t, "all of the table truncated"); strings.Contains(truncated.body, "invalid") {
		t.Errorf("of a table it says %s", truncated.body)
	}
	b.wants(http.StatusNotFound, "GET", "/console/audit/99", nil)
	b.wants(http.StatusNotFound, "GET", "/console/audit/x", nil)

	looks := s.browser().signIn(viewer)
	if p := looks.wants(http.StatusOK, "GET", path, nil); strings.Contains(p.body, "Take it back") {
		t.Errorf("who may look is offered to act: %s", p.body)
	}
	looks.send(http.StatusForbidden, path+"/revert")
}
