package store

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

// defaultAuth is how a server beyond this machine must ask for the password: by SCRAM it
// learns nothing that lets it log in.
const defaultAuth = "scram-sha-256"

// parseConfig reads a connection URL for one connection; see [harden].
func parseConfig(url string) (*pgx.ConnConfig, error) {
	config, err := pgx.ParseConfig(url)
	if err != nil {
		return nil, redact(err)
	}
	harden(config, url)
	return config, nil
}

// harden asks for more than the driver does where a server is on another machine, or may be:
// TLS, and that the password is not given away. The URL or the environment may say otherwise.
func harden(c *pgx.ConnConfig, url string) {
	remote := func(f *pgconn.FallbackConfig) bool { return !isLocal(f.Host) }
	if isLocal(c.Host) && !slices.ContainsFunc(c.Fallbacks, remote) {
		return
	}
	if !says(url, "sslmode", "PGSSLMODE") && !says(url, "ssl", "") {
		c.Fallbacks = slices.DeleteFunc(c.Fallbacks, func(f *pgconn.FallbackConfig) bool {
			return f.TLSConfig == nil && !isLocal(f.Host)
		})
	}
	if c.Password != "" && !says(url, "require_auth", "PGREQUIREAUTH") {
		c.RequireAuth = defaultAuth
	}
}

// says reports whether a connection URL, or text of keys and values, or the environment
// holds a key.
func says(url, key, variable string) bool {
	if variable != "" && os.Getenv(variable) != "" {
		return true
	}
	for _, part := range strings.FieldsFunc(url, func(r rune) bool { return strings.ContainsRune("?& \t\n", r) }) {
		if name, _, assigned := strings.Cut(part, "="); assigned && name == key {
			return true
		}
	}
	return false
}

// isLocal reports whether a host is this machine: a socket's directory or a loopback address.
func isLocal(host string) bool {
	if host == "localhost" || filepath.IsAbs(host) || strings.HasPrefix(host, "@") {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

// Transport is how a connection to the database is guarded.
type Transport struct {
	Local    bool   // the server is on this machine
	TLS      string // version, such as "TLS 1.3"; "" for none
	Verified bool   // the server's certificate was checked
	Auth     string // the only ways in which the server may ask for the password; "" for any
}

// transportOf describes an open connection.
func transportOf(conn net.Conn, c *pgx.ConnConfig) Transport {
	t := Transport{Local: isLocal(c.Host), Auth: c.RequireAuth}
	if encrypted, ok := conn.(*tls.Conn); ok {
		t.TLS = tls.VersionName(encrypted.ConnectionState().Version)
		t.Verified = c.TLSConfig != nil && (!c.TLSConfig.InsecureSkipVerify ||
			c.TLSConfig.VerifyPeerCertificate != nil || c.TLSConfig.VerifyConnection != nil)
	}
	return t
}

// String describes it for people.
func (t Transport) String() string {
	text := "not encrypted"
	switch {
	case t.TLS != "" && t.Verified:
		text = t.TLS + ", certificate checked"
	case t.TLS != "":
		text = t.TLS + ", certificate not checked"
	case t.Local:
		text = "on this machine"
	}
	if t.Auth != "" {
		text += fmt.Sprintf("; password by %s only", t.Auth)
	}
	return text
}
