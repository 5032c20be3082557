package store

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgtype"

	"playersync/db"
	"playersync/syncer"
)

// AddPlayerCount raises the count of a report's slot to at least the reported one.
// It may be repeated.
func (s *Store) AddPlayerCount(ctx context.Context, report syncer.CountReport) error {
	return writeError("add player count", s.queries.AddPlayerCount(ctx, db.AddPlayerCountParams{
		Server: report.Server, At: timestamp(report.At), Players: int32(report.Players),
	}))
}

// PlayerCounts returns up to most counts of a normalized range, oldest first, then
// by server.
func (s *Store) PlayerCounts(ctx context.Context, r syncer.CountRange, most int) ([]syncer.PlayerCount, error) {
	since, until := instantColumn(r.From), instantColumn(r.To)
	if r.Step == 0 {
		rows, err := s.queries.PlayerCounts(ctx, db.PlayerCountsParams{
			Since:  since,
			Until:  until,
			Server: r.Server,
			Most:   int32(most),
		})
		counts := make([]syncer.PlayerCount, len(rows))
		for i, row := range rows {
			counts[i] = syncer.PlayerCount{
				Server: row.Server, Slot: timeOf(row.Slot), Minutes: int64(row.Minutes), Players: int64(row.Players),
			}
		}
		return counts, readError("read player counts", err)
	}
	rows, err := s.queries.PlayerCountsByStep(ctx, db.PlayerCountsByStepParams{
		Since:    since,
		Until:    until,
		Server:   r.Server,
		Minutes:  int32(r.Step / time.Minute),
		Together: r.Sum,
		Most:     int32(most),
	})
	counts := make([]syncer.PlayerCount, len(rows))
	for i, row := range rows {
		counts[i] = syncer.PlayerCount{
			Server:  row.Server,
			Slot:    timeOf(row.Slot),
			Minutes: int64(r.Step / time.Minute),
			Players: row.Players,
		}
	}
	return counts, readError("read player counts", err)
}

func instantColumn(t time.Time) pgtype.Timestamptz { return pgtype.Timestamptz{Time: t, Valid: true} }
