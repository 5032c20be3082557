package daemon_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/postgres/pgtest"
)

// game stands for a game server that, like Mindustry's, keeps bans of its own and
// turns players away by them before it asks anybody. Only events change them.
type game struct {
	t    testing.TB
	node *node

	mu    sync.Mutex
	bans  map[syncer.Target]syncer.Time // until when
	last  string                        // position in the events
	reads int                           // of the whole list
}

func newGame(t testing.TB, n *node) *game {
	return &game{t: t, node: n, bans: map[syncer.Target]syncer.Time{}}
}

// follow opens the stream of events, behind the last one if there was any, and
// returns what cuts it off.
func (g *game) follow() (cut func()) {
	g.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, g.node.URL()+"/v1/events?types=ban", nil)
	if err != nil {
		g.t.Fatal(err)
	}
	first := g.last == ""
	if !first {
		request.Header.Set("Last-Event-ID", g.last)
	}
	streaming := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	response, err := streaming.Do(request)
	if err != nil {
		g.t.Fatal(err)
	}
	if first { // the position is older than the list, so that nothing falls in between
		g.last = response.Header.Get("Syncer-Last-Event-ID")
		g.read()
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer func() { _ = response.Body.Close() }()
		g.take(bufio.NewScanner(response.Body))
	}()
	cut = sync.OnceFunc(func() {
		cancel()
		<-done
	})
	g.t.Cleanup(cut)
	return cut
}

// take applies events until the stream ends.
func (g *game) take(lines *bufio.Scanner) {
	var id, kind, data string
	for lines.Scan() {
		name, value, _ := strings.Cut(lines.Text(), ": ")
		switch name {
		case "id":
			id = value
		case "event":
			kind = value
		case "data":
			data = value
		case "":
			g.apply(id, kind, data)
			kind = ""
		}
	}
}

func (g *game) apply(id, kind, data string) {
	switch kind {
	case "ban":
		var event wire.BanEvent
		if err := json.Unmarshal([]byte(data), &event); err != nil {
			g.t.Errorf("event %q: %v", data, err)
			return
		}
		g.set(targetOf(event.UUID, event.IP), event.Banned, event.ExpiresAt)
	case "resync":
		g.read()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.last = id
}

func (g *game) set(target syncer.Target, banned bool, until syncer.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if banned {
		g.bans[target] = until
	} else {
		delete(g.bans, target)
	}
}

// read replaces the local list by the sidecar's, which it asks for until the database
// is there to answer.
func (g *game) read() {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for deadline := time.Now().Add(waitTimeout); ; <-again.C {
		bans, err := g.list()
		if err == nil {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.bans = bans
			g.reads++
			return
		}
		if time.Now().After(deadline) {
			g.t.Errorf("read bans: %v", err)
			return
		}
	}
}

// list returns all bans in force, page by page.
func (g *game) list() (map[syncer.Target]syncer.Time, error) {
	bans, after := map[syncer.Target]syncer.Time{}, ""
	for {
		answer, err := g.node.try(http.MethodGet, "/v1/bans?active=true&limit=2&after="+url.QueryEscape(after), "")
		if err == nil && answer.status != http.StatusOK {
			err = fmt.Errorf("%d %s", answer.status, answer.body)
		}
		var page wire.BansPage
		if err == nil {
			err = json.Unmarshal(answer.body, &page)
		}
		if err != nil {
			return nil, err
		}
		for _, ban := range page.Bans {
			bans[targetOf(ban.UUID, ban.IP)] = ban.ExpiresAt
		}
		if page.Next == nil {
			return bans, nil
		}
		after = *page.Next
	}
}

func targetOf(id *syncer.PlayerID, ip *string) syncer.Target {
	if id != nil {
		return syncer.TargetID(*id)
	}
	target, _ := syncer.ParseTarget("", *ip)
	return target
}

// holds reports whether the local list keeps a player out.
func (g *game) holds(id, ip string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for target, until := range g.bans {
		hit := target.ID == syncer.PlayerID(id)
		if target.ID == "" {
			hit = target.Prefix.Contains(netip.MustParseAddr(ip))
		}
		if hit && (until.IsZero() || until.After(time.Now())) { // nobody tells when a ban runs out
			return true
		}
	}
	return false
}

// connect lets a player try to join once: "" if let in, else who turned him away.
func (g *game) connect(id, ip string) string {
	g.t.Helper()
	if g.holds(id, ip) {
		return "the local list"
	}
	joined := g.node.must(http.MethodPost, player(id)+"/join", fmt.Sprintf(`{"name": "Steve", "ip": %q}`, ip))
	if joined.field("ban") != nil {
		return "the sidecar"
	}
	return ""
}

// learns waits until the local list says the same as want.
func (g *game) learns(id, ip string, want bool) {
	g.t.Helper()
	pgtest.Eventually(g.t, waitTimeout, func() error {
		if g.holds(id, ip) != want {
			return fmt.Errorf("the local list of %s holds %s %s: %v", g.node.name, id, ip, !want)
		}
		return nil
	})
}

// joinsAtOnce fails unless every game lets the player in at the first try.
func joinsAtOnce(t *testing.T, id, ip string, games ...*game) {
	t.Helper()
	for _, g := range games {
		if by := g.connect(id, ip); by != "" {
			t.Errorf("%s is turned away from %s by %s", id, g.node.name, by)
		}
	}
}
