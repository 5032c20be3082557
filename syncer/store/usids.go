package store

import (
	"context"

	"playersync/db"
	"playersync/syncer"
)

// AddUSIDRejection records a rejected proof of identity until an administrator
// approves it by the SQL function approve_usid, or 30 days have passed. The same one
// again changes nothing.
func (s *Store) AddUSIDRejection(ctx context.Context, r syncer.USIDRejection) error {
	ctx, cancel := s.bounded(ctx)
	defer cancel()
	return writeError("add usid rejection", s.queries.AddUSIDRejection(ctx, db.AddUSIDRejectionParams{
		Code: r.Code, Uuid: string(r.ID), Address: r.Address, Usid: r.USID,
	}))
}
