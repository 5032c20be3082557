package daemon_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
)

// A request to kick reaches the sidecar of the server where the player is, by its event.
func TestKickReachesTheServerOfThePlayer(t *testing.T) {
	t.Parallel()
	url, _ := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	b.comes("carl", "Carl", "192.0.2.3")
	a.online("b: Carl")
	after := map[*node]string{}
	for _, n := range []*node{a, b} {
		after[n] = n.get("/v1/events?wait=0s&types=kick").header.Get("Syncer-Last-Event-ID")
	}
	for i, reason := range []string{"spam", "again"} {
		asked := a.send(http.MethodPost, player("carl")+"/kick", fmt.Sprintf(`{"reason": %q, "by": "Alice"}`, reason))
		if servers := fmt.Sprint(asked.field("servers")); asked.status != http.StatusAccepted || servers != "[b]" {
			t.Fatalf("%d %s", asked.status, asked.body)
		}
		for n, online := range map[*node]bool{a: false, b: true} {
			polled := n.get("/v1/events?wait=60s&types=kick&after=" + after[n])
			after[n] = polled.header.Get("Syncer-Last-Event-ID")
			var events []struct {
				Data struct {
					UUID, Reason, By string
					Online           bool
				}
			}
			if err := json.Unmarshal(polled.body, &events); err != nil || len(events) != 1 {
				t.Fatalf("request %d on %s: %s", i, n.name, polled.body)
			}
			data := events[0].Data
			if data.UUID != "carl" || data.Reason != reason || data.By != "Alice" || data.Online != online {
				t.Errorf("request %d on %s: %+v", i, n.name, data)
			}
		}
	}
	b.leave("carl")
	a.online()
	if gone := a.send(http.MethodPost, player("carl")+"/kick", `{}`); gone.status != http.StatusNotFound ||
		gone.field("detail") != "carl is on no game server" {
		t.Errorf("who left: %d %s", gone.status, gone.body)
	}
	if audited := a.changes("?field=kick"); len(audited) != 2 {
		t.Errorf("audited %q", audited)
	}
}
