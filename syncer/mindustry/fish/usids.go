package fish

import (
	"context"

	"playersync/syncer"
	"playersync/syncer/mindustry"
)

// USIDs records proofs of identity that servers rejected.
type USIDs struct{ store USIDStore }

// USIDStore is what rejections need of the database.
type USIDStore interface {
	AddUSIDRejection(ctx context.Context, rejection mindustry.USIDRejection) error
}

// NewUSIDs returns the rejections in the store.
func NewUSIDs(store USIDStore) *USIDs { return &USIDs{store: store} }

// RejectUSID records that a server turned a player away for a proof of identity
// other than the stored one. An administrator may approve the code.
func (u *USIDs) RejectUSID(
	ctx context.Context, from syncer.GameServer, id syncer.PlayerID, usid, code string,
) error {
	rejection := mindustry.USIDRejection{Code: code, ID: id, Address: from.Address, USID: usid}
	if err := rejection.Validate(); err != nil {
		return err
	}
	return u.store.AddUSIDRejection(ctx, rejection)
}
