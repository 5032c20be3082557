package daemon_test

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"
)

// BenchmarkCheckIsBanned asks over loopback, on one kept connection, among a million
// bans: half the time about somebody who is banned. It reports the median and the
// 99th percentile of either answer.
func BenchmarkCheckIsBanned(b *testing.B) {
	url, conn := database(b)
	run(b, conn, `insert into ban (uuid) select lpad(n::text, 22, 'A') || '==' from generate_series(1, 1000000) as n`)
	n := start(b, url, "fish")
	n.ready()
	keeping := &http.Client{Transport: &http.Transport{}}
	defer keeping.CloseIdleConnections()
	ask := func(body, want string) time.Duration {
		began := time.Now()
		response, err := keeping.Post(n.URL()+"/api/checkIsBanned", "application/json", bytes.NewReader([]byte(body)))
		if err != nil {
			b.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if string(answer) != want || err != nil {
			b.Fatalf("%s, %v", answer, err)
		}
		return time.Since(began)
	}
	var banned, free []time.Duration
	for b.Loop() {
		banned = append(banned, ask(`{"uuid":"AAAAAAAAAAAAAAAA500000==","ip":"192.0.2.1"}`, `{"data":true}`))
		free = append(free, ask(`{"uuid":"AAAAAAAAAAAAAAA9500000==","ip":"192.0.2.1"}`, `{"data":false}`))
	}
	for name, took := range map[string][]time.Duration{"true": banned, "false": free} {
		slices.Sort(took)
		b.ReportMetric(float64(took[len(took)/2].Microseconds()), name+"-p50-µs")
		b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), name+"-p99-µs")
	}
}
