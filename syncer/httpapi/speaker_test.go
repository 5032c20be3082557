package httpapi

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"playersync/syncer"
)

func withTokens(c *Config, _ *Deps) {
	c.Token, c.Tokens = "general", map[string]string{testHome.Name: "home", testOther.Name: "other"}
}

func TestTokenOfAServerSpeaksForThatServerOnly(t *testing.T) {
	t.Parallel()
	third := []string{"Syncer-Server: pvp-1", "Syncer-Gamemode: pvp", "Syncer-Address: 203.0.113.2:6567"}
	for _, c := range []struct {
		token   string
		headers []string
		from    syncer.GameServer // zero: refused
		names   []string
	}{
		{"home", nil, testHome, nil},
		{"other", nil, testOther, nil},
		{"other", []string{"Syncer-Server: " + testOther.Name}, testOther, nil},
		{"other", []string{"Syncer-Address: " + testOther.Address}, testOther, nil},
		{"other", []string{"Syncer-Server: " + testHome.Name}, syncer.GameServer{}, []string{headerServer}},
		{"other", []string{"Syncer-Address: " + testHome.Address}, syncer.GameServer{}, []string{headerAddress}},
		{
			"home",
			[]string{"Syncer-Server: " + testHome.Name, "Syncer-Address: " + testOther.Address},
			syncer.GameServer{},
			[]string{headerAddress},
		},
		{"home", third, syncer.GameServer{}, []string{headerServer, headerGamemode, headerAddress}},
		{
			"general", third, syncer.GameServer{Name: "pvp-1", Gamemode: "pvp", Address: "203.0.113.2:6567"}, nil,
		},
	} {
		for _, route := range []string{"GET ", "PATCH ", "POST /join", "POST /leave"} {
			f := newFixture(t, withTokens)
			method, rest, _ := strings.Cut(route, " ")
			g := f.ask(t, method, playerPath+rest, `{"name":"Steve","ip":"203.0.113.7"}`,
				append(c.headers, "Authorization: Bearer "+c.token)...)
			if c.names != nil {
				p := g.problem(http.StatusForbidden)
				if p.names(t, c.names...); f.calls != 0 || p.Code != codeForbidden {
					t.Errorf("%s %q: %+v, %d calls", c.token, c.headers, p, f.calls)
				}
			} else if g.Code >= 300 && g.Code != http.StatusUnprocessableEntity || f.from != c.from && f.calls > 0 {
				t.Errorf("%s %q: %d %s; from %+v", c.token, c.headers, g.Code, g.Body, f.from)
			}
		}
	}
}

func TestTokenOfAServerMarksItsChanges(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withTokens)
	f.ask(t, "POST", "/v1/audit/17/revert", "", "Authorization: Bearer other").wants(http.StatusOK)
	if f.by.Server != testOther.Name {
		t.Errorf("the change came through %q", f.by.Server)
	}
	f.ask(t, "POST", "/v1/bans", `{"uuid":"a"}`, "Authorization: Bearer other",
		"Syncer-Server: pvp-9").problem(http.StatusForbidden).names(t, headerServer)
}

func TestTokenOfAServerApprovesUsidsThereOnly(t *testing.T) {
	t.Parallel()
	const path = "/v1/usid-rejections/1/approve"
	f := newFixture(t, withTokens)
	f.ask(t, "POST", path, `{"address":"`+testHome.Address+`"}`,
		"Authorization: Bearer other").problem(http.StatusForbidden).names(t, "address")
	f.ask(t, "POST", path, "", "Authorization: Bearer other").wants(http.StatusOK)
	if f.address != testOther.Address {
		t.Errorf("approved at %q", f.address)
	}
	f.ask(t, "POST", path, `{"address":"`+testHome.Address+`"}`, "Authorization: Bearer general").wants(http.StatusOK)
}

func TestTokenOfAServerWritesToStaffAsThatServerOnly(t *testing.T) {
	t.Parallel()
	f := newFixture(t, withTokens)
	message := func(server string) string { return `{"server":"` + server + `","name":"Alice","text":"hello"}` }
	f.ask(t, "POST", "/v1/staff-messages", message(testHome.Name),
		"Authorization: Bearer other").problem(http.StatusForbidden).names(t, "server")
	for _, own := range []string{testOther.Name, testOther.Gamemode} {
		f.ask(t, "POST", "/v1/staff-messages", message(own), "Authorization: Bearer other").wants(http.StatusCreated)
	}
	f.ask(t, "POST", "/v1/staff-messages", message("discord"),
		"Authorization: Bearer general").wants(http.StatusCreated)
}

func TestTokensNameOneConfiguredServerEach(t *testing.T) {
	t.Parallel()
	for want, tokens := range map[string]map[string]string{
		"neither server.name nor": {"nobody": "a"},
		"the same as":             {testHome.Name: "a", testOther.Name: "a"},
		"that of http.token":      {testHome.Name: "general"},
		"printable ASCII":         {testHome.Name: "a b"},
		`that of "survival-1"`:    {testHome.Name: ""},
	} {
		f := newFixture(t)
		_, err := New(Config{Listen: "127.0.0.1:0", Token: "general", Tokens: tokens}, f.server.deps)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "http.tokens") {
			t.Errorf("%v: %v, want %q", tokens, err, want)
		}
	}
	if err := (Config{Listen: ":1", Tokens: map[string]string{"a": "b"}}).Validate(); err != nil {
		t.Errorf("tokens guard no address beyond loopback: %v", err)
	}
}

func TestServersThatAreNotConfiguredAreBounded(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	ask := func(n int) got {
		return f.ask(t, "GET", playerPath, "", fmt.Sprintf("Syncer-Server: s%d", n), "Syncer-Gamemode: g",
			"Syncer-Address: a:1")
	}
	for n := range 256 {
		ask(n).wants(http.StatusOK)
	}
	if p := ask(256).problem(http.StatusInsufficientStorage); !strings.Contains(p.Detail, "server.others") {
		t.Errorf("one more: %s", p.Detail)
	}
	f.ask(t, "PATCH", playerPath, `{"rank":"mod"}`, "Syncer-Server: x", "Syncer-Gamemode: g",
		"Syncer-Address: a:1").problem(http.StatusInsufficientStorage)
	ask(7).wants(http.StatusOK)
	f.ask(t, "GET", playerPath, "", "Syncer-Server: "+testOther.Name).wants(http.StatusOK)
}
