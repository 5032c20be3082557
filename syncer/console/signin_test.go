package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"playersync/syncer/console"
	"playersync/syncer/daemon"
)

// paths are all pages and parts, with the methods that they take.
var paths = []string{
	"GET /console/", "GET /console/?range=7d", "GET /console/overview/counts", "GET /console/live?parts=status",
	"POST /console/sign-out", "GET /console/bans", "POST /console/bans", "GET /console/bans/new", "GET /console/bans/1",
	"GET /console/bans/preview?target=a", "POST /console/bans/1/change", "POST /console/bans/1/lift",
	"POST /console/bans/1/notes", "GET /console/audit", "GET /console/audit/1", "POST /console/audit/1/revert",
	"GET /console/nothing", "PUT /console/", "POST /console/",
}

func TestNothingIsShownToStrangers(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(`insert into server (name, gamemode, address) values ('secret-server', 'pvp', '203.0.113.1:1')`)
	for _, cookie := range []string{"", "x", strings.Repeat("A", 52)} {
		for _, route := range paths {
			method, path, _ := strings.Cut(route, " ")
			b := s.browser()
			var headers []string
			if cookie != "" {
				_, port, _ := strings.Cut(strings.TrimPrefix(s.URL(), "http://"), ":")
				headers = []string{"Cookie: syncer-console-" + port + "=" + cookie}
			}
			p := b.ask(method, path, nil, headers...)
			if p.StatusCode != http.StatusSeeOther && p.StatusCode != http.StatusUnauthorized ||
				strings.Contains(p.body, "secret-server") {
				t.Errorf("%s with the cookie %q: %d %s", route, cookie, p.StatusCode, p.body)
			}
		}
	}
}

func TestSignInAndOut(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser()
	p := b.wants(http.StatusSeeOther, "GET", "/console/?range=7d", nil)
	if to := p.Header.Get("Location"); to != "/console/sign-in?to=%3Frange%3D7d" {
		t.Errorf("sent to %q", to)
	}
	p = b.wants(http.StatusOK, "GET", p.Header.Get("Location"), nil)
	if !strings.Contains(p.body, `value="?range=7d"`) {
		t.Errorf("the page to go on to is forgotten: %s", p.body)
	}
	for _, wrong := range []url.Values{
		{"name": {viewer}, "password": {"wrong"}},
		{"name": {viewer}},
		{"password": {password}},
		{"name": {"console_nobody"}, "password": {password}},
		{},
	} {
		p := b.wants(http.StatusUnauthorized, "POST", "/console/sign-in", wrong)
		if strings.Contains(p.body, "wrong") || b.cookie() != "" {
			t.Errorf("%v: %s", wrong, p.body)
		}
	}
	b.wants(http.StatusForbidden, "POST", "/console/sign-in",
		url.Values{"name": {"console_stranger"}, "password": {password}})
	p = b.wants(http.StatusSeeOther, "POST", "/console/sign-in",
		url.Values{"name": {viewer}, "password": {password}, "to": {"?range=7d"}})
	if to := p.Header.Get("Location"); to != "/console/?range=7d" {
		t.Errorf("sent to %q", to)
	}
	cookie := p.Header.Get("Set-Cookie")
	for _, part := range []string{"HttpOnly", "SameSite=Strict", "Path=/console/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("the cookie %q lacks %s", cookie, part)
		}
	}
	if strings.Contains(cookie, "Secure") {
		t.Error("the cookie is for TLS, which nobody speaks here")
	}
	b.learn()
	b.wants(http.StatusSeeOther, "POST", "/console/sign-out", url.Values{"csrf": {b.csrf}})
	b.wants(http.StatusSeeOther, "GET", "/console/", nil)
}

func TestCookiesAreForTLSWhereItIsSpoken(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	p := b.wants(http.StatusSeeOther, "POST", "/console/sign-in",
		url.Values{"name": {viewer}, "password": {password}}, "X-Forwarded-Proto: https")
	if !strings.Contains(p.Header.Get("Set-Cookie"), "Secure") {
		t.Errorf("cookie %q", p.Header.Get("Set-Cookie"))
	}
}

// A session that somebody else knows, because he put it into the browser, is not the one that
// begins.
func TestSessionsAreNotFixed(t *testing.T) {
	t.Parallel()
	s := start(t)
	attacker, victim := s.browser().signIn(viewer), s.browser()
	known := attacker.cookie()
	u, err := url.Parse(s.URL() + "/console/")
	if err != nil {
		t.Fatal(err)
	}
	victim.client.Jar.SetCookies(u, attacker.client.Jar.Cookies(u))
	victim.signIn(actor)
	if victim.cookie() == known {
		t.Error("the session is the one that was there")
	}
	attacker.wants(http.StatusSeeOther, "GET", "/console/", nil)
}

func TestLinksAreGoodOnce(t *testing.T) {
	t.Parallel()
	s := start(t)
	path := strings.TrimPrefix(s.ConsoleLink(), s.URL())
	b := s.browser()
	if p := b.wants(http.StatusSeeOther, "GET", path, nil); p.Header.Get("Location") != "/console/" {
		t.Errorf("sent to %q", p.Header.Get("Location"))
	}
	if p := b.wants(http.StatusOK, "GET", "/console/", nil); !strings.Contains(p.body, "owner") {
		t.Errorf("who came by the link is not named: %s", p.body)
	}
	s.browser().wants(http.StatusForbidden, "GET", path, nil)
	s.browser().wants(http.StatusForbidden, "GET", "/console/enter?key=", nil)
	none := start(t, func(c *daemon.Config) { c.Console.Owner = "" })
	if link := none.ConsoleLink(); link != "" {
		t.Errorf("without an owner the link is %q", link)
	}
	none.browser().wants(http.StatusForbidden, "GET", "/console/enter?key=", nil)
}

func TestRightsAreAskedForAgain(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.run(`create role console_leaver login password 'correct horse' in role playersync_app`)
	b := s.browser().signIn("console_leaver")
	s.run(`drop role console_leaver`)
	b.wants(http.StatusUnauthorized, "POST", "/console/sign-out", url.Values{"csrf": {b.csrf}})
	b.wants(http.StatusSeeOther, "GET", "/console/", nil)
}

func TestConsoleIsLeftOut(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *daemon.Config) { c.NoConsole = true })
	s.browser().wants(http.StatusNotFound, "GET", "/console/", nil)
	if link := s.ConsoleLink(); link != "" {
		t.Errorf("the link is %q", link)
	}
}

// Behind a proxy that takes a path off, every link of a page begins with it.
func TestPrefixOfAProxy(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *daemon.Config) { c.Console.Prefix = "/ops" })
	b := s.browser()
	p := b.wants(http.StatusSeeOther, "GET", "/console/", nil)
	if to := p.Header.Get("Location"); to != "/ops/console/sign-in" {
		t.Errorf("sent to %q", to)
	}
	p = b.wants(http.StatusSeeOther, "POST", "/console/sign-in", url.Values{"name": {viewer}, "password": {password}})
	if !strings.Contains(p.Header.Get("Set-Cookie"), "Path=/ops/console/") {
		t.Errorf("cookie %q", p.Header.Get("Set-Cookie"))
	}
	p = b.wants(http.StatusOK, "GET", "/console/sign-in", nil)
	if strings.Contains(p.body, `"/console/`) || !strings.Contains(p.body, `"/ops/console/sign-in"`) {
		t.Errorf("links without the prefix: %s", p.body)
	}
	for _, prefix := range []string{"ops", "/ops/", "//x", "/a b", `/"`, "/"} {
		if (console.Config{Prefix: prefix}).Validate() == nil {
			t.Errorf("%q is taken", prefix)
		}
	}
}
