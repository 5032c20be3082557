package sidecar

import (
	"context"

	"playersync/syncer"
)

// Ban returns the ban of a number, open or over, with its notes, or not_found.
func (s *Sidecar) Ban(ctx context.Context, number int64) (syncer.NotedBan, error) {
	return s.store.Ban(ctx, number)
}

// ChangeBan gives a ban in force another reason or expiry. It returns not_found
// for one that does not exist, and conflict for one that is over.
func (s *Sidecar) ChangeBan(ctx context.Context, number int64, change syncer.BanChange) (syncer.Ban, error) {
	if err := change.Validate(s.clock.Now()); err != nil {
		return syncer.Ban{}, err
	}
	begun := s.applier.Begin()
	changed, changes, err := s.store.ChangeBan(ctx, number, change)
	if err != nil {
		return syncer.Ban{}, err
	}
	s.applier.Wrote(begun, nil, changes)
	return changed, nil
}

// AddBanNote adds a note to a ban, open or over, or returns not_found.
func (s *Sidecar) AddBanNote(ctx context.Context, ban int64, note syncer.BanNote) (syncer.BanNote, error) {
	if err := note.Validate(); err != nil {
		return syncer.BanNote{}, err
	}
	return s.store.AddBanNote(ctx, ban, note)
}

// ExportBans returns up to size bans with a number below before, newest first, as
// they are carried to another database, and the number to go on below; 0 at the end.
func (s *Sidecar) ExportBans(ctx context.Context, filter syncer.BanFilter, before int64, size int) ([]syncer.BanRecord, int64, error) {
	bans, err := s.store.NotedBans(ctx, filter, before, size)
	if err != nil {
		return nil, 0, err
	}
	records, next := make([]syncer.BanRecord, len(bans)), int64(0)
	for i, ban := range bans {
		records[i] = ban.Record(s.clock.Now())
	}
	if len(bans) == size {
		next = bans[size-1].Number
	}
	return records, next, nil
}

// ImportBans stores bans of another database, all or none, and says what became of
// each; a trial only says so. Each must be valid.
func (s *Sidecar) ImportBans(ctx context.Context, records []syncer.BanRecord, trial bool) ([]syncer.ImportedBan, error) {
	if trial {
		return s.store.TryImportBans(ctx, records)
	}
	return s.store.ImportBans(ctx, records) // one change for many: the feed brings it back
}

// PreviewBan returns whom a ban of an address or a range would keep out, with up to
// size players.
func (s *Sidecar) PreviewBan(ctx context.Context, target syncer.Target, size int) (syncer.BanPreview, error) {
	return s.store.PreviewBan(ctx, target, size)
}
