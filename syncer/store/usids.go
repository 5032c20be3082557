package store

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5/pgconn"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/mindustry"
)

// AddUSIDRejection records a rejected proof of identity until an administrator
// approves it, or 30 days have passed. The same one again changes nothing.
func (s *Store) AddUSIDRejection(ctx context.Context, r mindustry.USIDRejection) error {
	return writeError("add usid rejection", s.queries.AddUSIDRejection(ctx, db.AddUSIDRejectionParams{
		Code: r.Code, Uuid: string(r.ID), Address: r.Address, Usid: r.USID,
	}))
}

// RejectedUSIDs returns up to size rejections that nobody has approved, newest first.
func (s *Store) RejectedUSIDs(ctx context.Context, size int) ([]mindustry.RejectedUSID, error) {
	rows, err := s.queries.OpenUSIDRejections(ctx, int32(size))
	rejected := make([]mindustry.RejectedUSID, len(rows))
	for i, row := range rows {
		rejected[i] = rejectedOf(db.ApproveUSIDRow(row))
	}
	return rejected, readError("list rejected usids", err)
}

// ApproveUSID stores the proof of identity that was rejected with a code for the game
// server that rejected it, and returns what was approved. The address may be empty
// unless several servers gave that code. Errors: not_found, conflict if the code was
// approved already, and invalid, of the field address, if one must be named.
func (s *Store) ApproveUSID(ctx context.Context, code, address string) (mindustry.RejectedUSID, error) {
	writer := s.writer(ctx, "")
	row, err := s.queries.ApproveUSID(ctx, db.ApproveUSIDParams{
		Server: writer.Server, By: writer.By, Code: code, Address: address,
	})
	if err != nil {
		return mindustry.RejectedUSID{}, approvalError(err, code)
	}
	return rejectedOf(row), nil
}

// approvalError translates what the function approve_usid refuses; its messages are
// meant for people.
func approvalError(err error, code string) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && refused.Code == codeNoData:
		return syncer.NotFound("%s", refused.Message)
	case ok && refused.Code == codeNotInState:
		return &syncer.Error{Code: syncer.CodeConflict, Message: refused.Message, Cause: err}
	case ok && refused.Code == codeTooManyRows:
		return syncer.Invalid("address", "must be given: several game servers gave code %s", code)
	default:
		return writeError("approve usid", err)
	}
}

func rejectedOf(row db.ApproveUSIDRow) mindustry.RejectedUSID {
	return mindustry.RejectedUSID{
		Code:       row.Code,
		ID:         syncer.PlayerID(row.Uuid),
		Name:       row.Name,
		Rank:       row.Rank,
		Address:    row.Address,
		RejectedAt: timeOf(row.RejectedAt),
	}
}
