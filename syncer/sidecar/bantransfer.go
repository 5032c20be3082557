package sidecar

import (
	"cmp"
	"context"
	"math"

	"playersync/syncer"
)

// BanTransfer carries bans from one database to another. It is safe for concurrent use.
type BanTransfer struct {
	store BanTransferStore
	clock Clock
}

// BanTransferStore is what carrying bans needs of the database.
type BanTransferStore interface {
	NotedBans(ctx context.Context, filter syncer.BanFilter, before int64, size int) ([]syncer.NotedBan, error)
	ImportBans(ctx context.Context, records []syncer.BanRecord) ([]syncer.ImportedBan, error)
	TryImportBans(ctx context.Context, records []syncer.BanRecord) ([]syncer.ImportedBan, error)
}

// NewBanTransfer returns the transfer of the bans in the store.
func NewBanTransfer(store BanTransferStore, clock Clock) *BanTransfer {
	return &BanTransfer{store, clock}
}

// ExportBans returns up to size bans with a number below before, newest first, as
// they are carried to another database, and the number below which the next page begins; 0 at the end.
// With 0 as before it begins with the newest.
func (t *BanTransfer) ExportBans(
	ctx context.Context, filter syncer.BanFilter, before int64, size int,
) ([]syncer.BanRecord, int64, error) {
	bans, err := t.store.NotedBans(ctx, filter, cmp.Or(before, math.MaxInt64), size)
	if err != nil {
		return nil, 0, err
	}
	records, next := make([]syncer.BanRecord, len(bans)), int64(0)
	for i, ban := range bans {
		records[i] = ban.Record(t.clock.Now())
	}
	if len(bans) == size {
		next = bans[size-1].Number
	}
	return records, next, nil
}

// ImportBans stores bans of another database, all or none, and returns the outcome of
// each; a trial only says so. Each must be valid.
func (t *BanTransfer) ImportBans(
	ctx context.Context, records []syncer.BanRecord, trial bool,
) ([]syncer.ImportedBan, error) {
	if trial {
		return t.store.TryImportBans(ctx, records)
	}
	return t.store.ImportBans(ctx, records) // one change for many: the feed brings it back
}
