package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard decides who is answered.
type guard struct {
	networks []netip.Prefix
	hosts    map[string]bool   // in lower case, besides IP addresses
	token    [sha256.Size]byte // digest, so that comparing takes the same time for every length
	hasToken bool
	origins  *http.CrossOriginProtection
}

func newGuard(c Config) *guard {
	hosts := map[string]bool{"localhost": true}
	if name, _, err := net.SplitHostPort(c.Listen); err == nil {
		hosts[strings.ToLower(name)] = true
	}
	for _, name := range c.AllowedHosts {
		hosts[strings.ToLower(name)] = true
	}
	return &guard{
		hosts:    hosts,
		networks: c.AllowedNetworks, token: sha256.Sum256([]byte(c.Token)), hasToken: c.Token != "",
		origins: http.NewCrossOriginProtection(),
	}
}

// admits reports whether the peer's network is allowed.
func (g *guard) admits(remote string) bool {
	if len(g.networks) == 0 {
		return true
	}
	peer, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	address := peer.Addr().Unmap().WithZone("")
	for _, network := range g.networks {
		if network.Contains(address) {
			return true
		}
	}
	return false
}

// isCalled reports whether a Host header names this server. A web page whose name was
// made to lead here (DNS rebinding) has the browser send that name; an IP address it cannot
// redirect, and a client that sends no name is no browser.
func (g *guard) isCalled(host string) bool {
	name := host
	if before, _, err := net.SplitHostPort(host); err == nil {
		name = before
	}
	name = strings.TrimSuffix(strings.ToLower(name), ".")
	if _, err := netip.ParseAddr(strings.Trim(name, "[]")); err == nil {
		return true
	}
	return name == "" || g.hosts[name] || strings.HasSuffix(name, ".localhost")
}

// knows reports whether the request carries the token.
func (g *guard) knows(r *http.Request) bool {
	if !g.hasToken {
		return true
	}
	scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	digest := sha256.Sum256([]byte(strings.TrimSpace(token)))
	return subtle.ConstantTimeCompare(digest[:], g.token[:]) == 1 && strings.EqualFold(scheme, "Bearer")
}

// refuseStranger returns the problem for a request without the token, or one that
// a foreign web page made the browser of somebody on this machine send.
func (s *Server) refuseStranger(r *http.Request) *Problem {
	if !s.guard.knows(r) {
		p := newProblem(http.StatusUnauthorized, codeUnauthorized, "send the token as Authorization: Bearer <token>")
		p.Errors = []FieldError{{In: inHeader, Field: "Authorization", Message: "is missing or wrong"}}
		p.header = http.Header{"Www-Authenticate": {`Bearer realm="syncer"`}}
		return p
	}
	if err := s.guard.origins.Check(r); err != nil {
		p := newProblem(http.StatusForbidden, codeForbidden, "a web page of another origin may not change anything")
		p.Errors = []FieldError{{In: inHeader, Field: "Origin", Message: "is not the address asked"}}
		return p
	}
	return nil
}
