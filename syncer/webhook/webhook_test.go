package webhook

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"
	"pgregory.net/rapid"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// receiver is a webhook's other end. Answers are given in turn, then 204.
type receiver struct {
	*httptest.Server
	mu      sync.Mutex
	answers []int
	bodies  []string
	arrived chan string
}

func newReceiver(t *testing.T, answers ...int) *receiver {
	t.Helper()
	r := &receiver{answers: answers, arrived: make(chan string, 100)}
	r.Server = httptest.NewServer(http.HandlerFunc(r.serve))
	t.Cleanup(r.Close)
	return r
}

func (r *receiver) serve(w http.ResponseWriter, request *http.Request) {
	body, _ := io.ReadAll(request.Body)
	r.mu.Lock()
	status := http.StatusNoContent
	if len(r.answers) > 0 {
		status, r.answers = r.answers[0], r.answers[1:]
	}
	r.bodies = append(r.bodies, string(body))
	r.mu.Unlock()
	if status == 0 {
		connection, _, err := http.NewResponseController(w).Hijack()
		if err == nil {
			_ = connection.Close()
		}
		return
	}
	w.Header().Set("Location", "/elsewhere")
	w.WriteHeader(status)
	if status == http.StatusNoContent {
		var m message
		_ = json.Unmarshal(body, &m)
		r.arrived <- m.Content
	}
}

// start runs a webhook until the test ends or stop is called.
func start(t *testing.T, config Config, log io.Writer) (*Webhook, func()) {
	t.Helper()
	config.Backoff = time.Millisecond
	handler := slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug})
	w := New(config, prometheus.NewRegistry(), slog.New(handler))
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- w.Run(ctx) }()
	stop := sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(stop)
	return w, stop
}

func counted(t *testing.T, counter prometheus.Counter) float64 {
	t.Helper()
	registry := prometheus.NewRegistry()
	registry.MustRegister(counter)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	return families[0].GetMetric()[0].GetCounter().GetValue()
}

func TestTextsArriveInOrderWithoutPings(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, 500, 429, 0, 408)
	w, _ := start(t, Config{URL: r.URL}, io.Discard)
	want := []string{"one @everyone <@1>", "two", "é"}
	for _, text := range want {
		w.Send(text)
	}
	for _, text := range want {
		if got := <-r.arrived; got != text {
			t.Errorf("arrived %q, want %q", got, text)
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if want := `{"content":"one @everyone \u003c@1\u003e","allowed_mentions":{"parse":[]}}`; r.bodies[0] != want {
		t.Errorf("body %s, want %s", r.bodies[0], want)
	}
	if len(r.bodies) != len(want)+4 {
		t.Errorf("%d requests, want %d", len(r.bodies), len(want)+4)
	}
}

func TestWhatIsRefusedForGoodIsDropped(t *testing.T) {
	t.Parallel()
	r := newReceiver(t, 400, 302, 503, 503)
	w, stop := start(t, Config{URL: r.URL, Attempts: 2}, io.Discard)
	for _, text := range []string{"bad", "moved", "down", "good"} {
		w.Send(text)
	}
	if got := <-r.arrived; got != "good" {
		t.Errorf("arrived %q", got)
	}
	stop()
	refused := counted(t, w.dropped.WithLabelValues("refused"))
	if failed := counted(t, w.dropped.WithLabelValues("failed")); refused != 2 || failed != 1 {
		t.Errorf("%v refused and %v failed, want 2 and 1", refused, failed)
	}
}

func TestSendNeverWaits(t *testing.T) {
	t.Parallel()
	w := New(Config{URL: "http://192.0.2.1", Capacity: 2}, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	for range 5 {
		w.Send("text") // nobody sends: a call that waits would never return
	}
	if dropped := counted(t, w.dropped.WithLabelValues("full")); dropped != 3 {
		t.Errorf("%v dropped, want 3", dropped)
	}
}

func TestShutdownSendsWhatIsLeft(t *testing.T) {
	t.Parallel()
	r := newReceiver(t)
	w := New(Config{URL: r.URL}, prometheus.NewRegistry(), slog.New(slog.DiscardHandler))
	w.Send("one")
	w.Send("two")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := w.Run(ctx); err != nil {
		t.Fatal(err)
	}
	close(r.arrived)
	if got := slices.Collect(func(yield func(string) bool) {
		for text := range r.arrived {
			yield(text)
		}
	}); !slices.Equal(got, []string{"one", "two"}) {
		t.Errorf("arrived %q", got)
	}
}

func TestShutdownDoesNotHangOnASilentReceiver(t *testing.T) {
	t.Parallel()
	asked, release := make(chan struct{}), make(chan struct{})
	silent := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
		close(asked)
		<-release
	}))
	t.Cleanup(silent.Close)
	t.Cleanup(func() { close(release) })
	w, stop := start(t, Config{URL: silent.URL, Timeout: time.Hour, ShutdownTimeout: time.Millisecond}, io.Discard)
	w.Send("text")
	<-asked
	stop() // would never return
}

func TestURLIsNeverShown(t *testing.T) {
	t.Parallel()
	var log strings.Builder
	w, stop := start(t, Config{URL: "http://127.0.0.1:1/s3cret", Attempts: 2}, &log)
	w.Send("text")
	stop()
	if strings.Contains(log.String(), "s3cret") || !strings.Contains(log.String(), "dropped") {
		t.Errorf("log: %s", &log)
	}
	if err := Check("s3cret"); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("check says %v", err)
	}
}

func TestSplit(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringOfN(rapid.SampledFrom([]rune("ab \né😀")), 0, 9000, -1).Draw(t, "text")
		parts := split(text)
		for _, part := range parts {
			if n := len(utf16.Encode([]rune(part))); n > maxContent {
				t.Fatalf("a part of %d characters", n)
			}
		}
		squeeze := func(s string) string { return strings.Join(strings.Fields(s), "") }
		if got := squeeze(strings.Join(parts, "")); got != squeeze(text) {
			t.Fatalf("parts say %q, want %q", got, squeeze(text))
		}
	})
	parts := split(strings.Repeat("a", 1990) + "\n" + strings.Repeat("b", 100))
	if len(parts) != 2 || !strings.HasPrefix(parts[1], "b") {
		t.Errorf("parts %q", parts)
	}
	for _, blank := range []string{"", " ", "\n\n", strings.Repeat(" ", 5000)} {
		if parts := split(blank); len(parts) > 0 {
			t.Errorf("%q gives %d parts", blank, len(parts))
		}
	}
}
