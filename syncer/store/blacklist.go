package store

import (
	"context"

	"playersync/db"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
)

// AddBlacklisted adds addresses to the connection blacklist; those on it already
// are no error. The changes are the new ones. Without by the login of the database counts as
// who adds them.
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

// Blacklisted returns up to size addresses behind one, in the order of their bytes; with a
// text only those that contain it, in any case.
func (s *Store) Blacklisted(
	ctx context.Context, text, after string, size int,
) ([]mindustry.BlacklistedAddress, error) {
	rows, err := s.queries.ListBlacklistedAddresses(ctx, db.ListBlacklistedAddressesParams{
		After: after, Part: text, PageSize: int32(size),
	})
	addresses := make([]mindustry.BlacklistedAddress, len(rows))
	for i, row := range rows {
		addresses[i] = mindustry.BlacklistedAddress{
			Address: row.Address, AddedAt: timeOf(row.AddedAt), AddedBy: row.AddedBy,
		}
	}
	return addresses, readError("list blacklist", err)
}

// RemoveBlacklisted removes an address from the connection blacklist; one that is
// not on it is no error and no change.
func (s *Store) RemoveBlacklisted(ctx context.Context, address string) ([]changefeed.Change, error) {
	rows, err := s.queries.RemoveBlacklistedAddress(ctx, address)
	if removed, err := s.done(ctx, "remove from blacklist", int64(len(rows)), err); !removed {
		return nil, err
	}
	changes, _, err := decodeEach(rows)
	return changes, err
}
