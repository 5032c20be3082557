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
		texts = append(texts, fmt.Sprint(e["field"], " ", e["old"], " > ", e["new"], " by ", e["by"], " on ", e["server"], " as ", e["role"]))
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

	if response := a.send(http.MethodPatch, player("Steve"), `{"rank": "mod", "name": "Steve II"}`, "Syncer-By", "Alice"); response.status != http.StatusOK {
		t.Fatalf("%s", response.body)
	}
	b.must(http.MethodPatch, player("Steve"), `{"attributes": {"eco": 1}}`)
	run(t, conn, `update player set rank = 'admin'`)
	b.must(http.MethodPost, "/v1/bans", `{"uuid": "Steve", "by": "Alice"}`)
	a.must(http.MethodPost, player("Steve")+"/leave", `{}`)
	if got, want := fmt.Sprint(a.changes("?uuid=Steve&field=rank"), b.changes("?field=attributes"), b.changes("?server=b&by=Alice&field=row")[0][:9]),
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
	if response := a.send(http.MethodPost, "/v1/audit/"+first+"/revert", ""); response.status != http.StatusConflict || response.field("code") != "changed_since" {
		t.Errorf("revert of a change that another followed: %d %s", response.status, response.body)
	}
	reverted := a.must(http.MethodPost, "/v1/audit/"+number("field=rank")+"/revert", `{"by": "Alice"}`)
	if rank := a.get(player("Steve")).field("rank"); rank != "mod" || reverted.field("new") != "mod" || reverted.field("server") != "a" {
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
	if response := a.send(http.MethodPost, "/v1/audit/99999/revert", ""); response.status != http.StatusNotFound {
		t.Errorf("revert of nothing: %d %s", response.status, response.body)
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
	if len(got) != 1 || !strings.HasPrefix(got[0], "rank player > mod by <nil> on ") || strings.Contains(got[0], "on <nil>") {
		t.Errorf("%q", got)
	}
}
