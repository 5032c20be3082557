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
// bans. It reports the 99th percentile.
func BenchmarkCheckIsBanned(b *testing.B) {
	url, conn := database(b)
	run(b, conn, `insert into ban (uuid) select lpad(n::text, 22, 'A') || '==' from generate_series(1, 1000000) as n`)
	n := start(b, url, "fish")
	n.ready()
	keeping := &http.Client{Transport: &http.Transport{}}
	defer keeping.CloseIdleConnections()
	body := []byte(`{"uuid":"AAAAAAAAAAAAAAAA500000==","ip":"192.0.2.1"}`)
	var took []time.Duration
	for b.Loop() {
		began := time.Now()
		response, err := keeping.Post(n.URL()+"/api/checkIsBanned", "application/json", bytes.NewReader(body))
		if err != nil {
			b.Fatal(err)
		}
		answer, err := io.ReadAll(response.Body)
		_ = response.Body.Close()
		if string(answer) != `{"data":true}` || err != nil {
			b.Fatalf("%s, %v", answer, err)
		}
		took = append(took, time.Since(began))
	}
	slices.Sort(took)
	b.ReportMetric(float64(took[len(took)*99/100].Microseconds()), "p99-µs")
}
