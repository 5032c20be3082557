package daemon_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/daemon"
	"playersync/syncer/feed"
	"playersync/syncer/httpapi"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/sidecar"
)

// node is a running daemon as a game server meets it.
type node struct {
	*daemon.Daemon // nil in a process of its own
	t              testing.TB
	name           string
	base           string // of the HTTP API
	stop           func() error
}

// URL returns the address of the HTTP API.
func (n *node) URL() string { return n.base }

// never is a heartbeat under which no poll comes to the rescue: what a node
// knows it has from notifications and from what it read on connecting.
const never = time.Hour

// start runs a daemon on the database at url until the test ends; change may
// adapt its configuration.
func start(t testing.TB, url, name string, change ...func(*daemon.Config)) *node {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	config := daemon.Config{
		DatabaseURL: url,
		Migrate:     true,
		Sidecar: sidecar.Config{
			Home: syncer.GameServer{Name: name, Gamemode: "gamemode-" + name, Address: "127.0.0.1:6567"},
		},
		HTTP:     httpapi.Config{Listen: listener.Addr().String()},
		Listener: listener,
		Feed:     feed.Config{Heartbeat: never},
		DataDir:  t.TempDir(),
	}
	longTimeouts(&config)
	config.Sidecar.FlushInterval = 50 * time.Millisecond
	for _, adapt := range change {
		adapt(&config)
	}
	log := slog.DiscardHandler
	if testing.Verbose() {
		log = slog.NewTextHandler(t.Output(), nil)
	}
	d, err := daemon.New(t.Context(), config, slog.New(log).With("node", name))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- d.Run(ctx) }()
	var result error
	stopped := false
	n := &node{Daemon: d, t: t, name: name, base: d.URL(), stop: func() error {
		if !stopped {
			stopped = true
			cancel()
			result = <-done
			client.CloseIdleConnections()
		}
		return result
	}}
	t.Cleanup(func() {
		if err := n.stop(); err != nil {
			t.Errorf("node %s: %v", name, err)
		}
	})
	return n
}

// longTimeouts makes a node wait for what is slow: on a busy machine nothing counts as broken
// that is not. See shortTimeouts.
func longTimeouts(c *daemon.Config) {
	c.Store.Timeout = waitTimeout
	c.Store.MaxConnections = 2 // a new connection costs more than waiting for one
	c.Feed.ConnectTimeout, c.Feed.StatementTimeout, c.Feed.ReloadTimeout = waitTimeout, waitTimeout, waitTimeout
	c.Presence.Lease = never
	c.Fish.Timeout = waitTimeout
	c.HTTP.ReadTimeout, c.HTTP.RequestTimeout = waitTimeout, waitTimeout
	c.HTTP.WriteTimeout, c.HTTP.DrainTimeout = waitTimeout, waitTimeout
}

// ready waits until the node follows the database.
func (n *node) ready() *node {
	n.t.Helper()
	pgtest.Eventually(n.t, waitTimeout, func() error {
		if response := n.get("/readyz"); response.status != http.StatusOK {
			return fmt.Errorf("not ready: %s", response.body)
		}
		return nil
	})
	return n
}

// answer is a response with its body read.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// field returns a member of the body by its path, nil if absent.
func (a answer) field(path ...string) any {
	var value any
	if err := json.Unmarshal(a.body, &value); err != nil {
		return nil
	}
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func (n *node) get(path string) answer { return n.send(http.MethodGet, path, "") }

func (n *node) send(method, path, body string, headers ...string) answer {
	n.t.Helper()
	a, err := n.try(method, path, body, headers...)
	if err != nil {
		n.t.Fatal(err)
	}
	return a
}

// try is send for goroutines that must not end the test.
func (n *node) try(method, path, body string, headers ...string) (answer, error) {
	request, err := http.NewRequestWithContext(context.Background(), method, n.URL()+path, bytes.NewBufferString(body))
	if err != nil {
		return answer{}, err
	}
	if body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	response, err := client.Do(request)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	return answer{status: response.StatusCode, header: response.Header, body: data}, err
}

// client keeps connections for a time in which no node closes them. Those that are left
// at a node's end are closed, or goleak would find them.
var client = &http.Client{
	Transport: &http.Transport{MaxIdleConnsPerHost: 16, IdleConnTimeout: time.Second, DisableCompression: true},
	Timeout:   waitTimeout,
}

// must is send for a request that has to succeed.
func (n *node) must(method, path, body string) answer {
	n.t.Helper()
	a := n.send(method, path, body)
	if a.status >= 300 {
		n.t.Fatalf("%s %s: %d %s", method, path, a.status, a.body)
	}
	return a
}

func player(id string) string { return "/v1/players/" + url.PathEscape(id) }

func (n *node) join(id, name string) answer {
	n.t.Helper()
	return n.must(http.MethodPost, player(id)+"/join", fmt.Sprintf(`{"name": %q, "ip": "192.0.2.1"}`, name))
}

// sees waits until the node answers the player from memory with a field equal to want.
func (n *node) sees(id string, want any, field ...string) {
	n.t.Helper()
	pgtest.Eventually(n.t, waitTimeout, func() error {
		a := n.get(player(id))
		if got := a.field(field...); fmt.Sprint(got) != fmt.Sprint(want) || a.header.Get("Syncer-Source") != "memory" {
			return fmt.Errorf("%v is %v from %q, want %v from memory", field, got, a.header.Get("Syncer-Source"), want)
		}
		return nil
	})
}

// banned waits until the node's verdict on a ban check is want.
func (n *node) banned(check string, want bool) {
	n.t.Helper()
	pgtest.Eventually(n.t, waitTimeout, func() error {
		if got := n.must(http.MethodPost, "/v1/bans/check", check).field("banned"); got != want {
			return fmt.Errorf("banned is %v, want %v", got, want)
		}
		return nil
	})
}
