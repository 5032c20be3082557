package console_test

import (
	"context"
	"net/http"
	"testing"

	"playersync/syncer/console"
	"playersync/syncer/daemon"
)

// withHealth has something to say on the page about health.
func withHealth(c *daemon.Config) {
	c.Console.Settings = []console.Setting{
		{Name: "http.token", Value: "[secret]", Source: "SYNCER_HTTP_TOKEN"},
		{Name: "sync.heartbeat", Value: "1s", Source: "default"},
	}
	c.Console.Check = func(context.Context) []console.Finding {
		return []console.Finding{
			{Name: "database", Verdict: "OK", Detail: "postgres@localhost:5432/playersync answers in 0.4 ms"},
			{Name: "http.listen", Verdict: "WARN", Detail: "no <b>token", Advice: "set http.token"},
		}
	}
}

func TestHealthSaysWhatCheckSays(t *testing.T) {
	t.Parallel()
	s := start(t, withHealth)
	b := s.browser().signIn(viewer)
	b.wants(http.StatusOK, "GET", "/console/health", nil).
		contains(t, "[secret]", "SYNCER_HTTP_TOKEN", "follows the database", "1.2.3", "survival-1")
	s.stream(b, "checks").until("checks", has("no &lt;b&gt;token: set http.token"))
	b.wants(http.StatusOK, "GET", "/console/health", nil).contains(t, "answers in")
}
