package httpapi

import (
	"net/http"
	"net/netip"
	"sync"
)

// slots bound the event streams and long polls at a time. One caller has at most half of
// them, so that others always find room.
type slots struct {
	most int

	mu       sync.Mutex
	byCaller map[string]int
	taken    int
}

func newSlots(most int) *slots { return &slots{most: most, byCaller: map[string]int{}} }

// take takes a slot for a caller, who must free it, or returns why there is none.
func (s *slots) take(caller string) (free func(), refused *Problem) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.taken == s.most {
		return nil, busy("%d event streams are open already", s.taken)
	}
	if own := s.byCaller[caller]; own >= (s.most+1)/2 {
		return nil, busy("this caller has %d event streams open already, of at most %d for all", own, s.most)
	}
	s.taken++
	s.byCaller[caller]++
	return func() { s.free(caller) }, nil
}

func (s *slots) free(caller string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.taken--
	if s.byCaller[caller]--; s.byCaller[caller] == 0 {
		delete(s.byCaller, caller)
	}
}

func (s *slots) inUse() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.taken
}

func busy(format string, args ...any) *Problem {
	p := newProblem(http.StatusServiceUnavailable, codeBusy, format, args...)
	p.header = http.Header{"Retry-After": {"5"}}
	return p
}

// programOf tells the programs apart that ask, as far as requests tell: several may ask in
// the name of one game server, such as the game, a page for moderators and a script.
func programOf(r *http.Request) string { return callerOf(r) + " " + r.UserAgent() }

// callerOf returns who holds what a request takes: the game server whose token it carries,
// else its address. Addresses that one machine has many of count as one.
func callerOf(r *http.Request) string {
	if server := speaker(r.Context()); server != "" {
		return server
	}
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	address := peer.Addr().Unmap().WithZone("")
	bits := address.BitLen()
	switch {
	case address.IsLoopback():
		return "loopback"
	case address.Is6():
		bits = 64
	}
	return netip.PrefixFrom(address, bits).Masked().String()
}
