package bench

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"playersync/syncer"
	"playersync/syncer/merge"
)

// Saves measures how many saves of leaving players reach the database in a second,
// 64 at a time as a sidecar stores those that come together, beside one upsert per
// request from 64 clients over as many connections as a sidecar has, and beside the
// floor of both: one plain UPDATE of 64 rows, which merges nothing, tells nobody and
// returns nothing.
func Saves(ctx context.Context, config Config) (report Report, err error) {
	const connections = 8
	r, err := newRig(ctx, config, connections, followers)
	if err != nil {
		return Report{}, err
	}
	defer func() { err = errors.Join(err, r.close()) }()
	if err := execute(ctx, r.made.bare, `drop trigger notify_barely on player`); err != nil {
		return Report{}, fmt.Errorf("drop trigger: %w", err)
	}
	settings, err := pgxpool.ParseConfig(r.made.bare)
	if err != nil {
		return Report{}, errors.New("parse scratch url: it is malformed")
	}
	settings.MaxConns = connections
	pool, err := pgxpool.NewWithConfig(ctx, settings)
	if err != nil {
		return Report{}, fmt.Errorf("open rival's pool: %w", err)
	}
	defer pool.Close()
	config.Progress(0.2, "saving players")
	figures, err := inTurn(ctx, config.Duration,
		r.savesPerSecond,
		func(ctx context.Context) (float64, error) { return r.upsertsPerSecond(ctx, pool) },
		func(ctx context.Context) (float64, error) { return r.updatesPerSecond(ctx, pool) },
	)
	if err != nil {
		return Report{}, err
	}
	report = newReport(r.version)
	report.add(Measurement{
		Figure: "leave saves, 64 at a time", Unit: "/s", Ours: figures[0],
		Rival: "one upsert per request", Theirs: figures[1], Goal: Goal{MinRatio: 10},
	})
	report.add(Measurement{
		Figure: "leave saves, 64 at a time", Unit: "/s", Ours: figures[0],
		Rival: "plain UPDATE of 64 rows", Theirs: figures[2],
	})
	return report, nil
}

// savesPerSecond stores batch after batch for a turn: each player has counted on
// and left.
func (r *rig) savesPerSecond(ctx context.Context) (float64, error) {
	saved := 0
	began := time.Now()
	for range r.turn.operation(began) {
		batch := merge.Batch{Edits: map[syncer.PlayerID]merge.Edit{}}
		_, _ = rand.Read(batch.ID[:]) // never fails, says its documentation
		for n := range clients {
			batch.Edits[playerID(n)] = merge.Edit{Gamemodes: map[string]merge.GamemodeEdit{
				"pvp": {
					LastJoined: syncer.TimeOf(time.Now()),
					Stats:      map[string]int64{"blocksBroken": 1, "timeInGame": 60_000},
				},
			}}
		}
		if _, _, err := r.ours.SaveBatch(ctx, batch); err != nil {
			return 0, fmt.Errorf("save a batch: %w", err)
		}
		saved += len(batch.Edits)
	}
	return float64(saved) / time.Since(began).Seconds(), nil
}

// upsertSave is what one writes first: the player's row as the game has it.
const upsertSave = `
insert into player (uuid, gamemodes)
values ($1, $2)
on conflict (uuid) do update
set gamemodes = excluded.gamemodes`

// upsertsPerSecond lets the clients save for a turn, each a player of its own.
func (r *rig) upsertsPerSecond(ctx context.Context, pool *pgxpool.Pool) (float64, error) {
	counts := make([]int, clients)
	group, working := errgroup.WithContext(ctx)
	began := time.Now()
	for client := range clients {
		group.Go(func() error {
			for range r.turn.operation(began) {
				if _, err := pool.Exec(working, upsertSave, string(playerID(client)), r.counted()); err != nil {
					return fmt.Errorf("save a player: %w", err)
				}
				counts[client]++
			}
			return nil
		})
	}
	err := group.Wait()
	took := time.Since(began).Seconds()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / took, err
}

// updateSaves is the least that a database can do to store what was saved.
const updateSaves = `
update player as p
set gamemodes = s.gamemodes::jsonb
from unnest($1::text[], $2::text[]) as s (uuid, gamemodes)
where p.uuid = s.uuid`

// updatesPerSecond stores 64 players at a time for a turn, on one connection.
func (r *rig) updatesPerSecond(ctx context.Context, pool *pgxpool.Pool) (float64, error) {
	saved := 0
	began := time.Now()
	for range r.turn.operation(began) {
		ids, records := make([]string, clients), make([]string, clients)
		for n := range clients {
			ids[n], records[n] = string(playerID(n)), r.counted()
		}
		if _, err := pool.Exec(ctx, updateSaves, ids, records); err != nil {
			return 0, fmt.Errorf("save 64 players: %w", err)
		}
		saved += clients
	}
	return float64(saved) / time.Since(began).Seconds(), nil
}

// counted is a record of gamemodes as the game has it after counting on.
func (r *rig) counted() string {
	return fmt.Sprintf(`{"pvp": {"lastJoined": %d, "stats": {"blocksBroken": %d, "timeInGame": 345678}}}`,
		time.Now().UnixMilli(), r.marks.Add(1))
}
