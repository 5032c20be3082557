package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
)

// ListAudit returns up to size changes with a number below before, newest first.
func (s *Store) ListAudit(
	ctx context.Context, filter syncer.AuditFilter, before int64, size int,
) ([]syncer.AuditEntry, error) {
	rows, err := s.listAudit(ctx, filter, before, int32(size))
	if err != nil {
		return nil, readError("list audit", err)
	}
	entries := make([]syncer.AuditEntry, len(rows))
	for i, row := range rows {
		entries[i] = auditOf(row)
	}
	return entries, nil
}

// listAudit chooses the query whose index serves the filter.
func (s *Store) listAudit(ctx context.Context, f syncer.AuditFilter, before int64, size int32) ([]db.Audit, error) {
	field, server, who := optional(string(f.Field)), optional(f.Server), optional(f.By)
	since, until := timestamp(f.Since), timestamp(f.Until)
	switch {
	case f.ID != "":
		return s.queries.ListAuditOf(ctx, db.ListAuditOfParams{
			Uuid:     string(f.ID),
			Before:   before,
			Field:    field,
			Server:   server,
			Who:      who,
			Since:    since,
			Until:    until,
			PageSize: size,
		})
	case f.Prefix != netip.Prefix{}:
		return s.queries.ListAuditOverlapping(ctx, db.ListAuditOverlappingParams{
			Ip:       f.Prefix,
			Before:   before,
			Field:    field,
			Server:   server,
			Who:      who,
			Since:    since,
			Until:    until,
			PageSize: size,
		})
	case who != nil:
		return s.queries.ListAuditBy(ctx, db.ListAuditByParams{
			Who: *who, Before: before, Field: field, Server: server, Since: since, Until: until, PageSize: size,
		})
	default:
		return s.queries.ListAudit(ctx, db.ListAuditParams{
			Before: before, Field: field, Server: server, Since: since, Until: until, PageSize: size,
		})
	}
}

// reverted is what a revert wrote.
type reverted struct {
	entry    syncer.AuditEntry
	readings []changefeed.VersionedPlayer // the player, if it was one
	changes  []changefeed.Change
}

// codeUnsupported is raised for what audit_revert cannot take back.
const codeUnsupported = "0A000"

// RevertAudit restores what was before a change, as a new change, which it returns
// with the player as it is now, if it is one, and what other sidecars are told of.
// Without by the context says who does it.
// The reason is that of the lift where a ban is lifted. Errors: not_found, conflict if it cannot
// be taken back, changed_since, database_unavailable, outcome_unknown.
func (s *Store) RevertAudit(
	ctx context.Context, number int64, by, reason string,
) (syncer.AuditEntry, []changefeed.VersionedPlayer, []changefeed.Change, error) {
	var done reverted
	writer := s.writer(ctx, by)
	params := db.RevertAuditParams{Server: writer.Server, ID: number, By: writer.By, Reason: reason}
	err := s.transaction(ctx, s.timeout, func(ctx context.Context, queries *db.Queries) (err error) {
		done, err = revertAudit(ctx, queries, params)
		return err
	})
	if err != nil {
		return syncer.AuditEntry{}, nil, nil, revertError(number, err)
	}
	return done.entry, done.readings, done.changes, nil
}

// revertError translates the refusals of audit_revert.
func revertError(number int64, err error) error {
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok && isRaised(refused) {
		switch refused.Code {
		case codeNoData:
			return syncer.NotFound("the audit has no change %d", number)
		case codeNotInState:
			return &syncer.Error{
				Code:    syncer.CodeChangedSince,
				Message: "the value has changed since; nothing was reverted",
				Cause:   err,
			}
		case codeUnsupported:
			return &syncer.Error{
				Code:    syncer.CodeConflict,
				Message: "a change of this kind cannot be taken back",
				Cause:   err,
			}
		}
	}
	if err = writeError("revert audit", err); syncer.CodeOf(err) == syncer.CodeInvalid {
		return &syncer.Error{
			Code:    syncer.CodeConflict,
			Message: "what was before does not fit the rest of the row any more; nothing was reverted",
			Cause:   err,
		}
	}
	return err
}

func revertAudit(ctx context.Context, queries *db.Queries, params db.RevertAuditParams) (reverted, error) {
	number, err := queries.RevertAudit(ctx, params)
	if err != nil {
		return reverted{}, err
	}
	row, err := queries.AuditEntry(ctx, number)
	if err != nil {
		return reverted{}, err
	}
	done := reverted{entry: auditOf(row)}
	var change json.RawMessage
	if entry := done.entry; entry.Entity == syncer.EntityBan {
		change, err = queries.WrittenBan(ctx, entry.Ban)
	} else {
		var row db.WrittenPlayerRow
		if row, err = queries.WrittenPlayer(ctx, string(entry.Target.ID)); err == nil {
			var reading changefeed.VersionedPlayer
			reading, err = writtenReading(writtenPlayer{row.Player, row.History, row.Snapshot, row.Xid}, merge.Edit{})
			done.readings, change = []changefeed.VersionedPlayer{reading}, row.Change
		}
	}
	if err != nil {
		return reverted{}, fmt.Errorf("read what was written: %w", err)
	}
	done.changes, _, err = decodeEach([]json.RawMessage{change})
	return done, err
}

// pruneSize is how many changes one statement forgets.
const pruneSize = 5000

// PruneAudit forgets some changes older than keep and reports whether there may be
// more.
func (s *Store) PruneAudit(ctx context.Context, keep time.Duration) (more bool, err error) {
	pruned, err := s.queries.PruneAudit(ctx, db.PruneAuditParams{
		Keep: pgtype.Interval{Microseconds: keep.Microseconds(), Valid: true}, Most: pruneSize,
	})
	return pruned == pruneSize, writeError("prune audit", err)
}

func auditOf(row db.Audit) syncer.AuditEntry {
	entry := syncer.AuditEntry{
		Number: row.ID,
		At:     timeOf(row.At),
		Entity: syncer.Entity(row.Entity),
		Field:  syncer.AuditField(row.Field),
		Role:   row.Role,
		By:     text(row.ChangedBy),
		Server: text(row.Server),
	}
	entry.Old, entry.New = syncer.AuditValue(entry.Field, row.Old), syncer.AuditValue(entry.Field, row.New)
	if row.Uuid != nil || row.Ip != nil {
		entry.Target = targetOf(row.Uuid, row.Ip)
	}
	if row.Ban != nil {
		entry.Ban = *row.Ban
	}
	if row.Reverts != nil {
		entry.Reverts = *row.Reverts
	}
	return entry
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

// optional returns nil for the empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
