package bench

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

const (
	clients   = 64                     // that change players at a time
	followers = 8                      // sidecars that follow the changes meanwhile
	longTurn  = 500 * time.Millisecond // for which clients work before the rival's do
)

// Changes measures how many important changes 64 clients of one sidecar commit in a
// second while eight sidecars follow, beside the same statements on the same table
// without triggers and followers.
func Changes(ctx context.Context, config Config) (report Report, err error) {
	r, err := newRig(ctx, config, clients, followers)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := execute(ctx, r.made.bare, `drop trigger notify_barely on player`); err != nil {
		return Report{}, fmt.Errorf("drop trigger: %w", err)
	}
	config.Progress(0.2, "changing players")
	figures, err := inTurn(ctx, config.Duration,
		func(ctx context.Context) (float64, error) { return r.changesPerSecond(ctx, r.ours) },
		func(ctx context.Context) (float64, error) { return r.changesPerSecond(ctx, r.bare) },
	)
	if err != nil {
		return Report{}, err
	}
	report = newReport(r.version)
	report.add(Measurement{
		Figure: "important changes, 64 clients", Unit: "/s", Ours: figures[0],
		Rival: "the same without triggers", Theirs: figures[1], Goal: Goal{MinRatio: 0.85},
	})
	return report, nil
}

// changesPerSecond lets the clients work for a turn, each on a player of its own.
func (r *rig) changesPerSecond(ctx context.Context, s *store.Store) (float64, error) {
	var committed atomic.Int64
	group, working := errgroup.WithContext(ctx)
	began := time.Now()
	for client := range clients {
		group.Go(func() error {
			for range r.turn.operation(began) {
				edit := merge.Edit{
					Scalars: merge.Scalars{Rank: syncer.Some("rank " + strconv.FormatInt(r.marks.Add(1), 10))},
				}
				if _, _, err := s.EditPlayer(working, playerID(client), edit, nil); err != nil {
					return fmt.Errorf("change a player: %w", err)
				}
				committed.Add(1)
			}
			return nil
		})
	}
	err := group.Wait()
	return float64(committed.Load()) / time.Since(began).Seconds(), err
}
