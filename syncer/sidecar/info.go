package sidecar

import (
	"context"
	"net/netip"

	"playersync/syncer"
)

// Info is what is known of the visits of players: how often each joined and was
// kicked, under which names and from which addresses. It is safe for concurrent use.
type Info struct {
	store   InfoStore
	players *Players
}

// InfoStore is what info needs of the database. Lists return the position of the next
// page, "" at the end.
type InfoStore interface {
	PlayerInfo(ctx context.Context, id syncer.PlayerID) (syncer.PlayerInfo, error)
	InfoByName(ctx context.Context, name string, size int, after string) ([]syncer.InfoMatch, string, error)
	InfoByAddress(ctx context.Context, ip netip.Prefix, size int, after string) ([]syncer.InfoMatch, string, error)
	SharingAccounts(
		ctx context.Context, id syncer.PlayerID, size int, after string,
	) ([]syncer.SharingAccount, string, error)
}

// NewInfo returns the info in the store; players counts the visits that are not stored
// yet.
func NewInfo(store InfoStore, players *Players) *Info {
	return &Info{store: store, players: players}
}

// Kick counts that a player was kicked from a server. It is in memory when Kick
// returns and stored like a join: within the flush interval, exactly once, also if
// the database is away. Errors: not_found; without the database, and the player not
// in memory, the kick is counted nevertheless.
func (i *Info) Kick(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) error {
	return i.players.count(ctx, id, syncer.Visit{Server: from.Name, Kicks: 1})
}

// Info returns what is known of a player's visits, from the database. What this
// sidecar counted is in it; what others did in the last moments follows within their
// flush interval. Errors: not_found, database_unavailable.
func (i *Info) Info(ctx context.Context, id syncer.PlayerID) (syncer.PlayerInfo, error) {
	if err := i.players.storeVisits(ctx, id); err != nil {
		return syncer.PlayerInfo{}, err
	}
	return i.store.PlayerInfo(ctx, id)
}

// InfoByName finds players who joined under a name that contains the text, the latest
// first.
func (i *Info) InfoByName(ctx context.Context, name string, page Page) ([]syncer.InfoMatch, string, error) {
	return i.store.InfoByName(ctx, name, page.Size, page.After)
}

// InfoByAddress finds players who joined from an address or range, the latest first.
func (i *Info) InfoByAddress(ctx context.Context, ip netip.Prefix, page Page) ([]syncer.InfoMatch, string, error) {
	return i.store.InfoByAddress(ctx, ip, page.Size, page.After)
}

// SharingAccounts returns the other players who joined from addresses of a player: who
// shares the most first. A player of whom nothing is known shares nothing.
func (i *Info) SharingAccounts(
	ctx context.Context, id syncer.PlayerID, page Page,
) ([]syncer.SharingAccount, string, error) {
	return i.store.SharingAccounts(ctx, id, page.Size, page.After)
}
