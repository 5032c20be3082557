package store

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// AddBan bans a target, or returns the ban that already stands and false. An
// author that the ban does not name is the one of the context. The changes are what
// other sidecars are told of.
func (s *Store) AddBan(ctx context.Context, ban syncer.NewBan) (syncer.Ban, bool, []changefeed.Change, error) {
	uuid, ip := targetColumns(ban.Target)
	writer := s.writer(ctx, ban.By)
	for {
		row, err := s.queries.AddBan(ctx, db.AddBanParams{
			Server:    writer.Server,
			By:        writer.By,
			Uuid:      uuid,
			Ip:        ip,
			Reason:    ban.Reason,
			BannedBy:  writer.By,
			ExpiresAt: timestamp(ban.ExpiresAt),
		})
		if err == nil {
			changes, encoded, err := decodeEach([]json.RawMessage{row.Change})
			s.committed(encoded, false)
			return banOf(banRow(row)), true, changes, err
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return syncer.Ban{}, false, nil, writeError("add ban", err)
		}
		open, err := s.queries.OpenBan(ctx, db.OpenBanParams{Uuid: uuid, Ip: ip})
		if err == nil {
			return banOf(open), false, nil, nil
		}
		if !errors.Is(err, pgx.ErrNoRows) {
			return syncer.Ban{}, false, nil, readError("read open ban", err)
		}
		// Over between the two statements: try again until the time-out.
	}
}

// LiftBan lifts the ban in force of a target; false if there was none. Without by the
// context says who lifts it.
func (s *Store) LiftBan(
	ctx context.Context, target syncer.Target, by, reason string,
) (syncer.Ban, bool, []changefeed.Change, error) {
	uuid, ip := targetColumns(target)
	return s.liftBan(ctx, by, db.LiftBanParams{LiftReason: reason, Uuid: uuid, Ip: ip})
}

// LiftBanNumbered is [Store.LiftBan] of the ban of a number, and of no other of its target.
func (s *Store) LiftBanNumbered(
	ctx context.Context, number int64, by, reason string,
) (syncer.Ban, bool, []changefeed.Change, error) {
	return s.liftBan(ctx, by, db.LiftBanParams{LiftReason: reason, Number: &number})
}

func (s *Store) liftBan(
	ctx context.Context, by string, params db.LiftBanParams,
) (syncer.Ban, bool, []changefeed.Change, error) {
	writer := s.writer(ctx, by)
	params.Server, params.By, params.LiftedBy = writer.Server, writer.By, writer.By
	rows, err := s.queries.LiftBan(ctx, params)
	if lifted, err := s.done(ctx, "lift ban", int64(len(rows)), err); !lifted {
		return syncer.Ban{}, false, nil, err
	}
	changes, encoded, err := decodeEach([]json.RawMessage{rows[0].Change})
	s.committed(encoded, false)
	return banOf(banRow(rows[0])), true, changes, err
}

// BansOf returns the bans in force of a player id and of an address with every
// range that contains it. Either may be zero.
func (s *Store) BansOf(ctx context.Context, id syncer.PlayerID, address netip.Addr) ([]syncer.Ban, error) {
	var params db.BansOfParams
	if id != "" {
		params.Uuid = new(string(id))
	}
	if address.IsValid() {
		params.Ip = new(syncer.TargetAddress(address).Prefix)
	}
	rows, err := s.queries.BansOf(ctx, params)
	return bansOf(rows), readError("read bans", err)
}

// BansAround returns the bans in force of an address or range and of every range that
// contains it.
func (s *Store) BansAround(ctx context.Context, prefix netip.Prefix) ([]syncer.Ban, error) {
	rows, err := s.queries.BansOf(ctx, db.BansOfParams{Ip: &prefix})
	return bansOf(rows), readError("read bans", err)
}

// ListBans returns up to size bans with a number below before, newest first.
func (s *Store) ListBans(ctx context.Context, filter syncer.BanFilter, before int64, size int) ([]syncer.Ban, error) {
	rows, err := s.listBans(ctx, filter, before, int32(size))
	return bansOf(rows), readError("list bans", err)
}

// listBans chooses the query whose index serves the filter. One with both an id
// and an address finds nothing, since no ban has both.
func (s *Store) listBans(ctx context.Context, filter syncer.BanFilter, before int64, size int32) ([]db.Ban, error) {
	all := db.ListBansParams{
		Before: before, BannedBy: optional(filter.By), LiftedBy: optional(filter.LiftedBy), Active: filter.Active,
		CreatedFrom: timestamp(filter.CreatedFrom), CreatedTo: timestamp(filter.CreatedTo),
		Reason: optional(filter.Reason), Kind: optional(string(filter.Kind)), PageSize: size,
	}
	switch {
	case filter.ID != "" && filter.IP != "":
		return nil, nil
	case filter.Meets != "":
		return s.queries.ListBansMeeting(ctx, db.ListBansMeetingParams{
			Before: all.Before, BannedBy: all.BannedBy, LiftedBy: all.LiftedBy, Active: all.Active,
			CreatedFrom: all.CreatedFrom, CreatedTo: all.CreatedTo, Reason: all.Reason, Kind: all.Kind,
			Uuid: string(filter.Meets), PageSize: size,
		})
	case filter.ID != "":
		return s.queries.ListBansOf(ctx, db.ListBansOfParams{
			Before: all.Before, BannedBy: all.BannedBy, LiftedBy: all.LiftedBy, Active: all.Active,
			CreatedFrom: all.CreatedFrom, CreatedTo: all.CreatedTo, Reason: all.Reason, Kind: all.Kind,
			Uuid: string(filter.ID), PageSize: size,
		})
	case filter.IP != "":
		prefix, err := syncer.ParsePrefix(filter.IP)
		if err != nil {
			return nil, err
		}
		return s.queries.ListBansOverlapping(ctx, db.ListBansOverlappingParams{
			Before: all.Before, BannedBy: all.BannedBy, LiftedBy: all.LiftedBy, Active: all.Active,
			CreatedFrom: all.CreatedFrom, CreatedTo: all.CreatedTo, Reason: all.Reason, Kind: all.Kind,
			Ip: prefix, PageSize: size,
		})
	case filter.By != "":
		return s.queries.ListBansBy(ctx, db.ListBansByParams(all))
	case filter.LiftedBy != "":
		return s.queries.ListBansLiftedBy(ctx, db.ListBansLiftedByParams(all))
	case !filter.CreatedFrom.IsZero() || !filter.CreatedTo.IsZero():
		return s.queries.ListBansCreated(ctx, db.ListBansCreatedParams(all))
	case filter.Active != nil && *filter.Active:
		return s.queries.ListOpenBans(ctx, db.ListOpenBansParams(all))
	default:
		return s.queries.ListBans(ctx, all)
	}
}

// banRow is the ban in the row of a write, which also holds its change.
func banRow[R db.AddBanRow | db.LiftBanRow | db.ChangeBanRow](row R) db.Ban {
	r := db.AddBanRow(row)
	return db.Ban{
		ID:         r.ID,
		Uuid:       r.Uuid,
		Ip:         r.Ip,
		Reason:     r.Reason,
		BannedBy:   r.BannedBy,
		CreatedAt:  r.CreatedAt,
		ExpiresAt:  r.ExpiresAt,
		LiftedAt:   r.LiftedAt,
		LiftedBy:   r.LiftedBy,
		LiftReason: r.LiftReason,
		Revision:   r.Revision,
	}
}

// banOf returns the ban of a row. A row that was closed because its ban had expired is
// not lifted: it is over by time.
func banOf(row db.Ban) syncer.Ban {
	ban := syncer.Ban{
		Number: row.ID, Target: targetOf(row.Uuid, row.Ip), Reason: row.Reason, By: row.BannedBy,
		CreatedAt: timeOf(row.CreatedAt), ExpiresAt: timeOf(row.ExpiresAt), LiftedAt: timeOf(row.LiftedAt),
		Revision: row.Revision,
	}
	if row.LiftedBy == nil && row.LiftedAt.Time.Equal(row.ExpiresAt.Time) {
		ban.LiftedAt = syncer.Time{}
	}
	if row.LiftedBy != nil {
		ban.LiftedBy = *row.LiftedBy
	}
	if row.LiftReason != nil {
		ban.LiftReason = *row.LiftReason
	}
	return ban
}

func bansOf(rows []db.Ban) []syncer.Ban {
	bans := make([]syncer.Ban, len(rows))
	for i, row := range rows {
		bans[i] = banOf(row)
	}
	return bans
}

func targetOf(uuid *string, ip *netip.Prefix) syncer.Target {
	if uuid != nil {
		return syncer.TargetID(syncer.PlayerID(*uuid))
	}
	return syncer.Target{Prefix: *ip}
}

func targetColumns(t syncer.Target) (*string, *netip.Prefix) {
	if t.ID != "" {
		return new(string(t.ID)), nil
	}
	return nil, &t.Prefix
}

func timestamp(t syncer.Time) pgtype.Timestamptz {
	if t.IsForever() {
		return pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}
	}
	instant, ok := t.Instant()
	return pgtype.Timestamptz{Time: instant, Valid: ok}
}

func timeOf(t pgtype.Timestamptz) syncer.Time {
	switch {
	case !t.Valid:
		return syncer.Time{}
	case t.InfinityModifier == pgtype.Infinity:
		return syncer.Forever
	case t.InfinityModifier == pgtype.NegativeInfinity:
		return syncer.TimeOf(time.Time{})
	default:
		return syncer.TimeOf(t.Time)
	}
}
