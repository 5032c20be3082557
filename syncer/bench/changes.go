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
	"playersync/syncer/sidecar"
	"playersync/syncer/store"
)

const (
	clients   = 64                     // that change players at a time
	followers = 8                      // sidecars that follow the changes meanwhile
	longTurn  = 500 * time.Millisecond // for which clients work before the rival's do
)

// Changes measures how many important changes 64 clients of one sidecar commit in a
// second while eight sidecars follow, beside one statement for each on the same table
// without triggers and followers; and how long a client waits who is alone, beside the bare
// statement on the same table.
func Changes(ctx context.Context, config Config) (report Report, err error) {
	r, err := newRig(ctx, config, clients, followers)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := execute(ctx, r.made.bare, `drop trigger notify_barely on player`); err != nil {
		return Report{}, fmt.Errorf("drop trigger: %w", err)
	}
	edits := sidecar.NewEdits(r.ours, r.followers[0].applier, nil)
	together := func(ctx context.Context, id syncer.PlayerID, edit merge.Edit) error {
		_, err := edits.Edit(ctx, id, edit, nil)
		return err
	}
	statement := func(s *store.Store) change {
		return func(ctx context.Context, id syncer.PlayerID, edit merge.Edit) error {
			_, _, err := s.EditPlayer(ctx, id, edit, nil)
			return err
		}
	}
	config.Progress(0.2, "changing players")
	figures, err := inTurn(ctx, config.Duration,
		func(ctx context.Context) (float64, error) { return r.changesPerSecond(ctx, clients, together) },
		func(ctx context.Context) (float64, error) { return r.changesPerSecond(ctx, clients, statement(r.bare)) },
		func(ctx context.Context) (float64, error) { return r.changesPerSecond(ctx, 1, together) },
		func(ctx context.Context) (float64, error) { return r.changesPerSecond(ctx, 1, statement(r.ours)) },
	)
	if err != nil {
		return Report{}, err
	}
	report = newReport(r.version)
	report.add(Measurement{
		Figure: "important changes, 64 clients", Unit: "/s", Ours: figures[0],
		Rival: "one statement each, without triggers", Theirs: figures[1], Goal: Goal{MinRatio: 1.5},
	})
	report.add(Measurement{
		Figure: "important change, one client", Unit: "ms", Ours: 1000 / figures[2],
		Rival: "the statement alone", Theirs: 1000 / figures[3], Goal: Goal{MaxRatio: 1.05},
	})
	return report, nil
}

// change makes an important change.
type change func(ctx context.Context, id syncer.PlayerID, edit merge.Edit) error

// changesPerSecond lets clients work for a turn, each on a player of its own.
func (r *rig) changesPerSecond(ctx context.Context, clients int, do change) (float64, error) {
	var committed atomic.Int64
	group, working := errgroup.WithContext(ctx)
	began := time.Now()
	for client := range clients {
		group.Go(func() error {
			for range r.turn.operation(began) {
				edit := merge.Edit{
					Scalars: merge.Scalars{Rank: syncer.Some("rank " + strconv.FormatInt(r.marks.Add(1), 10))},
				}
				if err := do(working, playerID(client), edit); err != nil {
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
