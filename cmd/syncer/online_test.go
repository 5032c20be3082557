package main

import (
	"strings"
	"testing"
)

func TestOnlineAndServersAreShown(t *testing.T) {
	t.Parallel()
	url, environ := database(t)
	if text := succeed(t, environ, "online"); text != "nobody is online\n" {
		t.Errorf("nobody is shown as %q", text)
	}
	execute(t, url,
		`insert into server (name, gamemode, address) values ('pvp-1', 'pvp', '203.0.113.1:6567'), ('dead', 'pvp', '203.0.113.1:6568'), ('away', 'pvp', '203.0.113.1:6569')`,
		`insert into server_lease (server, run, expires_at) values
			('pvp-1', '00000000-0000-0000-0000-000000000001', now() + interval '1 h'), ('dead', '00000000-0000-0000-0000-000000000002', now() - interval '1 s')`,
		`insert into session (server, uuid, run, name, gamemode, since) select server, 'Steve', run, 'Steve' || E'\x1b[2J', 'pvp', now() - interval '90 min' from server_lease`,
	)
	online := decode[[]onlineJSON](t, environ, "online")
	if len(online) != 1 || online[0].Server != "pvp-1" || online[0].UUID != "Steve" || online[0].Gamemode != "pvp" || online[0].Since.IsZero() {
		t.Errorf("online %+v", online)
	}
	if others := decode[[]onlineJSON](t, environ, "online", "--server", "other"); others == nil || len(others) != 0 {
		t.Errorf("on another server %+v", others)
	}
	if text := succeed(t, environ, "online", "--server", "pvp-1"); !strings.Contains(text, "1 h 30 min") || strings.Contains(text, "\x1b") {
		t.Errorf("shown as %q", text)
	}
	servers := decode[[]serverJSON](t, environ, "server", "list")
	if len(servers) != 3 || servers[0].Name != "away" || servers[1].Alive || servers[1].Players != 0 || !servers[2].Alive || servers[2].Players != 1 {
		t.Errorf("servers %+v", servers)
	}
	if text := succeed(t, environ, "server", "list"); strings.Count(text, "no sign of life") != 2 {
		t.Errorf("shown as\n%s", text)
	}
	for _, args := range [][]string{{"online", "pvp"}, {"online", "--server", ""}, {"server"}, {"server", "list", "x"}} {
		if r := runSyncer(t, environ, args...); r.code != exitUsage {
			t.Errorf("%q: %+v", args, r)
		}
	}
}
