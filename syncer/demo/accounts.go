package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

const alice syncer.PlayerID = "alice"

// playAccounts lets Alice play from Steve's address on the other server.
func playAccounts(ctx context.Context, s *Stage) error {
	s.Say("Each join notes name and address. Who came from the same address as a player, on whichever server, is " +
		"one request away.")
	s.Blank()
	for _, visit := range []struct {
		server *GameServer
		id     syncer.PlayerID
		name   string
	}{{s.Survival, steve, steveName}, {s.PvP, alice, "Alice"}} {
		began := time.Now()
		if _, err := visit.server.Join(ctx, visit.id, visit.name, steveIP); err != nil {
			return err
		}
		s.Did(visit.server.Name, fmt.Sprintf("%s joins from %s", visit.name, steveIP), time.Since(began))
		var info wire.PlayerInfo // what the asked sidecar counted is in the database now
		if _, err := visit.server.send(ctx, http.MethodGet, path(visit.id)+"/info", nil, &info); err != nil {
			return err
		}
	}
	began := time.Now()
	var page wire.AccountsPage
	if _, err := s.Survival.send(ctx, http.MethodGet, path(steve)+"/accounts", nil, &page); err != nil {
		return err
	}
	s.Did(s.Survival.Name, "asks who shares an address with Steve", time.Since(began))
	shared, times := "nobody", int64(0)
	if len(page.Accounts) > 0 && len(page.Accounts[0].Addresses) > 0 {
		address := page.Accounts[0].Addresses[0]
		shared, times = page.Accounts[0].Name+", "+address.IP, address.Times
	}
	s.Check("who shares an address with Steve", shared, "Alice, "+steveIP)
	s.Check("how often Alice came from there", times, int64(1))
	for _, server := range s.GameServers() {
		if _, err := server.send(ctx, http.MethodPost, path(alice)+"/leave", nil, nil); err != nil {
			return err
		}
	}
	return s.dismissSteve(ctx)
}
