package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"playersync/db"
	"playersync/syncer"
)

// ReportMapRun notes what a game server runs and returns the run in progress. It may
// be repeated.
func (s *Store) ReportMapRun(ctx context.Context, r syncer.MapReport) (syncer.CurrentMapRun, error) {
	row, err := s.queries.ReportMapRun(ctx, db.ReportMapRunParams{
		Server: r.Server, Gamemode: r.Gamemode, Map: r.Map, Session: r.Session,
		Players: int32(r.Players), Wave: narrow(r.Wave), At: timestamp(r.At),
	})
	return currentRunOf(row), writeError("report map run", err)
}

// FinishMapRun ends the run in progress and returns it as it is stored, once however
// often it is sent. Errors: conflict if the server runs no such map.
func (s *Store) FinishMapRun(ctx context.Context, f syncer.MapFinish) (syncer.MapRun, error) {
	rows, err := s.queries.FinishMapRun(ctx, db.FinishMapRunParams{
		Key: pgtype.UUID{Bytes: f.Key, Valid: true}, Server: f.Server, Map: f.Map, Session: f.Session,
		Winner: f.Winner, Success: f.Success, Players: narrow(f.Players), Wave: narrow(f.Wave), At: timestamp(f.At),
	})
	switch {
	case err != nil:
		return syncer.MapRun{}, writeError("finish map run", err)
	case len(rows) == 0:
		return syncer.MapRun{}, &syncer.Error{
			Code: syncer.CodeConflict, Message: fmt.Sprintf("no run of %q is in progress on %s", f.Map, f.Server),
		}
	}
	return mapRunOf(db.MapRun(rows[0])), s.awaitStandby(ctx) // it may have been stored before
}

// AbandonMapRun forgets the run in progress on a server, if there is one.
func (s *Store) AbandonMapRun(ctx context.Context, server string) error {
	n, err := s.queries.AbandonMapRun(ctx, server)
	_, err = s.done(ctx, "abandon map run", n, err)
	return err
}

// CurrentMapRun returns the run in progress on a server, nil if there is none.
func (s *Store) CurrentMapRun(ctx context.Context, server string) (*syncer.CurrentMapRun, error) {
	rows, err := s.queries.CurrentMapRun(ctx, server)
	if err != nil || len(rows) == 0 {
		return nil, readError("read map run", err)
	}
	return new(currentRunOf(rows[0])), nil
}

// CurrentMapRuns returns the runs in progress on all servers, by their names.
func (s *Store) CurrentMapRuns(ctx context.Context) ([]syncer.CurrentMapRun, error) {
	rows, err := s.queries.CurrentMapRuns(ctx)
	runs := make([]syncer.CurrentMapRun, len(rows))
	for i, row := range rows {
		runs[i] = currentRunOf(row)
	}
	return runs, readError("read map runs", err)
}

// ListMapRuns returns up to size finished runs with a number below before, newest
// first.
func (s *Store) ListMapRuns(
	ctx context.Context, filter syncer.MapRunFilter, before int64, size int,
) ([]syncer.MapRun, error) {
	rows, err := s.listMapRuns(ctx, filter, before, int32(size))
	runs := make([]syncer.MapRun, len(rows))
	for i, row := range rows {
		runs[i] = mapRunOf(row)
	}
	return runs, readError("list map runs", err)
}

// listMapRuns chooses the query whose index serves the filter.
func (s *Store) listMapRuns(
	ctx context.Context, filter syncer.MapRunFilter, before int64, size int32,
) ([]db.MapRun, error) {
	gamemode := optional(filter.Gamemode)
	switch {
	case filter.Map != "":
		return s.queries.ListMapRunsOf(ctx, db.ListMapRunsOfParams{
			Map: filter.Map, Server: optional(filter.Server), Gamemode: gamemode, Before: before, PageSize: size,
		})
	case filter.Server != "":
		return s.queries.ListMapRunsOn(ctx, db.ListMapRunsOnParams{
			Server:   filter.Server,
			Gamemode: gamemode,
			Before:   before,
			PageSize: size,
		})
	default:
		return s.queries.ListMapRuns(ctx, db.ListMapRunsParams{Gamemode: gamemode, Before: before, PageSize: size})
	}
}

// MapStats returns the statistics of up to size maps behind a position, by map and
// gamemode, and the position to continue from, "" at the end. A filter by map takes
// neither. Errors: invalid for "after".
func (s *Store) MapStats(
	ctx context.Context, filter syncer.MapStatsFilter, size int, after string,
) ([]syncer.MapStats, string, error) {
	if filter.Map != "" {
		rows, err := s.queries.StatsOfMap(ctx, db.StatsOfMapParams{
			Map:      filter.Map,
			Gamemode: optional(filter.Gamemode),
		})
		if err != nil {
			return nil, "", readError("read map statistics", err)
		}
		stats, err := mapStatsOf(rows)
		return stats, "", err
	}
	from, err := decodePosition(after)
	if err != nil {
		return nil, "", err
	}
	rows, err := s.queries.MapStats(ctx, db.MapStatsParams{
		AfterMap: from.Name, AfterGamemode: from.ID, Gamemode: optional(filter.Gamemode), PageSize: int32(size) + 1,
	})
	if err != nil {
		return nil, "", readError("read map statistics", err)
	}
	stats, err := mapStatsOf(rows)
	if err != nil || len(stats) <= size {
		return stats, "", err
	}
	stats = stats[:size]
	return stats, encodePosition(position{Name: stats[size-1].Map, ID: stats[size-1].Gamemode}), nil
}

func mapStatsOf(rows []db.MapStat) ([]syncer.MapStats, error) {
	stats := make([]syncer.MapStats, len(rows))
	for i, row := range rows {
		stats[i] = syncer.MapStats{
			Map:               row.Map,
			Gamemode:          row.Gamemode,
			Runs:              row.Runs,
			Significant:       row.Significant,
			Won:               row.Won,
			Lost:              row.Lost,
			EarlyRTVs:         row.EarlyRtvs,
			LateRTVs:          row.LateRtvs,
			EarlyRTVRate:      row.EarlyRtvRate,
			LateRTVRate:       row.LateRtvRate,
			AverageMs:         wholeMilliseconds(row.AverageTime),
			ShortestMs:        wholeMilliseconds(row.ShortestTime),
			LongestMs:         wholeMilliseconds(row.LongestTime),
			BestMs:            wholeMilliseconds(row.BestTime),
			HighestWave:       row.HighestWave,
			AverageWave:       row.AverageWave,
			AverageMaxPlayers: row.AverageMaxPlayers,
			LatestWin:         timeOf(row.LatestWin),
		}
		if err := json.Unmarshal(row.WinsByTeam, &stats[i].WinsByTeam); err != nil {
			return nil, fmt.Errorf("decode map statistics: %w", err)
		}
	}
	return stats, nil
}

// wholeMilliseconds reads an interval that make_interval(secs => …) has made, nil for NULL.
func wholeMilliseconds(i pgtype.Interval) *int64 {
	if !i.Valid {
		return nil
	}
	return new(i.Microseconds / 1000)
}

func mapRunOf(row db.MapRun) syncer.MapRun {
	return syncer.MapRun{
		Number:     row.ID,
		Server:     row.Server,
		Map:        row.Map,
		Gamemode:   row.Gamemode,
		Winner:     row.Winner,
		Success:    row.Success,
		StartedAt:  timeOf(row.StartedAt),
		EndedAt:    timeOf(row.EndedAt),
		Played:     milliseconds(row.PlayedMs),
		MaxPlayers: int(row.MaxPlayers),
		Wave:       widen(row.Wave),
	}
}

func currentRunOf(row db.MapRunCurrent) syncer.CurrentMapRun {
	return syncer.CurrentMapRun{
		Server:     row.Server,
		Map:        row.Map,
		Gamemode:   row.Gamemode,
		StartedAt:  timeOf(row.StartedAt),
		ReportedAt: timeOf(row.ReportedAt),
		Played:     milliseconds(row.PlayedMs),
		Players:    int(row.Players),
		MaxPlayers: int(row.MaxPlayers),
		Wave:       widen(row.Wave),
	}
}

func milliseconds(n int64) time.Duration { return time.Duration(n) * time.Millisecond }

func narrow(n *int) *int32 {
	if n == nil {
		return nil
	}
	return new(int32(*n))
}

func widen(n *int32) *int {
	if n == nil {
		return nil
	}
	return new(int(*n))
}
