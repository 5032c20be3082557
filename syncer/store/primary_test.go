package store

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/changefeed"
)

func TestServersThatWereReplacedAreRefused(t *testing.T) {
	t.Parallel()
	var servers primaries
	for _, step := range []struct {
		system   string
		number   uint64
		admitted bool
	}{
		{"one", 1, true},
		{"one", 3, true},
		{"one", 2, false},
		{"one", 3, true},
		{"another", 1, true},
		{"another", 2, true},
		{"another", 1, false},
	} {
		err := servers.admit(instance{timeline: timeline{step.system, step.number}}, "")
		if (err == nil) != step.admitted || err != nil && !errors.Is(err, changefeed.ErrReplaced) {
			t.Errorf("%+v: %v", step, err)
		}
	}
}

// The server that was the primary last is tried first; others keep their order, and each
// keeps what TLS it is asked for.
func TestThePrimaryIsTriedFirst(t *testing.T) {
	t.Parallel()
	const given = "192.0.2.1:1 192.0.2.1:1 plain 192.0.2.2:2 192.0.2.2:2 plain 192.0.2.2:3 192.0.2.2:3 plain"
	for address, want := range map[string]string{
		"":            given,
		"192.0.2.1:1": given,
		"192.0.2.2:3": "192.0.2.2:3 192.0.2.2:3 plain 192.0.2.1:1 192.0.2.1:1 plain 192.0.2.2:2 192.0.2.2:2 plain",
		"192.0.2.9:1": given,
	} {
		config, err := pgx.ParseConfig("postgres://192.0.2.1:1,192.0.2.2:2,192.0.2.2:3/?sslmode=prefer")
		if err != nil {
			t.Fatal(err)
		}
		servers := primaries{address: address}
		servers.prefer(t.Context(), config)
		hosts := []string{fmt.Sprintf("%s:%d", config.Host, config.Port)}
		if config.TLSConfig == nil {
			hosts = append(hosts, "plain")
		}
		for _, host := range config.Fallbacks {
			hosts = append(hosts, fmt.Sprintf("%s:%d", host.Host, host.Port))
			if host.TLSConfig == nil {
				hosts = append(hosts, "plain")
			}
		}
		if got := strings.Join(hosts, " "); got != want {
			t.Errorf("after %q: %s", address, got)
		}
	}
}
