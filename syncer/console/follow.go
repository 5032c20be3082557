package console

import (
	"bytes"
	"net/http"
	"strings"
	"time"

	"playersync/syncer"
)

const (
	// followBeat is the time between signs of life on a silent stream, and how soon a page
	// hears that its session is over.
	followBeat = 15 * time.Second
	// followTimeout bounds how long a browser may take for one change.
	followTimeout = 5 * time.Second
)

// follow answers with the parts of a page as server-sent events, whenever they change.
func (c *Console) follow(w http.ResponseWriter, r *http.Request, _ *session) {
	q := r.URL.Query()
	page, stop, err := c.live.watch(strings.Split(q.Get("parts"), ","), syncer.PlayerID(q.Get("player")))
	if err != nil {
		w.Header().Set("Retry-After", "5")
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	defer stop()
	h := w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would hold them back
	out := http.NewResponseController(w)
	send := func(text []byte) bool {
		_ = out.SetWriteDeadline(time.Now().Add(followTimeout)) // where it cannot be set, the server's own counts
		_, err := w.Write(text)
		return err == nil && out.Flush() == nil
	}
	beat := time.NewTicker(followBeat)
	defer beat.Stop()
	for open := send([]byte(": welcome\n\n")); open; {
		select {
		case u, ok := <-page.out:
			open = ok && send(u.event())
		case <-beat.C:
			s := c.sessionOf(r, false)
			open = s != nil && c.refreshRights(r.Context(), s, false) && send([]byte(": \n\n"))
		case <-c.live.done:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// event returns the update as a server-sent event.
func (u update) event() []byte {
	var out bytes.Buffer
	out.WriteString("event: " + u.part + "\n")
	for line := range strings.SplitSeq(strings.TrimSpace(string(u.html)), "\n") {
		out.WriteString("data: " + strings.TrimSpace(line) + "\n")
	}
	out.WriteString("\n")
	return out.Bytes()
}
