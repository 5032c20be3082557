package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"strings"

	"playersync/db"
	"playersync/syncer"
)

// position is where a page ended that is not ordered by a number.
type position struct {
	Inner  bool   `json:"i,omitzero"` // past the names that begin with the text
	Name   string `json:"n,omitzero"`
	Amount int64  `json:"a,omitzero"` // of a balance
	ID     string `json:"u"`
}

// SearchPlayers finds players whose name contains the text, whatever its case, or all:
// first those whose name begins with it, then by name and id. After is the
// position that the page before returned, or "". The position returned is "" on
// the last page.
func (s *Store) SearchPlayers(
	ctx context.Context, name string, size int, after string,
) ([]syncer.PlayerSummary, string, error) {
	from, err := decodePosition(after)
	if err != nil {
		return nil, "", err
	}
	if name == "" {
		return s.listPlayers(ctx, size, from)
	}
	text := likeEscaper.Replace(name)
	rows, err := s.queries.SearchPlayers(ctx, db.SearchPlayersParams{
		Prefix: text + "%", Pattern: "%" + text + "%",
		AfterInner: from.Inner, AfterName: from.Name, AfterUuid: from.ID, PageSize: int32(size) + 1,
	})
	if err != nil {
		return nil, "", readError("search players", err)
	}
	rows, next := cutPage(rows, size, func(last db.SearchPlayersRow) string {
		return encodePosition(position{Inner: last.InnerMatch, Name: last.SortName, ID: last.Uuid})
	})
	found := make([]syncer.PlayerSummary, len(rows))
	for i, row := range rows {
		found[i] = syncer.PlayerSummary{ID: syncer.PlayerID(row.Uuid), Name: row.Name, Rank: row.Rank}
	}
	return found, next, nil
}

// listPlayers returns all players by name and id.
func (s *Store) listPlayers(ctx context.Context, size int, from position) ([]syncer.PlayerSummary, string, error) {
	rows, err := s.queries.ListPlayers(ctx, db.ListPlayersParams{
		AfterName: from.Name, AfterUuid: from.ID, PageSize: int32(size) + 1,
	})
	if err != nil {
		return nil, "", readError("list players", err)
	}
	rows, next := cutPage(rows, size, func(last db.ListPlayersRow) string {
		return encodePosition(position{Name: last.SortName, ID: last.Uuid})
	})
	players := make([]syncer.PlayerSummary, len(rows))
	for i, row := range rows {
		players[i] = syncer.PlayerSummary{ID: syncer.PlayerID(row.Uuid), Name: row.Name, Rank: row.Rank}
	}
	return players, next, nil
}

var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// cutPage returns the rows of a page, of which one more than its size was asked for, and the
// position of the last if others follow, else "".
func cutPage[R any](rows []R, size int, position func(last R) string) (page []R, next string) {
	if len(rows) <= size {
		return rows, ""
	}
	return rows[:size], position(rows[size-1])
}

func encodePosition(p position) string {
	data, err := json.Marshal(p)
	if err != nil {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(data)
}

func decodePosition(text string) (position, error) {
	var p position
	if text == "" {
		return p, nil
	}
	data, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(data, &p)
	}
	if err != nil {
		return position{}, syncer.Invalid("after", "is not a position that a page returned as next")
	}
	return p, nil
}
