package sidecar

import (
	"fmt"
	"maps"
	"slices"
	"sync"

	"playersync/syncer"
)

// Servers are the game servers that this sidecar answers: those that are configured, which
// are known by their names, and a bounded number of others. It is safe for concurrent use.
type Servers struct {
	home       syncer.GameServer
	configured map[string]syncer.GameServer // by name, home among them

	mu     sync.Mutex
	others map[string]bool // names of those that have asked
}

// mostOtherServers bounds what servers can take by asking under many names.
const mostOtherServers = 256

// NewServers returns the configured servers. Home asks when a request does not say.
func NewServers(home syncer.GameServer, others []syncer.GameServer) *Servers {
	s := &Servers{
		home: home, configured: map[string]syncer.GameServer{home.Name: home}, others: map[string]bool{},
	}
	for _, server := range others {
		s.configured[server.Name] = server
	}
	return s
}

// Home returns the game server that asks when a request does not say.
func (s *Servers) Home() syncer.GameServer { return s.home }

// Named returns a configured server.
func (s *Servers) Named(name string) (server syncer.GameServer, known bool) {
	server, known = s.configured[name]
	return server, known
}

// Admit takes note of a server that asks. Error: full, for one that is not configured when
// many others of that kind have asked since the start.
func (s *Servers) Admit(from syncer.GameServer) error {
	if _, known := s.configured[from.Name]; known {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.others[from.Name] && len(s.others) == mostOtherServers {
		return &syncer.Error{Code: syncer.CodeFull, Message: fmt.Sprintf(
			"%d servers that are not configured have asked already; name this one in server.others", mostOtherServers)}
	}
	s.others[from.Name] = true
	return nil
}

// Names returns those of the configured servers.
func (s *Servers) Names() []string { return slices.Sorted(maps.Keys(s.configured)) }
