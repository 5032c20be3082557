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
	hosts    map[string]bool // in lower case, besides IP addresses
	tokens   []token
	origins  *http.CrossOriginProtection
}

// token is what a caller shows, and for whom it may speak then.
type token struct {
	digest [sha256.Size]byte // so that comparing takes the same time for every length
	server string            // "" for every one
}

func newToken(text, server string) token { return token{sha256.Sum256([]byte(text)), server} }

func newGuard(c Config) *guard {
	hosts := map[string]bool{"localhost": true}
	if name, _, err := net.SplitHostPort(c.Listen); err == nil {
		hosts[strings.ToLower(name)] = true
	}
	for _, name := range c.AllowedHosts {
		hosts[strings.ToLower(name)] = true
	}
	g := &guard{hosts: hosts, networks: c.AllowedNetworks, origins: http.NewCrossOriginProtection()}
	if c.Token != "" {
		g.tokens = append(g.tokens, newToken(c.Token, ""))
	}
	for server, text := range c.Tokens {
		g.tokens = append(g.tokens, newToken(text, server))
	}
	return g
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

// identify reports whether the request carries a token, if any is asked for, and for which
// game server it may speak, "" for every one.
func (g *guard) identify(r *http.Request) (server string, known bool) {
	if len(g.tokens) == 0 {
		return "", true
	}
	scheme, text, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	shown := newToken(strings.TrimSpace(text), "")
	for _, t := range g.tokens { // all of them, so that the time tells nothing
		if subtle.ConstantTimeCompare(shown.digest[:], t.digest[:]) == 1 {
			server, known = t.server, true
		}
	}
	return server, known && strings.EqualFold(scheme, "Bearer")
}

// refuseStranger returns the problem for a request without a token, or one that
// a foreign web page made the browser of somebody on this machine send.
func (s *Server) refuseStranger(r *http.Request, known bool) *Problem {
	if !known {
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
