package daemon_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// changes returns what the audit lists, newest first, each in a few words.
func (n *node) changes(query string) (texts []string) {
	n.t.Helper()
	entries, _ := n.must(http.MethodGet, "/v1/audit"+query, "").field("entries").([]any)
	for _, entry := range entries {
		e, _ := entry.(map[string]any)
		texts = append(texts,
			fmt.Sprint(e["field"], " ", e["old"], " > ", e["new"], " by ", e["by"], " on ", e["server"], " as ",
				e["role"]))
	}
	return texts
}

func TestAuditAndRevertReachEveryServer(t *testing.T) {
	t.Parallel()
	url := pgtest.Database(t, "schema", store.Migrate)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	conn := connect(t, url)
	a.join("Steve", "Steve")
	b.join("Steve", "Steve")
	if got := a.changes("?uuid=Steve"); len(got) > 0 {
		t.Errorf("joins are audited: %q", got)
	}

	if response := a.send(http.MethodPatch, player("Steve"), `{"rank": "mod", "name": "Steve II"}`, "Syncer-By",
		"Alice"); response.status != http.StatusOK {
		t.Fatalf("%s", response.body)
	}
	b.must(http.MethodPatch, player("Steve"), `{"attributes": {"eco": 1}}`)
	run(t, conn, `update player set rank = 'admin'`)
	b.must(http.MethodPost, "/v1/bans", `{"uuid": "Steve", "by": "Alice"}`)
	a.must(http.MethodPost, player("Steve")+"/leave", `{}`)
	if got, want := fmt.Sprint(a.changes("?uuid=Steve&field=rank"), b.changes("?field=attributes"),
		b.changes("?server=b&by=Alice&field=row")[0][:9]),
		"[rank mod > admin by <nil> on <nil> as postgres rank player > mod by Alice on a as postgres] "+
			"[attributes map[] > map[eco:1] by <nil> on b as postgres]row <nil>"; got != want {
		t.Errorf("%s, want\n%s", got, want)
	}

	number := func(query string) string {
		t.Helper()
		entries, _ := a.must(http.MethodGet, "/v1/audit?limit=1&"+query, "").field("entries").([]any)
		if len(entries) != 1 {
			t.Fatalf("%s finds %v", query, entries)
		}
		return fmt.Sprint(int(entries[0].(map[string]any)["id"].(float64)))
	}
	first := number("field=rank&by=Alice")
	if response := a.send(http.MethodPost, "/v1/audit/"+first+"/revert", ""); response.status != http.StatusConflict ||
		response.field("code") != "changed_since" {
		t.Errorf("revert of a change that another followed: %d %s", response.status, response.body)
	}
	reverted := a.must(http.MethodPost, "/v1/audit/"+number("field=rank")+"/revert", `{"by": "Alice"}`)
	if rank := a.get(player("Steve")).field("rank"); rank != "mod" || reverted.field("new") != "mod" ||
		reverted.field("server") != "a" {
		t.Errorf("rank %v right after the revert: %s", rank, reverted.body)
	}
	b.sees("Steve", "mod", "rank")

	b.banned(`{"uuid": "Steve"}`, true)
	a.must(http.MethodPost, "/v1/audit/"+number("field=row&by=Alice")+"/revert", `{"reason": "a slip"}`)
	if a.must(http.MethodPost, "/v1/bans/check", `{"uuid": "Steve"}`).field("banned") != false {
		t.Error("still banned where the revert was made")
	}
	b.banned(`{"uuid": "Steve"}`, false)
	b.must(http.MethodPost, "/v1/audit/"+number("field=lift")+"/revert", "")
	a.banned(`{"uuid": "Steve"}`, true)

	run(t, conn, `delete from ban where uuid = 'Steve'`)
	b.banned(`{"uuid": "Steve"}`, false)
	a.must(http.MethodPost, "/v1/audit/"+number("field=row")+"/revert", "")
	b.banned(`{"uuid": "Steve"}`, true)
	run(t, conn, `delete from player where uuid = 'Steve'; insert into player (uuid) values ('Alice')`)
	pgtest.Eventually(t, waitTimeout, func() error {
		if answer := b.get(player("Steve")); answer.status != http.StatusNotFound {
			return fmt.Errorf("still there: %s", answer.body)
		}
		return nil
	})
	a.must(http.MethodPost, "/v1/audit/"+number("field=row")+"/revert", "")
	b.sees("Steve", "mod", "rank")
	if response := a.send(http.MethodPost, "/v1/audit/99999/revert", ""); response.status != http.StatusNotFound {
		t.Errorf("revert of nothing: %d %s", response.status, response.body)
	}
}

// Whatever writes, the audit says for whom and through which server: by the body, else
// the header, else not at all, as for the plugin, whose protocol does not say.
func TestAuditSaysForWhomAndThroughWhichServer(t *testing.T) {
	t.Parallel()
	n := start(t, pgtest.Database(t, "schema", store.Migrate), "home").ready()
	n.join("Steve", "Steve")
	alice := []string{"Syncer-By", "Alice"}
	elsewhere := []string{
		"Syncer-By", "Alice", "Syncer-Server", "pvp", "Syncer-Gamemode", "pvp", "Syncer-Address", "192.0.2.1:1",
	}
	for _, test := range []struct {
		method, path, body string
		headers            []string
		want               string
	}{
		{"PATCH", player("Steve"), `{"rank": "mod"}`, alice, "Alice home"},
		{"PATCH", player("Steve"), `{"rank": "vip"}`, elsewhere, "Alice pvp"},
		{"PATCH", player("Steve"), `{"muted": true}`, nil, "<nil> home"},
		{"POST", "/v1/bans", `{"uuid": "Steve"}`, alice, "Alice home"},
		{"PATCH", "/v1/bans/1", `{"reason": "r"}`, alice, "Alice home"},
		{"PATCH", "/v1/bans/1", `{"duration": "1d", "by": "Steve"}`, elsewhere, "Steve pvp"},
		{"POST", "/v1/bans/lift", `{"uuid": "Steve"}`, elsewhere, "Alice pvp"},
		{"POST", "/v1/bans", `{"ip": "192.0.2.0/24", "by": "Steve"}`, elsewhere, "Steve pvp"},
		{"POST", "/v1/bans/lift", `{"ip": "192.0.2.0/24", "by": "Steve"}`, alice, "Steve home"},
		{"POST", "/v1/bans/import", `{"bans": [{"uuid": "Bob", "by": "Steve"}]}`, elsewhere, "Alice pvp"},
		{"POST", "/v1/audit/1/revert", "", alice, "changed since"},
		{"POST", "/v1/audit/2/revert", "", elsewhere, "Alice pvp"},
		{"POST", "/api/ban", `{"uuid": "Bob2"}`, nil, "game server 127.0.0.1 home"},
		{"POST", "/api/unban", `{"uuid": "Bob2"}`, nil, "game server 127.0.0.1 home"},
	} {
		answer := n.send(test.method, test.path, test.body, test.headers...)
		if test.want == "changed since" {
			if answer.field("code") != "changed_since" {
				t.Errorf("%s: %d %s", test.path, answer.status, answer.body)
			}
			continue
		}
		if answer.status >= 300 {
			t.Fatalf("%s %s: %d %s", test.method, test.path, answer.status, answer.body)
		}
		entries, _ := n.must(http.MethodGet, "/v1/audit?limit=1", "").field("entries").([]any)
		newest, _ := entries[0].(map[string]any)
		if got := fmt.Sprint(newest["by"], " ", newest["server"]); got != test.want {
			t.Errorf("%s %s %s: %s, want %s", test.method, test.path, test.body, got, test.want)
		}
	}
	if ban := n.get("/v1/bans/1"); ban.field("ban", "by") != "Alice" || ban.field("ban", "liftedBy") != "Alice" {
		t.Errorf("whom the body does not name: %s", ban.body)
	}
	if note := n.send(http.MethodPost, "/v1/bans/1/notes", `{"text": "x"}`, alice...); note.field("by") != "Alice" {
		t.Errorf("the note is %s", note.body)
	}
}

func TestUploadsAreAudited(t *testing.T) {
	t.Parallel()
	n := start(t, pgtest.Database(t, "schema", store.Migrate), "a").ready()
	p := newPlugin(n.api(), "server", "pvp", 7000, 1)
	if err := p.connect(steve); err != nil {
		t.Fatal(err)
	}
	if err := p.change(steve, func(r *fishPlayer, _ int64) { r.Rank = "mod" }, "promoted"); err != nil {
		t.Fatal(err)
	}
	got := n.changes("")
	if len(got) != 1 || !strings.HasPrefix(got[0], "rank player > mod by <nil> on ") ||
		strings.Contains(got[0], "on <nil>") {
		t.Errorf("%q", got)
	}
}
