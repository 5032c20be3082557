package console_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"playersync/syncer/daemon"
)

func TestRequestsOfOtherSitesChangeNothing(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(actor)
	good := url.Values{"csrf": {b.csrf}}
	for _, forged := range []struct {
		form    url.Values
		headers []string
	}{
		{url.Values{}, nil},
		{url.Values{"csrf": {"x"}}, nil},
		{url.Values{"csrf": {""}}, nil},
		{good, []string{"Origin: https://evil.example"}},
		{good, []string{"Origin: null"}},
		{good, []string{"Sec-Fetch-Site: cross-site"}},
		{good, []string{"Sec-Fetch-Site: same-site"}},
		{url.Values{}, []string{"X-Csrf-Token: x"}},
	} {
		b.wants(http.StatusForbidden, "POST", "/console/sign-out", forged.form, forged.headers...)
	}
	other := s.browser().signIn(actor)
	b.wants(http.StatusForbidden, "POST", "/console/sign-out", url.Values{"csrf": {other.csrf}})
	for _, headers := range [][]string{{"Origin: https://evil.example"}, {"Sec-Fetch-Site: cross-site"}} {
		b.wants(http.StatusForbidden, "POST", "/console/sign-in",
			url.Values{"name": {viewer}, "password": {password}}, headers...)
	}
	b.wants(http.StatusSeeOther, "POST", "/console/sign-out", nil, "X-Csrf-Token: "+b.csrf, "Origin: "+s.URL(),
		"Sec-Fetch-Site: same-origin")
}

// A name that was made to lead here (DNS rebinding) is not answered.
func TestForeignHostsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(actor)
	for _, path := range []string{"/console/", "/console/sign-in", "/console/live", s.ConsoleLink()[len(s.URL()):]} {
		b.wants(http.StatusMisdirectedRequest, "GET", path, nil, "Host: evil.example")
	}
}

func TestPasswordsCannotBeGuessed(t *testing.T) {
	t.Parallel()
	s := start(t, func(c *daemon.Config) { c.Console.Tries = 3 })
	b := s.browser()
	guess := func(name string) int {
		return b.ask("POST", "/console/sign-in", url.Values{"name": {name}, "password": {"guess"}}).StatusCode
	}
	refused := 0
	for range 8 { // two minutes at most can begin meanwhile
		if guess(viewer) == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("passwords of one name can be guessed for ever")
	}
	refused = 0
	for i := range 16 {
		if guess("console_"+string(rune('a'+i))) == http.StatusTooManyRequests {
			refused++
		}
	}
	if refused == 0 {
		t.Error("one address can guess for ever")
	}
}

// nasty is what a player may call himself.
const nasty = `<script>alert(1)</script>"'><img src=x onerror=alert(1)> ` + "\u202egnp.exe \x1b[31mred \u2066"

func TestWhatStrangersWriteIsHarmless(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(viewer)
	name := strings.ReplaceAll(nasty, "\x1b", "")
	if _, err := s.psql.Exec(t.Context(), `insert into server (name, gamemode, address, version)
		values (left($1, 64), left($1, 64), left($1, 64), $1)`, name); err != nil {
		t.Fatal(err)
	}
	after := s.Events().LastID()
	if _, err := s.psql.Exec(t.Context(), `insert into staff_message (server, name, text) values ('pvp', $1, $1)`,
		nasty); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Events().Since(t.Context(), after, 1); err != nil {
		t.Fatal(err)
	}
	stream := s.stream(b, "news,servers")
	news := stream.until("news", func(html string) bool { return strings.Contains(html, "script") })
	for _, html := range []string{b.wants(http.StatusOK, "GET", "/console/", nil).body, news} {
		for _, bad := range []string{"<script>alert", "<img", "\u202e", "\u2066", "\x1b"} {
			if strings.Contains(html, bad) {
				t.Errorf("%q is shown as it is: %s", bad, html)
			}
		}
		if !strings.Contains(html, "&lt;script&gt;alert(1)") {
			t.Errorf("the text is not shown: %s", html)
		}
	}
}

func TestAssetsLeadNowhereElse(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	for _, path := range []string{
		"/console/assets/x/console.css", "/console/assets/../doc.go", "/console/assets/x/..%2f..%2fdoc.go",
		"/console/assets/x/%2e%2e/%2e%2e/doc.go", "/console/assets/x/npm%2Fhtmx.min.js", "/console/assets/",
		"/console/assets/x/htmx.LICENSE", "/console/..%2f..%2fetc/passwd",
	} {
		if p := b.ask("GET", path, nil); p.StatusCode < 300 || strings.Contains(p.body, "package console") {
			t.Errorf("%s: %d %s", path, p.StatusCode, p.body)
		}
	}
}

func TestPagesGuardThemselves(t *testing.T) {
	t.Parallel()
	b := start(t).browser()
	b.signIn(viewer)
	for _, path := range []string{"/console/", "/console/sign-in", "/console/nothing", "/console/overview/counts"} {
		h := b.ask("GET", path, nil).Header
		policy := h.Get("Content-Security-Policy")
		for _, part := range []string{
			"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'", "base-uri 'none'",
		} {
			if !strings.Contains(policy, part) {
				t.Errorf("%s: the policy %q lacks %s", path, policy, part)
			}
		}
		if strings.Contains(policy, "unsafe") || h.Get("X-Frame-Options") != "DENY" ||
			h.Get("X-Content-Type-Options") != "nosniff" || h.Get("Cache-Control") != "no-store" {
			t.Errorf("%s: %v", path, h)
		}
	}
}

// A link in another page makes the browser keep the cookie back: the answer has it ask again
// by itself, and not to sign in anew.
func TestLinksInOtherPagesWork(t *testing.T) {
	t.Parallel()
	s := start(t)
	p := s.browser().wants(http.StatusOK, "GET", "/console/", nil, "Sec-Fetch-Site: cross-site")
	if p.Header.Get("Refresh") != "0" || p.body != "" {
		t.Errorf("%v %s", p.Header, p.body)
	}
}
