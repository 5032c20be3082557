package config

import (
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"regexp"
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

// passwordKey matches where a connection string in the form key=value has a password.
var passwordKey = regexp.MustCompile(`(^|[\s&?]|ssl)password\s*=\s*[^\s&]`)

// HoldsPassword reports whether the text of a connection URL holds a password.
func HoldsPassword(text string) bool {
	if parsed, err := url.Parse(text); err == nil && parsed.User != nil {
		if password, _ := parsed.User.Password(); password != "" {
			return true
		}
	}
	return passwordKey.MatchString(text)
}

// DatabaseName tells people which database a connection URL leads to; see the
// function of that name.
func (s Secret) DatabaseName() string {
	parsed, err := pgconn.ParseConfig(string(s))
	if err != nil {
		return hidden
	}
	return DatabaseName(parsed)
}

// DatabaseName tells people which database is meant: user, host, port and name,
// without the password and other parameters.
func DatabaseName(c *pgconn.Config) string {
	host := net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port)))
	if strings.HasPrefix(c.Host, "/") {
		host = c.Host
	}
	return fmt.Sprintf("%s@%s/%s", c.User, host, c.Database)
}
