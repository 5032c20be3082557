package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"playersync/db"
	"playersync/syncer"
	"playersync/syncer/merge"
)

// PlayerImportOptions say how [Store.ImportPlayers] goes about it.
type PlayerImportOptions struct {
	// Replace takes the import's word for everything that it says of players who
	// are here; otherwise it only adds what they lack.
	Replace bool
	// DryRun stores nothing: it only finds out what would be.
	DryRun bool
}

// ImportPlayers stores players of another database, all or none of them, and
// reports the outcome. The same again changes nothing. Each must be valid,
// see [merge.ImportedPlayer.Validate], and no two may have the same id. Beyond 1000
// players the sidecars read again all that they hold, once per call.
func (s *Store) ImportPlayers(
	ctx context.Context, players []merge.ImportedPlayer, o PlayerImportOptions,
) (merge.PlayerImport, error) {
	var done merge.PlayerImport
	err := s.transaction(ctx, importTimeout, func(ctx context.Context, queries *db.Queries) (err error) {
		writer := s.writer(ctx, "")
		if err := queries.Attribute(ctx, db.AttributeParams{Server: writer.Server, By: writer.By}); err != nil {
			return err
		}
		if done, err = importPlayers(ctx, queries, players, o.Replace); err == nil && o.DryRun {
			err = errDryRun
		}
		return err
	})
	if err != nil && !errors.Is(err, errDryRun) {
		return merge.PlayerImport{}, writeError("import players", err)
	}
	return done, nil
}

// errDryRun rolls back what was only tried.
var errDryRun = errors.New("dry run")

// ImportEpoch tells the database from every other one, so that an import which was
// interrupted is not continued elsewhere.
func (s *Store) ImportEpoch(ctx context.Context) (string, error) {
	epoch, err := s.queries.FeedEpoch(ctx)
	return epoch, readError("read epoch", err)
}

func importPlayers(
	ctx context.Context, queries *db.Queries, players []merge.ImportedPlayer, replace bool,
) (merge.PlayerImport, error) {
	added, err := addImported(ctx, queries, players)
	if err != nil {
		return merge.PlayerImport{}, err
	}
	changed, err := mergeImported(ctx, queries, players, added, replace)
	if err != nil {
		return merge.PlayerImport{}, err
	}
	done := merge.PlayerImport{Added: len(added)}
	entries, err := queries.AddImportedHistory(ctx, historyColumns(players))
	if err != nil {
		return merge.PlayerImport{}, err
	}
	for _, row := range entries {
		done.History += int(row.Entries)
		if !added[row.Uuid] {
			changed[row.Uuid] = true
		}
	}
	done.Changed = len(changed)
	done.Unchanged = len(players) - done.Added - done.Changed
	return done, nil
}

// addImported inserts those who are not here and returns their ids.
func addImported(ctx context.Context, queries *db.Queries, players []merge.ImportedPlayer) (map[string]bool, error) {
	newcomers := make([]syncer.Player, len(players))
	for i, p := range players {
		newcomers[i] = p.Newcomer()
	}
	rows, err := json.Marshal(newcomers)
	if err != nil {
		return nil, fmt.Errorf("encode players: %w", err)
	}
	ids, err := queries.AddImportedPlayers(ctx, rows)
	return idSet(ids), err
}

// mergeImported brings those who were here to what the import knows more, and
// returns the ids of those whom that changed.
func mergeImported(
	ctx context.Context, queries *db.Queries, players []merge.ImportedPlayer, added map[string]bool, replace bool,
) (map[string]bool, error) {
	params := db.MergeImportedPlayersParams{Replace: replace}
	for _, p := range players {
		if added[string(p.ID)] {
			continue
		}
		var columns [3]json.RawMessage
		addresses := p.Addresses
		if addresses == nil {
			addresses = map[string]syncer.AddressRecord{}
		}
		for i, value := range []any{p.Merge(replace), p.Save.Flags, addresses} {
			var err error
			if columns[i], err = json.Marshal(value); err != nil {
				return nil, fmt.Errorf("encode player: %w", err)
			}
		}
		params.Uuids = append(params.Uuids, string(p.ID))
		params.Edits = append(params.Edits, columns[0])
		params.Flags = append(params.Flags, columns[1])
		params.Addresses = append(params.Addresses, columns[2])
	}
	if len(params.Uuids) == 0 {
		return map[string]bool{}, nil
	}
	ids, err := queries.MergeImportedPlayers(ctx, params)
	return idSet(ids), err
}

func historyColumns(players []merge.ImportedPlayer) db.AddImportedHistoryParams {
	var p db.AddImportedHistoryParams
	for _, player := range players {
		for _, entry := range player.Save.History {
			p.Uuids = append(p.Uuids, string(player.ID))
			p.Actions = append(p.Actions, entry.Action)
			p.Authors = append(p.Authors, entry.By)
			p.Times = append(p.Times, timestamp(entry.Time))
		}
	}
	return p
}

func idSet(ids []string) map[string]bool {
	set := make(map[string]bool, len(ids))
	for _, id := range ids {
		set[id] = true
	}
	return set
}
