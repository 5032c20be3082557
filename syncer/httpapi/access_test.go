package httpapi

import (
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func TestConfigRefusesExposure(t *testing.T) {
	t.Parallel()
	network := []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}
	for _, c := range []struct {
		config Config
		fault  string // "" for none
	}{
		{Config{Listen: "127.0.0.1:5082"}, ""},
		{Config{Listen: "127.9.9.9:5082"}, ""},
		{Config{Listen: "[::1]:5082"}, ""},
		{Config{Listen: "[::ffff:127.0.0.1]:5082"}, ""},
		{Config{Listen: "localhost:0"}, ""},
		{Config{Listen: ":5082"}, "http.token or http.allowed_networks"},
		{Config{Listen: "0.0.0.0:5082"}, "http.token"},
		{Config{Listen: "[::]:5082"}, "http.token"},
		{Config{Listen: "192.0.2.1:5082"}, "http.token"},
		{Config{Listen: "localhost.example.org:5082"}, "http.token"},
		{Config{Listen: ":5082", Token: "t"}, ""},
		{Config{Listen: ":5082", AllowedNetworks: network}, ""},
		{Config{Listen: "5082"}, "http.listen"},
		{Config{Listen: ""}, "http.listen"},
		{Config{Listen: "127.0.0.1:0", Token: "a b"}, "http.token"},
		{Config{Listen: "127.0.0.1:0", Token: "é"}, "http.token"},
		{Config{Listen: "127.0.0.1:0", AllowedNetworks: []netip.Prefix{{}}}, "http.allowed_networks"},
		{Config{Listen: "127.0.0.1:0", MaxBody: -1}, "limit"},
		{Config{Listen: "127.0.0.1:0", DrainTimeout: -time.Second}, "time-out"},
	} {
		err := c.config.Validate()
		if (err == nil) != (c.fault == "") || err != nil && !strings.Contains(err.Error(), c.fault) {
			t.Errorf("%+v: %v", c.config, err)
		}
	}
	if _, err := New(Config{Listen: ":1"}, Deps{}); err == nil {
		t.Error("New takes what Validate refuses")
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	const token = "s3cret-Token"
	mounted := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	f := newFixture(t, func(c *Config, d *Deps) {
		c.Token, d.Mounts = token, map[string]http.Handler{"/api/": mounted}
	})
	for _, path := range []string{
		playerPath, "/v1/players?name=a", "/v1/bans", "/v1/events?wait=0s", "/readyz", "/metrics", "/openapi.json",
	} {
		for _, header := range []string{
			"", "Bearer", "Bearer ", "Bearer wrong", token, "Basic " + token, "Bearer " + token + "x",
			"Bearer " + strings.ToLower(token),
		} {
			g := f.ask(t, "GET", path, "", "Authorization: "+header)
			p := g.problem(http.StatusUnauthorized)
			if p.names(t, "Authorization"); !strings.HasPrefix(g.Header().Get("WWW-Authenticate"), "Bearer") ||
				strings.Contains(g.Body.String(), token) {
				t.Errorf("%s %q: %s", path, header, g.Body)
			}
		}
		f.ask(t, "GET", path, "", "Authorization: Bearer "+token).wants(http.StatusOK)
		f.ask(t, "GET", path, "", "Authorization: bearer "+token).wants(http.StatusOK)
	}
	f.ask(t, "GET", "/healthz", "").wants(http.StatusOK)
	f.ask(t, "GET", "/api/anything", "").wants(http.StatusTeapot)
	f.ask(t, "PATCH", playerPath, `{"rank":5}`).problem(http.StatusUnauthorized)
	if f.calls != 2 {
		t.Errorf("%d calls, want the two with the token", f.calls)
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	mounted := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	f := newFixture(t, func(c *Config, d *Deps) {
		c.AllowedNetworks = []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/64"),
			netip.MustParsePrefix("127.0.0.1/32"),
		}
		d.Mounts = map[string]http.Handler{"/api/": mounted}
	})
	for remote, status := range map[string]int{
		"10.1.2.3:1": 200, "[::ffff:10.1.2.3]:1": 200, "[2001:db8::5%eth0]:1": 200, "127.0.0.1:9": 200,
		"11.0.0.1:1": 403, "[2001:db8:0:1::1]:1": 403, "127.0.0.2:1": 403, "[::1]:1": 403, "": 403, "@": 403,
	} {
		for _, path := range []string{"/healthz", "/api/x", playerPath, "/metrics", "/nonsense"} {
			r := httptest.NewRequest("GET", "http://localhost"+path, nil)
			r.RemoteAddr = remote
			w := httptest.NewRecorder()
			f.server.Handler().ServeHTTP(w, r)
			want := status
			if path == "/nonsense" && status == 200 {
				want = 404
			}
			if got := (got{w, t}).wants(want); want == 403 {
				got.problem(403)
			}
		}
	}
}

// TestForeignPagesChangeNothing is about a browser on the game server's machine.
func TestForeignPagesChangeNothing(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for _, header := range []string{"Origin: https://elsewhere.example", "Sec-Fetch-Site: cross-site", "Origin: null"} {
		f.ask(t, "POST", playerPath+"/leave", "", header).problem(http.StatusForbidden).names(t, "Origin")
	}
	f.ask(t, "POST", playerPath+"/leave", "", "Sec-Fetch-Site: same-origin").wants(http.StatusNoContent)
	if f.calls != 1 {
		t.Errorf("%d calls", f.calls)
	}
}

// A page of any name that leads to this machine would be of the same origin as the API.
func TestOnlyKnownHostsAreAnswered(t *testing.T) {
	t.Parallel()
	mounted := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })
	f := newFixture(t, func(c *Config, d *Deps) {
		c.Listen, c.AllowedHosts = "games.example:5082", []string{"Syncer.Example"}
		c.Token = "t"
		d.Mounts = map[string]http.Handler{"/api/": mounted}
	})
	ask := func(host, path string) got {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
		r.RemoteAddr, r.Host = "127.0.0.1:40000", host
		return f.do(t, r)
	}
	for _, host := range []string{
		"", "localhost", "LOCALHOST:5082", "localhost.:5082", "a.localhost", "127.0.0.1", "127.0.0.1:5082",
		"[::1]:5082", "[::1]", "192.0.2.1:1", "games.example:5082", "GAMES.example", "syncer.example:80",
		"syncer.example.",
	} {
		if answer := ask(host, "/healthz"); answer.Code != http.StatusOK {
			t.Errorf("host %q: %d %s", host, answer.Code, answer.Body)
		}
	}
	for _, host := range []string{
		"evil.example", "evil.example:5082", "localhost.evil.example", "127.0.0.1.evil.example", "xsyncer.example",
		"syncer.example.evil", "localhost:5082:x", "evil.example@localhost", "2130706433", "0x7f.1",
	} {
		for _, path := range []string{"/healthz", "/v1/bans", "/api/x", "/nowhere", "/metrics"} {
			p := ask(host, path).problem(http.StatusMisdirectedRequest)
			p.names(t, "Host")
			if p.Code != codeHost || !strings.Contains(p.Detail, "http.allowed_hosts") {
				t.Errorf("host %q: %+v", host, p)
			}
		}
	}
}

func TestAllowedHostsAreNames(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"", "*", "a:80", "http://a", "a b"} {
		if err := (Config{Listen: "127.0.0.1:1", AllowedHosts: []string{name}}).Validate(); err == nil ||
			!strings.Contains(err.Error(), "http.allowed_hosts") {
			t.Errorf("host %q: %v", name, err)
		}
	}
}
