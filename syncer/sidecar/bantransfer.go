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
	// Namesakes returns those of the ids that no player has and that were never banned, each
	// with the ids of the players who have it for a name.
	Namesakes(ctx context.Context, ids []syncer.PlayerID) (map[syncer.PlayerID][]string, error)
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

// Doubts returns, by their positions, why records ban what may be no id: invalid for the
// name of a player or of several, whose ids the message has; not_found for what nobody has
// for an id or name. Ids in the forms of games, and those that are known or were banned
// before, are in no doubt.
func (t *BanTransfer) Doubts(ctx context.Context, records []syncer.BanRecord) (map[int]error, error) {
	var ids []syncer.PlayerID
	for _, record := range records {
		if record.MayBeName() {
			ids = append(ids, record.Target.ID)
		}
	}
	if len(ids) == 0 {
		return nil, nil
	}
	namesakes, err := t.store.Namesakes(ctx, ids)
	if err != nil {
		return nil, err
	}
	doubts := map[int]error{}
	for i, record := range records {
		if players, doubted := namesakes[record.Target.ID]; doubted && record.MayBeName() {
			doubts[i] = doubt(record.Target.ID, players)
		}
	}
	return doubts, nil
}

// doubt says what a record seems to mean by an id that nobody has.
func doubt(id syncer.PlayerID, namesakes []string) error {
	switch text := syncer.TargetID(id).RecordedText(); len(namesakes) {
	case 0:
		return syncer.InField("uuid", syncer.NotFound("no player has the id or name %q; write %s for an id that "+
			"nobody has yet", id, text))
	case 1:
		return syncer.Invalid("uuid", "%q is the name of the player %s; give that id, or %s for an id of that text",
			id, namesakes[0], text)
	default:
		return syncer.Invalid("uuid", "%s; an id of that text is written %s", ambiguous(string(id), namesakes), text)
	}
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
