package config

import (
	"fmt"
	"log/slog"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// Secret is a text that does not show itself: whatever prints, logs or encodes
// it gets "[secret]". Use [Secret.Reveal] where it is needed.
type Secret string

const hidden = "[secret]"

// Reveal returns the text.
func (s Secret) Reveal() string { return string(s) }

// String returns "[secret]", or "" for the empty secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return hidden
}

// GoString is String, for %#v.
func (s Secret) GoString() string { return `"` + s.String() + `"` }

// MarshalText is String, for encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue is String, for slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// passwordIn matches where a connection string has a password: behind the user of a URL, or in
// the form key=value.
var passwordIn = regexp.MustCompile(`^\w+://[^/?#@:]*:[^/?#@]+@|(^|[\s&?]|ssl)password\s*=\s*[^\s&]`)

// HoldsPassword reports whether the text of a connection URL holds a password.
func HoldsPassword(text string) bool { return passwordIn.MatchString(text) }

// DatabaseName tells people which database a connection URL leads to; see the
// function of that name.
func (s Secret) DatabaseName() string {
	parsed, err := pgconn.ParseConfig(string(s))
	if err != nil {
		return hidden
	}
	return DatabaseName(parsed)
}

// DatabaseName tells people which database is meant: user, hosts, ports and name,
// without the password and other parameters.
func DatabaseName(c *pgconn.Config) string {
	hosts := []string{hostName(c.Host, c.Port)}
	for _, f := range c.Fallbacks {
		if host := hostName(f.Host, f.Port); !slices.Contains(hosts, host) { // one may be tried with TLS and without
			hosts = append(hosts, host)
		}
	}
	return fmt.Sprintf("%s@%s/%s", c.User, strings.Join(hosts, ","), c.Database)
}

func hostName(host string, port uint16) string {
	if strings.HasPrefix(host, "/") {
		return host
	}
	return net.JoinHostPort(host, strconv.Itoa(int(port)))
}
