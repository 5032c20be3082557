package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
)

// polled is the answer of a long poll.
type polled []struct {
	ID   string
	Type changefeed.EventType
	Data map[string]any
}

func (f *fixture) publishBan(id syncer.PlayerID) {
	f.events.Publish(changefeed.Event{
		Type: changefeed.EventBan, Target: syncer.TargetID(id), Banned: true, ExpiresAt: syncer.Forever,
	})
}

func (f *fixture) publishPlayer(revision int64) {
	p := syncer.NewPlayer(exampleID)
	p.Revision = revision
	p.Gamemodes = map[string]syncer.GamemodeRecord{"pvp": {Stats: map[string]int64{"kills": 5}}}
	f.events.Publish(changefeed.Event{Type: changefeed.EventPlayer, ID: exampleID, Player: &p})
}

func TestLongPoll(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	var none polled
	g := f.ask(t, "GET", "/v1/events?wait=0s", "").wants(http.StatusOK).into(&none)
	start := g.Header().Get(headerLastEvent)
	if none == nil || len(none) != 0 || start != f.events.LastID() {
		t.Fatalf("%s at %q", g.Body, start)
	}
	f.publishPlayer(43)
	f.publishBan("banned")
	f.events.Publish(changefeed.Event{Type: changefeed.EventPlayer, ID: "gone", Gone: true})
	var all polled
	g = f.ask(t, "GET", "/v1/events?wait=1m&after="+start, "", "Syncer-Gamemode: pvp").wants(http.StatusOK).into(&all)
	if len(all) != 3 || g.Header().Get(headerLastEvent) != f.events.LastID() || all[2].ID != f.events.LastID() {
		t.Fatalf("%s", g.Body)
	}
	record, _ := all[0].Data["player"].(map[string]any)
	if all[0].Type != "player" || all[0].Data["uuid"] != exampleID || all[0].Data["revision"] != 43.0 ||
		all[0].Data["gone"] != false ||
		record["stats"].(map[string]any)["kills"] != 5.0 {
		t.Errorf("player event %v", all[0])
	}
	if d := all[1].Data; all[1].Type != "ban" || d["uuid"] != "banned" || d["ip"] != nil || d["banned"] != true ||
		d["expiresAt"] != "infinity" || len(d["online"].([]any)) != 0 {
		t.Errorf("ban event %v", all[1])
	}
	if d := all[2].Data; d["uuid"] != "gone" || d["gone"] != true || d["player"] != nil {
		t.Errorf("event of a deleted player %v", all[2])
	}
	var bans polled
	g = f.ask(t, "GET", "/v1/events?wait=0s&types=ban&after="+start, "").wants(http.StatusOK).into(&bans)
	if len(bans) != 1 || bans[0].Type != "ban" || g.Header().Get(headerLastEvent) != f.events.LastID() {
		t.Errorf("filtered: %s", g.Body)
	}
	g = f.ask(t, "GET", "/v1/events?wait=0s&types=ban&after="+bans[0].ID, "").wants(http.StatusOK).into(&bans)
	if len(bans) != 0 || g.Header().Get(headerLastEvent) != f.events.LastID() {
		t.Errorf("nothing wanted: %s, goes on at %s", g.Body, g.Header().Get(headerLastEvent))
	}
	var resync polled
	f.ask(t, "GET", "/v1/events?wait=0s&types=ban&after=of-another-process", "").wants(http.StatusOK).into(&resync)
	if len(resync) != 1 || resync[0].Type != "resync" || len(resync[0].Data) != 0 {
		t.Errorf("resync %v", resync)
	}
}

func TestLongPollWaits(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		begin := time.Now()
		f.ask(t, "GET", "/v1/events?wait=25s", "").wants(http.StatusOK)
		if waited := time.Since(begin); waited != 25*time.Second {
			t.Errorf("waited %s", waited)
		}
		time.AfterFunc(3*time.Second, func() { f.publishPlayer(43) })
		time.AfterFunc(7*time.Second, func() { f.publishBan("a") })
		begin = time.Now()
		var found polled
		f.ask(t, "GET", "/v1/events?wait=25s&types=ban", "").wants(http.StatusOK).into(&found)
		if waited := time.Since(begin); waited != 7*time.Second || len(found) != 1 {
			t.Errorf("waited %s for %v", waited, found)
		}
		time.AfterFunc(time.Second, f.server.close)
		begin = time.Now()
		f.ask(t, "GET", "/v1/events?wait=25s", "").wants(http.StatusOK)
		if waited := time.Since(begin); waited != time.Second {
			t.Errorf("a shutdown waits %s", waited)
		}
	})
}

func TestEventsRefuse(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	for query, field := range map[string]string{
		"wait=": "wait", "wait=61s": "wait", "wait=-1s": "wait", "wait=25": "wait", "wait=x": "wait", "types=": "types",
		"types=player,": "types",
		"types=gossip":  "types", "since=5": "since", "after=a&after=b&wait=0s": "after",
	} {
		f.ask(t, "GET", "/v1/events?"+query, "").problem(http.StatusBadRequest).names(t, field)
	}
	f.ask(t, "GET", "/v1/events?wait=0s", "", "Syncer-Server: other").problem(http.StatusBadRequest).names(t,
		headerGamemode, headerAddress)
}

// live serves the fixture on loopback for as long as the test lasts.
func (f *fixture) live(t *testing.T) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(f.server.Handler())
	t.Cleanup(func() { f.server.close(); server.Close() })
	return server
}

// eventStream reads a stream frame by frame.
type eventStream struct {
	*bufio.Reader
	response *http.Response
	cancel   context.CancelFunc
}

func openStream(t *testing.T, url string, headers ...string) *eventStream {
	t.Helper()
	return openStreamBy(t, &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}, url, headers...)
}

func openStreamBy(t *testing.T, client *http.Client, url string, headers ...string) *eventStream {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	r, err := http.NewRequestWithContext(ctx, "GET", url+"/v1/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ": ")
		r.Header.Set(name, value)
	}
	response, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	s := &eventStream{bufio.NewReader(response.Body), response, cancel}
	t.Cleanup(s.close)
	if kind := response.Header.Get("Content-Type"); response.StatusCode != 200 || kind != "text/event-stream" {
		t.Fatalf("status %d, content type %s", response.StatusCode, kind)
	}
	if first := s.frame(t); first[""] == "" && first["id"] == "" {
		t.Fatalf("begins with %v", first)
	}
	return s
}

func (s *eventStream) close() {
	s.cancel()
	_ = s.response.Body.Close()
}

// frame reads up to the next empty line; comments are left out. It returns nil at
// the end of the stream.
func (s *eventStream) frame(t *testing.T) map[string]string {
	t.Helper()
	fields := map[string]string{}
	for {
		line, err := s.ReadString('\n')
		if err != nil {
			return nil
		}
		if line == "\n" {
			return fields
		}
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); ok {
			fields[name] = value
		}
	}
}

func TestStream(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	server := f.live(t)
	s := openStream(t, server.URL)
	if at := s.response.Header.Get(headerLastEvent); at != f.events.LastID() {
		t.Errorf("begins behind %q", at)
	}
	f.publishPlayer(43)
	f.publishBan("banned")
	player, ban := s.frame(t), s.frame(t)
	var event wire.PlayerEvent
	if err := json.Unmarshal([]byte(player["data"]), &event); err != nil || player["event"] != "player" ||
		event.Revision != 43 || event.Player == nil {
		t.Errorf("%v: %v", player, err)
	}
	if ban["event"] != "ban" || ban["id"] != f.events.LastID() || !strings.Contains(ban["data"], `"uuid":"banned"`) {
		t.Errorf("%v", ban)
	}
	s.close()

	// A stream that reconnects continues behind the last event it got.
	again := openStream(t, server.URL, "Last-Event-ID: "+player["id"])
	if next := again.frame(t); next["id"] != ban["id"] {
		t.Errorf("goes on with %v", next)
	}
	for range 20 { // more than the buffer holds
		f.publishPlayer(44)
	}
	if late := openStream(t, server.URL, "Last-Event-ID: "+player["id"]).frame(t); late["event"] != "resync" ||
		late["data"] != "{}" {
		t.Errorf("a gap begins with %v", late)
	}
}

func TestStreamsEndWithTheServer(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	s := openStream(t, f.live(t).URL)
	f.server.close()
	if frame := s.frame(t); frame != nil {
		t.Errorf("got %v", frame)
	}
}

func TestStreamsAreLimited(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config, _ *Deps) { c.MaxStreams = 1 })
	server := f.live(t)
	s := openStream(t, server.URL)
	if p := f.ask(t, "GET", "/v1/events?wait=0s", "").problem(http.StatusServiceUnavailable); p.Code != codeBusy {
		t.Errorf("code %s", p.Code)
	}
	s.close()
	waitFor(t, func() bool { return f.server.streams.inUse() == 0 })
	f.ask(t, "GET", "/v1/events?wait=0s", "").wants(http.StatusOK)
}

func TestOneCallerHasHalfOfTheStreams(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config, _ *Deps) {
		c.MaxStreams, c.Token, c.Tokens = 4, "general", map[string]string{testOther.Name: "bound"}
	})
	poll := func(remote, token string) int {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/events?wait=0s", nil)
		r.RemoteAddr, r.Host = remote, "localhost"
		r.Header.Set("Authorization", "Bearer "+token)
		w := httptest.NewRecorder()
		f.server.Handler().ServeHTTP(w, r)
		return w.Code
	}
	hold := func(caller string) {
		if _, refused := f.server.streams.take(caller); refused != nil {
			t.Fatal(refused)
		}
	}
	hold("2001:db8::/64")
	hold("2001:db8::/64")
	for _, c := range []struct {
		remote, token string
		status        int
	}{
		{"[2001:db8::1]:1", "general", http.StatusServiceUnavailable},
		{"[2001:db8::2]:1", "general", http.StatusServiceUnavailable}, // the same machine, as it may be
		{"[2001:db8::1]:1", "bound", http.StatusOK},
		{"[2001:db8:0:1::1]:1", "general", http.StatusOK},
		{"192.0.2.1:1", "general", http.StatusOK},
	} {
		if status := poll(c.remote, c.token); status != c.status {
			t.Errorf("%s with the token %s: %d, want %d", c.remote, c.token, status, c.status)
		}
	}
	hold("loopback")
	hold("loopback")
	if status := poll("192.0.2.1:1", "general"); status != http.StatusServiceUnavailable {
		t.Errorf("a fifth: %d", status)
	}
}

// TestHeartbeat checks that a silent stream shows life, and tells the position
// behind events that were not wanted.
func TestHeartbeat(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		w := httptest.NewRecorder()
		time.AfterFunc(20*time.Second, func() { f.publishPlayer(43) })
		time.AfterFunc(40*time.Second, cancel)
		f.server.stream(ctx, w, &interest{
			After: f.events.LastID(), Types: eventTypes{[]changefeed.EventType{changefeed.EventBan}},
		})
		last := f.events.LastID()
		first := strings.TrimSuffix(last, "1") + "0"
		if want := ":\nid: " + first + "\n\n:\nid: " + first + "\n\n:\nid: " + last + "\n\n"; w.Body.String() != want {
			t.Errorf("sent %q, want %q", w.Body, want)
		}
	})
}

// stuckWriter is a client that does not read: every write reaches its deadline.
type stuckWriter struct {
	*httptest.ResponseRecorder
	deadline time.Time
	writes   int
}

func (w *stuckWriter) SetWriteDeadline(at time.Time) error {
	w.deadline = at
	return nil
}

func (w *stuckWriter) Write(b []byte) (int, error) {
	if w.writes++; w.writes > 1 {
		<-time.After(time.Until(w.deadline))
		return 0, &net.OpError{Op: "write", Err: context.DeadlineExceeded}
	}
	return len(b), nil
}

func TestSlowSubscribersAreCutOff(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		begin := time.Now()
		f.publishPlayer(43)
		f.server.stream(t.Context(), &stuckWriter{ResponseRecorder: httptest.NewRecorder()}, &interest{
			After: "of-another-process",
		})
		if waited := time.Since(begin); waited != f.server.config.WriteTimeout {
			t.Errorf("waited %s", waited)
		}
		if !strings.Contains(f.log.String(), "too slow") {
			t.Errorf("log %s", f.log)
		}
	})
}

// TestStreamsOutliveTheServersTimeouts reads signs of life for longer than any
// time-out of the server.
func TestStreamsOutliveTheServersTimeouts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, func(c *Config, _ *Deps) {
			c.ReadTimeout, c.RequestTimeout, c.WriteTimeout = time.Second, 20*time.Millisecond, time.Second
			c.IdleTimeout, c.Heartbeat = 20*time.Millisecond, 10*time.Millisecond
		})
		client := f.runInBubble(t).client()
		s := openStreamBy(t, client, "http://localhost")
		begin := time.Now()
		for time.Since(begin) < 10*time.Second {
			if s.frame(t) == nil {
				t.Fatalf("ended after %s", time.Since(begin))
			}
		}
		f.publishBan("a")
		for frame := s.frame(t); frame["event"] != "ban"; frame = s.frame(t) {
			if frame == nil {
				t.Fatal("ended without the event")
			}
		}
		status, body, err := fetchBy(t, client, "http://localhost/v1/events?wait=10s")
		if status != http.StatusOK || body != "[]" || err != nil {
			t.Errorf("a long poll ended with %d %q: %v", status, body, err)
		}
	})
}

// TestSubscribersThatDoNotReadAreCutOff fills a connection that nobody reads.
func TestSubscribersThatDoNotReadAreCutOff(t *testing.T) {
	t.Parallel()
	f := newFixture(t, func(c *Config, _ *Deps) { c.WriteTimeout = 20 * time.Millisecond })
	conn, err := net.Dial("tcp", strings.TrimPrefix(f.run(t).url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write([]byte("GET /v1/events HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	large := syncer.NewPlayer(exampleID)
	large.Attributes = json.RawMessage(`{"a":"` + strings.Repeat("x", 60<<10) + `"}`)
	waitFor(t, func() bool {
		f.events.Publish(changefeed.Event{Type: changefeed.EventPlayer, ID: large.ID, Player: &large})
		metrics := f.ask(t, "GET", "/metrics", "").Body.String()
		return strings.Contains(metrics, "playersync_http_event_streams_cut_total 1")
	})
	waitFor(t, func() bool { return f.server.streams.inUse() == 0 })
}

// A ban names the players on the asking server whom it keeps out; the end of one names nobody.
func TestBanEventNamesWhomToKick(t *testing.T) {
	t.Parallel()
	f := newFixture(t)
	start := f.events.LastID()
	target := mustTarget(t, "198.51.100.0/24")
	f.events.Publish(changefeed.Event{Type: changefeed.EventBan, Target: target, Banned: true})
	f.events.Publish(changefeed.Event{Type: changefeed.EventBan, Target: target})
	for server, want := range map[string]string{"pvp": "[[" + exampleID + "] []]", "other": "[[] []]"} {
		var bans polled
		f.ask(t, "GET", "/v1/events?wait=0s&after="+start, "", "Syncer-Server: "+server, "Syncer-Gamemode: a",
			"Syncer-Address: 192.0.2.1:6567").wants(http.StatusOK).into(&bans)
		if got := fmt.Sprint([]any{bans[0].Data["online"], bans[1].Data["online"]}); got != want {
			t.Errorf("%s is told to kick %s, want %s", server, got, want)
		}
	}
}
