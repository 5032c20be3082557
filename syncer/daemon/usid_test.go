package daemon_test

import (
	"net/http"
	"strings"
	"testing"
)

// Whoever comes with the id of a privileged player brings a proof of his own. It takes the place
// of the stored one only where somebody names the rank beside it.
func TestUSIDOfAPrivilegedPlayerIsReplacedOnlyWithTheRank(t *testing.T) {
	t.Parallel()
	url, conn := database(t)
	run(t, conn,
		`insert into player (uuid, rank, addresses) values ('`+steve+`', 'mod', '{"127.0.0.1:6567": {"usid": "own"}}')`)
	n := start(t, url, "a").ready()
	join := func(usid string) answer {
		t.Helper()
		return n.must(http.MethodPost, player(steve)+"/join", `{"name": "x", "ip": "192.0.2.1", "usid": "`+usid+`"}`)
	}
	if a := join("stranger"); a.field("player", "usid") != "own" {
		t.Errorf("the server is shown %s", a.body)
	}
	for _, step := range []struct{ method, path, body, want string }{
		{http.MethodPost, "/leave", `{"usid": "stranger"}`, "own"},
		{http.MethodPost, "/leave", `{"usid": "stranger", "rank": "player"}`, "own"},
		{http.MethodPost, "/leave", `{"usid": null}`, "own"},
		{http.MethodPatch, "", `{"usid": "stranger"}`, "own"},
		{http.MethodPatch, "", `{"usid": "stranger", "rank": "admin"}`, "own"},
		{http.MethodPost, "/leave", `{"usid": "new", "rank": "mod"}`, "new"},
		{http.MethodPatch, "", `{"usid": "newer", "rank": "mod"}`, "newer"},
		{http.MethodPost, "/leave", `{"language": "en"}`, "newer"},
		{http.MethodPatch, "", `{"rank": "player"}`, "newer"},
		{http.MethodPost, "/leave", `{"usid": "anybody's"}`, "anybody's"},
	} {
		a := n.send(step.method, player(steve)+step.path, step.body)
		refused := step.method == http.MethodPatch && strings.Contains(step.body, "stranger")
		if (a.status >= 300) != refused || refused && !strings.Contains(string(a.body), `"field":"usid"`) {
			t.Errorf("%s %s: %d %s", step.path, step.body, a.status, a.body)
		}
		n.must(http.MethodPost, player(steve)+"/leave", `{}`) // whatever waits is stored
		if got := one[string](t, conn, `select addresses #>> '{127.0.0.1:6567,usid}' from player`); got != step.want {
			t.Errorf("%s %s: the usid is %s, want %s", step.path, step.body, got, step.want)
		}
	}
	join("a newcomer's")
	n.must(http.MethodPost, player(steve)+"/leave", `{}`)
	if got := one[string](t, conn, `select addresses #>> '{127.0.0.1:6567,usid}' from player`); got != "a newcomer's" {
		t.Errorf("the usid of a player without rights is %s", got)
	}
	if metrics := string(n.get("/metrics").body); !strings.Contains(metrics, "\nplayersync_refused_usids_total 4\n") {
		t.Error("the refusals are not counted")
	}
}

// Without the database nobody knows whether a player has rights: no proof is taken.
func TestNoUSIDIsTakenOfWhoIsNotKnownDuringAnOutage(t *testing.T) {
	t.Parallel()
	o := newOutage(t)
	run(t, o.psql,
		`insert into player (uuid, rank, addresses) values ('`+alex+`', 'mod', '{"127.0.0.1:6567": {"usid": "own"}}')`)
	o.begin()
	o.must(http.MethodPost, player(alex)+"/join", `{"name": "x", "ip": "192.0.2.1", "usid": "stranger"}`)
	o.must(http.MethodPost, player(alex)+"/leave", `{"usid": "stranger", "language": "en"}`)
	o.end()
	eventuallyRow(t, o.psql, `select language || addresses::text from player where uuid = '`+alex+`'`,
		`en{"127.0.0.1:6567": {"usid": "own"}}`)
}

// The audit of a leave or join names the game server that reported it, also where the sidecar speaks
// for several and stores them together.
func TestAuditNamesTheServerOfALeave(t *testing.T) {
	t.Parallel()
	url, conn := database(t)
	other := []string{"Syncer-Server", "other", "Syncer-Gamemode", "pvp", "Syncer-Address", "127.0.0.1:7000"}
	run(t, conn, `insert into player (uuid, addresses) select uuid,
		'{"127.0.0.1:6567": {"usid": "old"}, "127.0.0.1:7000": {"usid": "old"}}'
		from unnest(array['`+steve+`', '`+alex+`', 'third']) as uuid`)
	n := start(t, url, "a").ready()
	n.send(http.MethodPost, player(steve)+"/leave", `{"usid": "new"}`, other...)
	n.must(http.MethodPost, player(alex)+"/leave", `{"usid": "new"}`)
	n.send(http.MethodPost, player("third")+"/join", `{"name": "x", "ip": "192.0.2.1", "usid": "new"}`, other...)
	n.must(http.MethodPost, player("third")+"/leave", `{}`)
	got := one[string](t, conn, `
		select string_agg(concat(uuid, ' ', server, ' ', old), ', ' order by uuid collate "C")
		from audit where field = 'usid'`)
	want := steve + ` other ["127.0.0.1:7000"], ` + alex + ` a ["127.0.0.1:6567"], third other ["127.0.0.1:7000"]`
	if got != want {
		t.Errorf("audited %s, want %s", got, want)
	}
}
