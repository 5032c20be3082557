package sidecar

import (
	"context"
	"net/netip"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Kick counts that a player was kicked from a server. It is in memory when Kick
// returns and stored like a join: within the flush interval, exactly once, also if
// the database is away. Errors: not_found; without the database, and the player not
// in memory, the kick is counted all the same.
func (s *Sidecar) Kick(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) error {
	if _, err := s.readForPatch(ctx, id); err != nil && !isAway(err) {
		return err
	}
	now := syncer.TimeOf(s.clock.Now())
	s.mu.Lock()
	defer s.mu.Unlock()
	v := s.visitor(id)
	v.pending = v.pending.Then(merge.Edit{Visits: []syncer.Visit{{Server: from.Name, Kicks: 1, First: now, Last: now}}})
	return nil
}

// Info returns what is known of a player's visits, from the database. What this
// sidecar counted is in it; what others did in the last moments follows within their
// flush interval. Errors: not_found, database_unavailable.
func (s *Sidecar) Info(ctx context.Context, id syncer.PlayerID) (syncer.PlayerInfo, error) {
	s.mu.Lock()
	v, known := s.visitors[id]
	if known && len(v.unsaved().Visits) > 0 {
		saved := s.await(id)
		s.mu.Unlock()
		if err := wait(ctx, saved); err != nil {
			return syncer.PlayerInfo{}, err
		}
	} else {
		s.mu.Unlock()
	}
	return s.store.PlayerInfo(ctx, id)
}

// InfoByName finds players who joined under a name that contains the text, the latest
// first.
func (s *Sidecar) InfoByName(ctx context.Context, name string, page Page) ([]syncer.InfoMatch, string, error) {
	return s.store.InfoByName(ctx, name, page.Size, page.After)
}

// InfoByAddress finds players who joined from an address or range, the latest first.
func (s *Sidecar) InfoByAddress(ctx context.Context, ip netip.Prefix, page Page) ([]syncer.InfoMatch, string, error) {
	return s.store.InfoByAddress(ctx, ip, page.Size, page.After)
}

// SharingAccounts returns the other players who joined from addresses of a player: who
// shares the most first. A player of whom nothing is known shares nothing.
func (s *Sidecar) SharingAccounts(ctx context.Context, id syncer.PlayerID, page Page) ([]syncer.SharingAccount, string, error) {
	return s.store.SharingAccounts(ctx, id, page.Size, page.After)
}
