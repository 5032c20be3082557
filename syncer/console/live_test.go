package console_test

import (
	"bufio"
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"playersync/syncer/daemon"
	"playersync/syncer/postgres/pgtest"
)

// stream is the events of an open page.
type stream struct {
	t      testing.TB
	events chan [2]string    // part and HTML; closed at the end
	last   map[string]string // HTML by part
}

// stream opens the stream of a page that shows the parts.
func (s *site) stream(b *browser, parts string) *stream {
	s.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	r, err := http.NewRequestWithContext(ctx, "GET", s.URL()+"/console/live?parts="+parts, nil)
	if err != nil {
		s.t.Fatal(err)
	}
	response, err := b.client.Do(r)
	if err != nil || response.StatusCode != http.StatusOK {
		s.t.Fatalf("%v %v", response, err)
	}
	open := &stream{s.t, make(chan [2]string, 1000), map[string]string{}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(open.events)
		defer response.Body.Close()
		lines := bufio.NewScanner(response.Body)
		part, html := "", ""
		for lines.Scan() {
			name, value, _ := strings.Cut(lines.Text(), ": ")
			switch {
			case name == "event":
				part, html = value, ""
			case name == "data":
				html += value + "\n"
			case name == "" && part != "" && value == "":
				open.events <- [2]string{part, html}
				part = ""
			}
		}
	}()
	s.t.Cleanup(func() { cancel(); <-done })
	return open
}

// until returns the HTML of a part, as it was last or is next, once it is as it should be.
func (s *stream) until(part string, is func(html string) bool) string {
	s.t.Helper()
	late := time.After(pgtest.WaitTimeout)
	for !is(s.last[part]) {
		select {
		case e, open := <-s.events:
			if !open {
				s.t.Fatalf("the stream has ended; %s was %s", part, s.last[part])
			}
			s.last[e[0]] = e[1]
		case <-late:
			s.t.Fatalf("%s stays %s", part, s.last[part])
		}
	}
	return s.last[part]
}

func has(text string) func(string) bool {
	return func(html string) bool { return strings.Contains(html, text) }
}

// What is committed in psql is shown on every open page, without its asking.
func TestPagesFollowTheDatabase(t *testing.T) {
	t.Parallel()
	s := start(t)
	pages := []*stream{
		s.stream(s.browser().signIn(viewer), "status,network,news,servers"),
		s.stream(s.browser().signIn(actor), "network,news,unknown"),
	}
	pages[0].until("status", has("live"))
	s.run(`insert into server (name, gamemode, address) values ('pvp-1', 'pvp', '203.0.113.1:1')`)
	s.run(`insert into server_lease (server, run, expires_at) values ('pvp-1', gen_random_uuid(), 'tomorrow')`)
	s.run(`insert into session (server, uuid, run, name, gamemode, since)
		select server, 'id-1', run, 'Steve', 'pvp', now() from server_lease where server = 'pvp-1'`)
	for _, page := range pages {
		page.until("network", has("<strong>1</strong> player on 1 server"))
		page.until("news", has("came to"))
	}
	pages[0].until("servers", has(`data-label="Players">1</td>`))
	s.run(`insert into ban (ip, reason) values ('198.51.100.0/24', 'raid')`)
	for _, page := range pages {
		page.until("news", has("198.51.100.0/24"))
	}
}

// While the database is away pages say so, and since when; they are live again by themselves.
func TestPagesSayThatTheDatabaseIsAway(t *testing.T) {
	t.Parallel()
	var proxy *pgtest.Proxy
	s := start(t, func(c *daemon.Config) {
		proxy = pgtest.NewProxy(t, c.DatabaseURL)
		c.DatabaseURL = proxy.URL()
	})
	b := s.browser().signIn(viewer)
	page := s.stream(b, "status")
	page.until("status", has("live"))
	proxy.Refuse(true)
	proxy.Cut()
	page.until("status", has("database away, as of "))
	if p := b.wants(http.StatusOK, "GET", "/console/", nil); !strings.Contains(p.body, "database away") {
		t.Errorf("a new page does not say so: %s", p.body)
	}
	proxy.Refuse(false)
	page.until("status", has("live"))
}

// A stream ends with the session of its page at the next sign of life; a new one is refused.
func TestStreamsNeedASession(t *testing.T) {
	t.Parallel()
	s := start(t)
	s.browser().wants(http.StatusUnauthorized, "GET", "/console/live?parts=status", nil)
}
