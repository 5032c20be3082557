package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"playersync/syncer/daemon"
)

// api returns the address of a node's API as the plugin's constant has it.
func (n *node) api() string { return strings.TrimPrefix(n.URL(), "http://") }

func TestPluginAndRowsAreOne(t *testing.T) {
	t.Parallel()
	url, conn := database(t)
	n := start(t, url, "fish")
	n.ready()
	p := newPlugin(n.api(), "pvp", "pvp", 7000, 1)
	if answer, err := p.fetch(steve); err != nil || len(answer) != 0 {
		t.Fatalf("an unknown player is %q, %v", answer, err)
	}
	if err := p.connect(steve); err != nil {
		t.Fatal(err)
	}
	if err := p.change(steve, func(m *fishPlayer, _ int64) { m.Rank = "mod" }, ""); err != nil {
		t.Fatal(err)
	}
	if got := one[string](t, conn, `select rank from player where uuid = $1`, steve); got != "mod" {
		t.Errorf("the row has rank %s", got)
	}
	n.sees(steve, "mod", "rank")
	if err := p.autosave(steve); err != nil {
		t.Fatal(err)
	}
	if got := one[string](t, conn, `select addresses ->> '127.0.0.1:7000' from player where uuid = $1`,
		steve); got != `{"usid": "usid-pvp"}` {
		t.Errorf("the row has usid %s", got)
	}
	run(t, conn, `update player set rank = 'admin' where uuid = '`+steve+`'`)
	n.sees(steve, "admin", "rank")
	if err := p.change(steve, func(m *fishPlayer, _ int64) { m.Flags = []string{"member"} }, ""); err != nil {
		t.Fatal(err)
	}
	if got := one[string](t, conn, `select rank || flags::text from player where uuid = $1`,
		steve); got != "admin{member}" {
		t.Errorf("after a change by hand and one by the plugin: %s", got)
	}
}

// Hazard H2, through everything.
func TestRefusedUSIDIsCounted(t *testing.T) {
	t.Parallel()
	url, conn := database(t)
	run(t, conn,
		`insert into player (uuid, rank, addresses) values ('`+steve+`', 'mod', '{"127.0.0.1:7000": {"usid": "own"}}')`)
	n := start(t, url, "fish")
	n.ready()
	stranger := newPlugin(n.api(), "stranger", "pvp", 7000, 1)
	if err := stranger.autosave(steve); err != nil { // leaves before the first answer
		t.Fatal(err)
	}
	if got := one[string](t, conn, `select addresses -> '127.0.0.1:7000' ->> 'usid' from player`); got != "own" {
		t.Errorf("the usid is %s", got)
	}
	if metrics := string(n.get("/metrics").body); !strings.Contains(metrics,
		"\nplayersync_refused_usids_total 1\n") {
		t.Error("the refusal is not counted")
	}
}

// A player whose proof of identity was approved gets in at the next try, although what
// the server was shown a moment ago is still in memory.
func TestApprovedUSIDIsTheRightOneAtOnce(t *testing.T) {
	t.Parallel()
	url, conn := database(t)
	run(t, conn,
		`insert into player (uuid, rank, addresses) values ('`+steve+`', 'mod', '{"127.0.0.1:7000": {"usid": "old"}}')`)
	n := start(t, url, "fish").ready()
	fetch := fmt.Sprintf(`{"id": %q, "gamemode": "pvp", "port": 7000}`, steve)
	if a := n.send(http.MethodPost, "/api/fish-player", fetch); !strings.Contains(string(a.body), `"usid":"old"`) {
		t.Fatalf("shown %s", a.body)
	}
	n.send(http.MethodPost, "/api/usid-reject",
		fmt.Sprintf(`{"uuid": %q, "rejectedUsid": "new", "code": "01234-2", "port": 7000}`, steve))
	if a := n.send(http.MethodPost, "/v1/usid-rejections/01234-2/approve", ""); a.status != http.StatusOK {
		t.Fatalf("approval: %d %s", a.status, a.body)
	}
	if a := n.send(http.MethodPost, "/api/fish-player", fetch); !strings.Contains(string(a.body), `"usid":"new"`) {
		t.Errorf("shown %s", a.body)
	}
}

func TestShownStatesSurviveARestart(t *testing.T) {
	t.Parallel()
	url, conn := database(t)
	run(t, conn, `insert into player (uuid) values ('`+steve+`')`)
	dir := t.TempDir()
	keep := func(c *daemon.Config) { c.DataDir = dir }
	before := start(t, url, "fish", keep).ready()
	p := newPlugin(before.api(), "pvp", "pvp", 7000, 1)
	answer, err := p.fetch(steve)
	if err != nil {
		t.Fatal(err)
	}
	if err := before.stop(); err != nil {
		t.Fatal(err)
	}
	run(t, conn, `update player set rank = 'admin' where uuid = '`+steve+`'`) // by another server meanwhile
	after := start(t, url, "fish", keep).ready()
	p.backend = after.api()
	r := p.known(steve)
	if err := r.take(answer); err != nil {
		t.Fatal(err)
	}
	r.Flags = []string{"member"}
	if err := p.set(p.snapshot(r, false)); err != nil {
		t.Fatal(err)
	}
	if got := one[string](t, conn, `select rank || flags::text from player`); got != "admin{member}" {
		t.Errorf("the row has %s", got)
	}
}

func TestBansOfThePlugin(t *testing.T) {
	t.Parallel()
	url, conn := database(t)
	n := start(t, url, "fish")
	n.ready()
	post := func(path, body string) string {
		t.Helper()
		return string(n.must(http.MethodPost, "/api/"+path, body).body)
	}
	both := fmt.Sprintf(`{"ip":"192.0.2.1","uuid":%q}`, steve)
	for range 2 { // again is no error
		if got := post("ban", both); got != `{"data":"banned"}` {
			t.Errorf("ban: %s", got)
		}
	}
	for body, want := range map[string]bool{
		both: true, `{"ip":"192.0.2.1"}`: true, `{"uuid":"other","ip":"192.0.2.2"}`: false,
	} {
		var answer struct{ Data *bool }
		if err := json.Unmarshal([]byte(post("checkIsBanned", body)), &answer); err != nil || answer.Data == nil ||
			*answer.Data != want {
			t.Errorf("%s: %+v, %v", body, answer, err)
		}
	}
	for range 2 {
		if got := post("unban", `{"ip":"192.0.2.1"}`); got != `{"status":"unbanned"}` {
			t.Errorf("unban: %s", got)
		}
	}
	if got := one[string](t, conn, `select string_agg(target, ' ') from active_ban`); got != steve {
		t.Errorf("banned are %s", got)
	}
}

func TestBanCheckIsNeverFalseBeforeTheBansAreKnown(t *testing.T) {
	t.Parallel()
	n := start(t, "postgres://127.0.0.1:1/none", "fish")
	if a := n.send(http.MethodPost, "/api/checkIsBanned", `{"uuid":"a"}`); a.status != http.StatusServiceUnavailable {
		t.Errorf("%d %s", a.status, a.body)
	}
	if a := n.send(http.MethodPost, "/api/fish-player",
		`{"id":"a","gamemode":"pvp"}`); a.status != http.StatusServiceUnavailable {
		t.Errorf("an unknown player while the database is away: %d %s", a.status, a.body)
	}
}

func TestProtocolNeedsAGuardBesideAToken(t *testing.T) {
	t.Parallel()
	url, _ := database(t)
	withToken := func(c *daemon.Config) { c.HTTP.Token = "token" }
	for name, test := range map[string]struct {
		change func(*daemon.Config)
		path   string
		want   int
	}{
		"token alone": {func(*daemon.Config) {}, "/api/checkIsBanned", http.StatusNotFound},
		"prefix": {
			func(c *daemon.Config) { c.Fish.Prefix = "/s3cret" }, "/s3cret/api/checkIsBanned",
			http.StatusUnprocessableEntity,
		},
		"plain path": {func(c *daemon.Config) { c.Fish.Prefix = "/s3cret" }, "/api/checkIsBanned", http.StatusNotFound},
		"turned off": {
			func(c *daemon.Config) { c.NoFish = true; c.HTTP.Token = "" }, "/api/checkIsBanned", http.StatusNotFound,
		},
	} {
		n := start(t, url, "fish", withToken, test.change)
		if a := n.send(http.MethodPost, test.path, `{}`); a.status != test.want {
			t.Errorf("%s: %d %s", name, a.status, a.body)
		}
	}
}
