package sidecar

import (
	"context"

	"playersync/syncer"
)

// Kicks asks game servers to kick players. It is safe for concurrent use.
type Kicks struct{ store KickStore }

// KickStore is what kicks need of the database.
type KickStore interface {
	Kick(ctx context.Context, kick syncer.Kick) (servers []string, err error)
}

// NewKicks returns the kicks in the store.
func NewKicks(store KickStore) *Kicks { return &Kicks{store} }

// Kick asks the game servers where a player is to kick him, and returns their names. They
// hear of it by an event, also those of other sidecars; whether a game obeys is not known.
// Errors: invalid; not_found for a player who is on no server.
func (k *Kicks) Kick(ctx context.Context, kick syncer.Kick) (servers []string, err error) {
	if err := kick.Validate(); err != nil {
		return nil, err
	}
	if servers, err = k.store.Kick(ctx, kick); err != nil || len(servers) > 0 {
		return servers, err
	}
	return nil, syncer.NotFound("%s is on no game server", kick.Player)
}
