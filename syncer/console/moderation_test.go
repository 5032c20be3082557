package console_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestStaffChatIsReadAndWritten(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(`insert into staff_message (server, name, text) values ('pvp', 'Alice', '<i>who is on survival?')`)
	b := s.browser().signIn(actor)
	b.wants(http.StatusOK, "GET", "/console/chat", nil).contains(t, "Alice", "&lt;i&gt;who is on survival?")
	page := s.stream(s.browser().signIn(viewer), "chat")
	first := page.until("chat", func(html string) bool { return html != "" })
	b.send(http.StatusSeeOther, "/console/chat", "text", "I am")
	page.until("chat", func(html string) bool { return html != first })
	if got := s.row(`select server, name, text, is_staff from staff_message where text = 'I am'`); got !=
		"console console_actor I am true" {
		t.Errorf("stored %q", got)
	}
	b.send(http.StatusUnprocessableEntity, "/console/chat", "text", " ").contains(t, "must not be empty")
	viewing := s.browser().signIn(viewer)
	viewing.send(http.StatusForbidden, "/console/chat", "text", "x")
	if p := viewing.wants(http.StatusOK, "GET", "/console/chat", nil); strings.Count(p.body, `method="post"`) != 1 {
		t.Errorf("who may look may write: %s", p.body)
	}
}

func TestModerationLogIsRead(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(`insert into mod_log (token, source, message, at)
		select gen_random_uuid(), 'pvp-1', 'stopped ' || i,
			 now() - i * interval '1 hour' from generate_series(1, 60) as i`)
	b := s.browser().signIn(viewer)
	b.wants(http.StatusOK, "GET", "/console/moderation", nil).contains(t, "stopped 60<", "Older entries")
	b.wants(http.StatusOK, "GET", "/console/moderation?text=STOPPED+1&from=2h", nil).contains(t, "stopped 1<")
	b.wants(http.StatusOK, "GET", "/console/moderation?source=other", nil).contains(t, "No entry matches")
	b.wants(http.StatusUnprocessableEntity, "GET", "/console/moderation?from=x", nil).contains(t, "since:")
}

func TestPatternsAreSet(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(actor)
	b.wants(http.StatusOK, "GET", "/console/patterns", nil).contains(t, "no pattern")
	b.send(http.StatusSeeOther, "/console/patterns/graylist", "pattern", "bot[0-9]+")
	if got := s.row(`select kind, pattern, set_by from antibot_pattern`); got != "graylist bot[0-9]+ console_actor" {
		t.Errorf("stored %q", got)
	}
	b.wants(http.StatusOK, "GET", "/console/patterns", nil).contains(t, "bot[0-9]&#43;", "console_actor")
	b.send(http.StatusUnprocessableEntity, "/console/patterns/graylist", "pattern", "(a+)+").
		contains(t, `value="(a&#43;)&#43;"`)
	for range 2 {
		b.send(http.StatusSeeOther, "/console/patterns/graylist", "pattern", "")
	}
	b.send(http.StatusUnprocessableEntity, "/console/patterns/other", "pattern", "x")
	if got := s.row(`select count(*) from antibot_pattern`); got != "0" {
		t.Errorf("%s patterns", got)
	}
}

func TestAddressesAreBlacklisted(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(actor)
	b.send(http.StatusSeeOther, "/console/blacklist", "addresses", "198.51.100.7\n 198.51.100.8")
	if got := s.row(`select string_agg(address, ',' order by address), min(added_by) from blacklisted_address`); got !=
		"198.51.100.7,198.51.100.8 console_actor" {
		t.Errorf("stored %q", got)
	}
	b.wants(http.StatusOK, "GET", "/console/blacklist?text=100.8", nil).contains(t, "198.51.100.8")
	b.send(http.StatusUnprocessableEntity, "/console/blacklist", "addresses", " ")
	for range 2 {
		b.send(http.StatusSeeOther, "/console/blacklist/remove", "address", "198.51.100.7")
	}
	if got := s.row(`select address from blacklisted_address`); got != "198.51.100.8" {
		t.Errorf("left %q", got)
	}
	s.run(`insert into blacklisted_address (address) select '10.0.0.' || i from generate_series(1, 60) as i`)
	b.wants(http.StatusOK, "GET", "/console/blacklist", nil).contains(t, "Further addresses")
}

func TestRejectedUSIDsAreApproved(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(`insert into player (uuid, name, rank) values ('id-1', 'Steve', 'admin')`)
	s.run(`insert into usid_rejection (code, uuid, address, usid)
		values ('01234-2', 'id-1', '203.0.113.1:6567', 'a secret')`)
	b := s.browser().signIn(actor)
	p := b.wants(http.StatusOK, "GET", "/console/usids", nil)
	if p.contains(t, "Steve", "01234-2", "203.0.113.1:6567"); strings.Contains(p.body, "a secret") {
		t.Errorf("it tells the proof: %s", p.body)
	}
	b.send(http.StatusSeeOther, "/console/usids", "code", "01234-2", "address", "203.0.113.1:6567")
	if got := s.row(`select addresses #>> '{203.0.113.1:6567,usid}' from player`); got != "a secret" {
		t.Errorf("stored %q", got)
	}
	b.send(http.StatusConflict, "/console/usids", "code", "01234-2").contains(t, `role="alert"`)
	b.send(http.StatusNotFound, "/console/usids", "code", "99999-9")
	b.wants(http.StatusOK, "GET", "/console/usids", nil).contains(t, "Nobody waits")
}
