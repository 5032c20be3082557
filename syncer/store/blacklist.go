package store

import (
	"context"

	"playersync/db"
	"playersync/syncer/changefeed"
)

// AddBlacklisted adds addresses to the connection blacklist; those on it already
// are no error. The changes are the new ones.
func (s *Store) AddBlacklisted(ctx context.Context, addresses []string, by string) ([]changefeed.Change, error) {
	rows, err := s.queries.AddBlacklistedAddresses(ctx, db.AddBlacklistedAddressesParams{
		AddedBy:   by,
		Addresses: addresses,
	})
	if err != nil {
		return nil, writeError("add to blacklist", err)
	}
	changes, _, err := decodeEach(rows)
	return changes, err
}

// RemoveBlacklisted removes an address from the connection blacklist; one that is
// not on it is no error and no change.
func (s *Store) RemoveBlacklisted(ctx context.Context, address string) ([]changefeed.Change, error) {
	rows, err := s.queries.RemoveBlacklistedAddress(ctx, address)
	if err != nil {
		return nil, writeError("remove from blacklist", err)
	}
	changes, _, err := decodeEach(rows)
	return changes, err
}
