package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/changefeed"
)

// Ban returns the ban of a number with its notes, or not_found.
func (s *Store) Ban(ctx context.Context, number int64) (syncer.NotedBan, error) {
	row, err := s.queries.BanByNumber(ctx, number)
	if errors.Is(err, pgx.ErrNoRows) {
		return syncer.NotedBan{}, noBan(number)
	}
	if err != nil {
		return syncer.NotedBan{}, readError("read ban", err)
	}
	noted, err := s.withNotes(ctx, []syncer.Ban{banOf(row)})
	if err != nil {
		return syncer.NotedBan{}, err
	}
	return noted[0], nil
}

func noBan(number int64) error { return syncer.NotFound("there is no ban %d", number) }

// NotedBans is [Store.ListBans] with the notes.
func (s *Store) NotedBans(
	ctx context.Context, filter syncer.BanFilter, before int64, size int,
) ([]syncer.NotedBan, error) {
	rows, err := s.listBans(ctx, filter, before, int32(size))
	if err != nil {
		return nil, readError("list bans", err)
	}
	return s.withNotes(ctx, bansOf(rows))
}

func (s *Store) withNotes(ctx context.Context, bans []syncer.Ban) ([]syncer.NotedBan, error) {
	numbers := make([]int64, len(bans))
	for i, ban := range bans {
		numbers[i] = ban.Number
	}
	rows, err := s.queries.BanNotes(ctx, numbers)
	if err != nil {
		return nil, readError("read notes", err)
	}
	notes := map[int64][]syncer.BanNote{}
	for _, row := range rows {
		notes[row.Ban] = append(notes[row.Ban], noteOf(row))
	}
	noted := make([]syncer.NotedBan, len(bans))
	for i, ban := range bans {
		noted[i] = syncer.NotedBan{Ban: ban, Notes: notes[ban.Number]}
	}
	return noted, nil
}

// AddBanNote adds a note to a ban, open or over, or returns not_found. The time is
// the database's, and an author that the note does not name is the one of the context.
func (s *Store) AddBanNote(ctx context.Context, ban int64, note syncer.BanNote) (syncer.BanNote, error) {
	row, err := s.queries.AddBanNote(ctx, db.AddBanNoteParams{
		Ban:       ban,
		WrittenBy: s.writer(ctx, note.By).By,
		Text:      note.Text,
	})
	if constraintOf(err) == "ban_note_ban_fkey" {
		return syncer.BanNote{}, noBan(ban)
	}
	return noteOf(row), writeError("add note", err)
}

// ChangeBan changes a ban in force. It returns not_found for one that does not
// exist, conflict for one that is over and stale for one that has another revision than the
// expected one. The changes are what other sidecars
// are told of.
func (s *Store) ChangeBan(
	ctx context.Context, number int64, change syncer.BanChange,
) (syncer.Ban, []changefeed.Change, error) {
	writer := s.writer(ctx, change.By)
	params := db.ChangeBanParams{
		Server:    writer.Server,
		By:        writer.By,
		ID:        number,
		SetExpiry: change.ExpiresAt.Set,
		ExpiresAt: timestamp(change.ExpiresAt.Value),
		Expected:  change.Expected,
	}
	if change.Reason.Set {
		params.Reason = &change.Reason.Value
	}
	rows, err := s.queries.ChangeBan(ctx, params)
	if err != nil {
		return syncer.Ban{}, nil, writeError("change ban", err)
	}
	if len(rows) > 0 {
		changes, _, err := decodeEach([]json.RawMessage{rows[0].Change})
		return banOf(banRow(rows[0])), changes, err
	}
	row, err := s.queries.BanByNumber(ctx, number)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return syncer.Ban{}, nil, noBan(number)
	case err != nil:
		return syncer.Ban{}, nil, readError("read ban", err)
	case change.Expected != nil && row.Revision != *change.Expected:
		return syncer.Ban{}, nil, &syncer.Error{
			Code: syncer.CodeStale, Field: "If-Match",
			Message: fmt.Sprintf("the ban is at revision %d, not %d", row.Revision, *change.Expected),
		}
	}
	return syncer.Ban{}, nil, &syncer.Error{
		Code: syncer.CodeConflict, Message: "the ban is over and stays as history; ban the target again",
	}
}

func noteOf(row db.BanNote) syncer.BanNote {
	return syncer.BanNote{Number: row.ID, At: timeOf(row.WrittenAt), By: row.WrittenBy, Text: row.Text}
}
