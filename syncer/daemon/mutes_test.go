package daemon_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
)

// A mute is made once, whoever asks for it at the same time, and is in the history once.
func TestMutesAreMadeOnce(t *testing.T) {
	t.Parallel()
	url, _ := database(t)
	a, b := start(t, url, "a").ready(), start(t, url, "b").ready()
	a.join("carl", "Carl")
	b.sees("carl", "Carl", "name")
	const asking = 8
	outcomes := map[any]int{}
	var mu sync.Mutex
	var group sync.WaitGroup
	for i := range asking {
		group.Go(func() {
			n := []*node{a, b}[i%2]
			body := fmt.Sprintf(`{"reason": "spam", "by": "Alice %d"}`, i)
			muted, err := n.try(http.MethodPost, player("carl")+"/mute", body)
			mu.Lock()
			defer mu.Unlock()
			if err != nil {
				outcomes[err]++
				return
			}
			outcomes[muted.field("outcome")]++
		})
	}
	group.Wait()
	if outcomes["made"] != 1 || outcomes["stands"] != asking-1 {
		t.Errorf("outcomes %v", outcomes)
	}
	for _, n := range []*node{a, b} {
		n.sees("carl", "infinity", "unmuteTime")
		n.sees("carl", "spam", "muteReason")
	}
	replaced := b.must(http.MethodPost, player("carl")+"/mute", `{"duration": "2h", "replace": true, "by": "Bob"}`)
	if replaced.field("outcome") != "replaced" || replaced.field("muteReason") != "" ||
		replaced.field("muted") != true {
		t.Errorf("replaced: %s", replaced.body)
	}
	for _, want := range []string{"ended", "absent"} {
		unmuted := a.send(http.MethodPost, player("carl")+"/unmute", ``, "Syncer-By", "Bob")
		if unmuted.field("outcome") != want || unmuted.field("muted") != false {
			t.Errorf("%s: %s", want, unmuted.body)
		}
	}
	b.sees("carl", nil, "unmuteTime")
	entries, _ := a.get(player("carl") + "/history").field("history").([]any)
	if len(entries) != 3 {
		t.Errorf("history %v", entries)
	}
	if audited := a.changes("?field=unmuteTime&by=Bob"); len(audited) != 2 {
		t.Errorf("audited %q", audited)
	}
	if unknown := a.send(http.MethodPost, player("nobody")+"/mute", `{}`); unknown.status != http.StatusNotFound {
		t.Errorf("who does not exist: %d %s", unknown.status, unknown.body)
	}
}
