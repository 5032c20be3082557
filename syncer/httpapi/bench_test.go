package httpapi

import (
	"bytes"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
)

// benchFixture is a server whose player looks like a real one and which logs nothing.
func benchFixture(b *testing.B) *fixture {
	b.Helper()
	f := newFixture(b, func(_ *Config, d *Deps) { d.Log = slog.New(slog.DiscardHandler) })
	p := f.players[exampleID]
	p.Gamemodes[testHome.Gamemode] = syncer.GamemodeRecord{
		FirstJoined: syncer.TimeOf(testNow), LastJoined: syncer.TimeOf(testNow),
		Stats: map[string]int64{
			"blocksBroken": 120, "blocksPlaced": 900, "chatMessages": 77, "gamesFinished": 5, "gamesWon": 2,
		},
	}
	p.History = []syncer.HistoryEntry{
		{Action: "muted", By: "Steve", Time: syncer.TimeOf(testNow)},
		{Action: "unmuted", By: "Steve", Time: syncer.TimeOf(testNow)},
	}
	p.Attributes = []byte(`{"economy":{"tier":2},"home":[10,20]}`)
	f.players[exampleID] = p
	return f
}

// asked is one kind of request.
type asked struct{ name, method, path, body string }

var benchRequests = []asked{
	{"get", "GET", playerPath, ""},
	{"check", "POST", "/v1/bans/check", `{"uuid":"` + exampleID + `","ip":"203.0.113.7"}`},
	{"balances", "GET", playerPath + "/balances", ""},
	{"leave", "POST", playerPath + "/leave", `{"name":"[accent]Steve","stats":{"blocksBroken":1}}`},
	{"join", "POST", playerPath + "/join", `{"name":"[accent]Steve","ip":"203.0.113.7","usid":"gB3mTVEkJpo="}`},
}

// BenchmarkLoopback asks the API and an empty handler that writes the same bytes,
// in turns over kept-alive connections, and reports the ratios: throughput with
// a client per processor, and the median of one request at a time.
func BenchmarkLoopback(b *testing.B) {
	for _, a := range benchRequests {
		b.Run(a.name, func(b *testing.B) {
			f := benchFixture(b)
			g := f.ask(b, a.method, a.path, a.body)
			if g.Code >= http.StatusMultipleChoices {
				b.Fatalf("status %d: %s", g.Code, g.Body)
			}
			empty := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				maps.Copy(w.Header(), g.Header())
				_, _ = w.Write(g.Body.Bytes())
			})
			compare(b, a, f.server.Handler(), empty)
		})
	}
}

func compare(b *testing.B, a asked, ours, floor http.Handler) {
	b.Helper()
	servers := []*httptest.Server{httptest.NewServer(ours), httptest.NewServer(floor)}
	defer servers[0].Close()
	defer servers[1].Close()
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 64}}
	defer client.CloseIdleConnections()
	const round = 200
	var busy [2]time.Duration
	var single [2][]time.Duration
	for b.Loop() {
		for i, server := range servers {
			begin := time.Now()
			var group sync.WaitGroup
			for range runtime.GOMAXPROCS(0) {
				group.Go(func() {
					for range round {
						send(b, client, server.URL, a)
					}
				})
			}
			group.Wait()
			busy[i] += time.Since(begin)
			for range round {
				begin := time.Now()
				send(b, client, server.URL, a)
				single[i] = append(single[i], time.Since(begin))
			}
		}
	}
	b.ReportMetric(busy[1].Seconds()/busy[0].Seconds(), "throughput/floor")
	for i := range single {
		slices.Sort(single[i])
	}
	ourMedian, floorMedian := single[0][len(single[0])/2], single[1][len(single[1])/2]
	b.ReportMetric(float64(floorMedian)/float64(ourMedian), "p50-floor/p50")
	b.ReportMetric(float64(ourMedian.Nanoseconds())/1e3, "p50-µs")
}

func send(b *testing.B, client *http.Client, url string, a asked) {
	b.Helper()
	r, err := http.NewRequest(a.method, url+a.path, strings.NewReader(a.body))
	if err != nil {
		b.Error(err)
		return
	}
	if a.body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := client.Do(r)
	if err != nil {
		b.Error(err)
		return
	}
	_, _ = io.Copy(io.Discard, response.Body)
	_ = response.Body.Close()
}

// discard is a response writer without a connection.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkHandler measures what the API itself adds to net/http.
func BenchmarkHandler(b *testing.B) {
	for _, a := range benchRequests {
		b.Run(a.name, func(b *testing.B) {
			handler := benchFixture(b).server.Handler()
			r := httptest.NewRequest(a.method, "http://localhost"+a.path, nil)
			r.ContentLength = int64(len(a.body))
			r.Header.Set("Content-Type", "application/json")
			body := bytes.NewReader(nil)
			r.Body = io.NopCloser(body)
			w := &discard{http.Header{}}
			b.ReportAllocs()
			for b.Loop() {
				body.Reset([]byte(a.body))
				clear(w.header)
				handler.ServeHTTP(w, r)
			}
		})
	}
}
