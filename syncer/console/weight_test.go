package console_test

import (
	"io"
	"net/http"
	"regexp"
	"testing"
)

// mostWeight is what the first page may weigh with all that it needs, compressed, in bytes.
const mostWeight = 150 << 10

func TestFirstPageIsLight(t *testing.T) {
	t.Parallel()
	s := start(t)
	b := s.browser().signIn(actor)
	page := b.wants(http.StatusOK, "GET", "/console/", nil)
	weight := len(page.body) // which a proxy may compress
	assets := regexp.MustCompile(`(?:src|href)="(/console/assets/[^"]+)"`)
	for _, asset := range assets.FindAllStringSubmatch(page.body, -1) {
		r, err := http.NewRequestWithContext(t.Context(), "GET", s.URL()+asset[1], nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		response, err := b.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, response.Body)
		_ = response.Body.Close() // it was read
		if err != nil || response.Header.Get("Content-Encoding") != "gzip" {
			t.Errorf("%s: %v, %v", asset[1], response.Header, err)
		}
		weight += int(n)
	}
	t.Logf("the first page weighs %d bytes", weight)
	if weight > mostWeight {
		t.Errorf("the first page weighs %d bytes, at most %d are allowed", weight, mostWeight)
	}
}
