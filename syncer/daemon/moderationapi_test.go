package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"playersync/syncer/changefeed"
)

// What the plugin's protocol alone had reaches every sidecar by the public API, and each
// change is told of once, wherever it was made.
func TestModerationByThePublicAPI(t *testing.T) {
	t.Parallel()
	url, psql := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	after := b.get("/v1/events?wait=0s").header.Get("Syncer-Last-Event-ID")
	next := func(want string) {
		t.Helper()
		polled := b.get("/v1/events?wait=60s&types=antibot,blacklist,moderation&after=" + after)
		after = polled.header.Get("Syncer-Last-Event-ID")
		var events []struct {
			Type changefeed.EventType
			Data map[string]any
		}
		if err := json.Unmarshal(polled.body, &events); err != nil || len(events) != 1 {
			t.Fatalf("instead of %q: %s", want, polled.body)
		}
		data := events[0].Data
		got := string(events[0].Type)
		for _, member := range []string{"kind", "pattern", "setBy", "address", "listed", "source", "message"} {
			if value, has := data[member]; has {
				got += fmt.Sprintf(" %v", value)
			}
		}
		if got != want {
			t.Errorf("told %q, want %q", got, want)
		}
	}
	a.must(http.MethodPut, "/v1/antibot-patterns/blacklist", `{"pattern": "bot", "by": "Alice"}`)
	next("antibot blacklist bot Alice")
	run(t, psql, `update antibot_pattern set pattern = 'bots'`)
	next("antibot blacklist bots Alice")
	a.must(http.MethodDelete, "/v1/antibot-patterns/blacklist", ``)
	next("antibot blacklist  <nil>")
	a.must(http.MethodPost, "/v1/blacklisted-addresses", `{"addresses": ["192.0.2.1"]}`)
	next("blacklist 192.0.2.1 true")
	b.blacklisted("192.0.2.1")
	run(t, psql, `truncate blacklisted_address`)
	next("blacklist 192.0.2.1 false")
	a.must(http.MethodPost, "/api/mod-dump", `{"message": "Steve was stopped"}`)
	next("moderation game server 127.0.0.1 Steve was stopped")
	a.must(http.MethodPost, "/v1/moderation-log", `{"message": "Alex was freed"}`)
	next("moderation a Alex was freed")
	run(t, psql, `insert into mod_log (source, message) values ('psql', repeat('x', 20000))`)
	next("moderation psql " + strings.Repeat("x", 20000))
	var page struct{ Entries []struct{ Source string } }
	if err := json.Unmarshal(a.get("/v1/moderation-log?limit=2").body, &page); err != nil || len(page.Entries) != 2 ||
		page.Entries[1].Source != "a" {
		t.Errorf("listed %+v, %v", page, err)
	}
	gone := a.send(http.MethodDelete, "/v1/blacklisted-addresses/192.0.2.1", "")
	if gone.status != http.StatusNotFound {
		t.Errorf("an address that is not listed: %d %s", gone.status, gone.body)
	}
	noneMissed(t, a, b)
}
