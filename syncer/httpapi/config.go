package httpapi

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config says where the API listens, whom it answers and how long it waits.
// Zero values mean the defaults; only Listen has none.
type Config struct {
	Listen string // "host:port"; host empty means every interface

	// Token, if not empty, must be sent as "Authorization: Bearer <token>" with
	// every request except /healthz and the mounted handlers. It speaks for every server.
	Token string
	// Tokens, by the name of a configured game server, may be sent in its place: each speaks
	// for that server only.
	Tokens map[string]string
	// AllowedNetworks, if not empty, are the only ones answered, loopback included.
	AllowedNetworks []netip.Prefix
	// AllowedHosts are names by which clients call this server, without port, besides
	// localhost, the name in Listen and every IP address.
	AllowedHosts []string

	// TLSCert and TLSKey, if not empty, are files in PEM form, read anew when they change:
	// the certificate with those between it and its authority, and its key, which others may
	// not read. All connections are then TLS, 1.2 or newer.
	TLSCert, TLSKey string

	MaxBody        int64         // bytes of a request's body, 1 MiB
	MaxHeader      int           // bytes of a request's headers, 64 KiB
	MaxStreams     int           // event streams and long polls at a time, 256
	ReadTimeout    time.Duration // for a whole request to arrive, 10 s
	RequestTimeout time.Duration // for a request to be answered, 10 s; event streams are exempt
	IdleTimeout    time.Duration // for a kept-alive connection's next request, 2 min
	WriteTimeout   time.Duration // for a subscriber to take one event, 5 s
	Heartbeat      time.Duration // between signs of life on a silent event stream, 15 s
	DrainTimeout   time.Duration // for requests in progress at shutdown, 10 s
}

// Validate returns an error that names the configuration key at fault. Above all
// it refuses to listen beyond loopback without a token or allowed networks.
func (c Config) Validate() error {
	host, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return fmt.Errorf("http.listen: %q is not host:port", c.Listen)
	}
	if !isPrintable(c.Token) {
		return errors.New("http.token: must consist of printable ASCII without spaces, as a header carries it")
	}
	for server, token := range c.Tokens {
		if token == "" || !isPrintable(token) {
			return fmt.Errorf("http.tokens: that of %q must consist of printable ASCII without spaces, "+
				"as a header carries it", server)
		}
	}
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return errors.New("http.tls: cert and key go together; set both or none")
	}
	for _, network := range c.AllowedNetworks {
		if !network.IsValid() {
			return errors.New("http.allowed_networks: holds an invalid network")
		}
	}
	for _, name := range c.AllowedHosts {
		if name == "" || strings.ContainsAny(name, ":/ *") {
			return fmt.Errorf("http.allowed_hosts: %q is not a host name such as syncer.example", name)
		}
	}
	if c.MaxBody < 0 || c.MaxHeader < 0 || c.MaxStreams < 0 {
		return errors.New("http: a limit must not be negative")
	}
	for _, d := range []time.Duration{
		c.ReadTimeout, c.RequestTimeout, c.IdleTimeout, c.WriteTimeout, c.Heartbeat, c.DrainTimeout,
	} {
		if d < 0 {
			return errors.New("http: a time-out must not be negative")
		}
	}
	return c.checkExposure(host)
}

func isPrintable(token string) bool {
	return strings.IndexFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) < 0
}

// checkTokens refuses tokens that could mean several servers, or one that is not configured.
func checkTokens(c Config, servers Servers) error {
	owner := map[string]string{c.Token: "http.token"}
	for _, name := range slices.Sorted(maps.Keys(c.Tokens)) {
		if _, known := servers.Named(name); !known {
			return fmt.Errorf("http.tokens: %q is neither server.name nor one of server.others", name)
		}
		if other, twice := owner[c.Tokens[name]]; twice {
			return fmt.Errorf("http.tokens: that of %q is the same as that of %s", name, other)
		}
		owner[c.Tokens[name]] = strconv.Quote(name)
	}
	return nil
}

// checkExposure refuses an address that strangers reach and nothing guards.
func (c Config) checkExposure(host string) error {
	if c.Token != "" || len(c.Tokens) > 0 || len(c.AllowedNetworks) > 0 || isLoopback(host) {
		return nil
	}
	return fmt.Errorf("http.listen: %s is reachable from other machines; "+
		"set http.token or http.allowed_networks, or listen on 127.0.0.1", c.Listen)
}

// TravelsInClear reports whether other machines may ask in clear text.
func (c Config) TravelsInClear() bool {
	host, _, err := net.SplitHostPort(c.Listen)
	return err == nil && c.TLSCert == "" && !isLoopback(host)
}

// isLoopback reports whether only this machine reaches host. Names other than
// localhost are not resolved: what they mean may change.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.Unmap().IsLoopback()
}

func (c Config) withDefaults() Config {
	orInt := func(v *int, fallback int) {
		if *v == 0 {
			*v = fallback
		}
	}
	orDuration := func(v *time.Duration, fallback time.Duration) {
		if *v == 0 {
			*v = fallback
		}
	}
	if c.MaxBody == 0 {
		c.MaxBody = 1 << 20
	}
	orInt(&c.MaxHeader, 64<<10)
	orInt(&c.MaxStreams, 256)
	orDuration(&c.ReadTimeout, 10*time.Second)
	orDuration(&c.RequestTimeout, 10*time.Second)
	orDuration(&c.IdleTimeout, 2*time.Minute)
	orDuration(&c.WriteTimeout, 5*time.Second)
	orDuration(&c.Heartbeat, 15*time.Second)
	orDuration(&c.DrainTimeout, 10*time.Second)
	return c
}
