package demo

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"playersync/syncer"
)

const (
	changes       = 200
	changeEvery   = 5 * time.Millisecond // so that they outlast what is done to the connections
	killEvery     = 60                   // changes
	changePlayers = 20

	killSQL = "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'playersync %'"
)

// playKilled cuts both sidecars off from the database while it changes.
func playKilled(ctx context.Context, s *Stage) error {
	s.Say(fmt.Sprintf("A notification that is sent while nobody listens is gone. So a syncer that comes back reads "+
		"what changed since it "+
		"last looked, from a table that the triggers write as well. psql makes %d changes to %d players who are on "+
		"both servers. "+
		"Its times count from the first change, those of the servers from the last.", changes, changePlayers))
	s.Blank()
	if err := s.welcomeCrowd(ctx); err != nil {
		return err
	}
	before, err := s.reconnects(ctx)
	if err != nil {
		return err
	}
	began := time.Now()
	if err := s.changeAndKill(ctx, began); err != nil {
		return err
	}
	last := time.Now()
	s.Did(psqlName, fmt.Sprintf("after change %d: done", changes), last.Sub(began))
	want, err := s.crowdInRows(ctx)
	if err != nil {
		return err
	}
	if err := s.compare(ctx, want, last); err != nil {
		return err
	}
	after, err := s.reconnects(ctx)
	if err != nil {
		return err
	}
	for i, server := range s.GameServers() {
		s.Check(server.Name+" was cut off and came back", after[i] > before[i], true)
	}
	return s.dismissCrowd(ctx)
}

// compare verifies that both sidecars come to hold what the rows hold.
func (s *Stage) compare(ctx context.Context, want crowd, last time.Time) error {
	var differences [2]string
	var took [2]time.Duration
	comparing, ctx := errgroup.WithContext(ctx)
	for i, server := range s.GameServers() {
		comparing.Go(func() (err error) {
			differences[i], err = server.settle(ctx, want)
			took[i] = time.Since(last)
			return err
		})
	}
	if err := comparing.Wait(); err != nil {
		return err
	}
	what := fmt.Sprintf("after change %d: 0 differences from the rows of %d players and bans", changes, len(want))
	for i, server := range s.GameServers() {
		s.DidCheck(server.Name, what, took[i], differences[i], noDifference)
	}
	return nil
}

// changeAndKill makes the changes, and kills connections in the midst of them.
func (s *Stage) changeAndKill(ctx context.Context, began time.Time) error {
	pace := time.NewTicker(changeEvery)
	defer pace.Stop()
	for i := range changes {
		select {
		case <-pace.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := s.Psql.Run(ctx, changeSQL(i)); err != nil {
			return err
		}
		if i%killEvery != killEvery-1 {
			continue
		}
		var killed int
		if err := s.Psql.Row(ctx, "select count(*) from ("+killSQL+") as killed", &killed); err != nil {
			return err
		}
		s.Did(psqlName, fmt.Sprintf("after change %d: kills all %d connections of both syncers", i+1, killed),
			time.Since(began))
	}
	return nil
}

// changeSQL is the i-th change: in turns every player gets another rank, and every
// other one a flag or a ban and an unban.
func changeSQL(i int) string {
	number, turn := i%changePlayers, i/changePlayers
	where := fmt.Sprintf("where uuid = '%s'", crowdID(number))
	switch {
	case turn%2 == 0:
		return fmt.Sprintf("update player set rank = 'rank %d' %s", i, where)
	case number%2 == 0:
		return fmt.Sprintf("update player set flags = flags || '{flag %d}' %s", i, where)
	case turn%4 == 1:
		return fmt.Sprintf("insert into ban (uuid) values ('%s')", crowdID(number))
	default:
		return "delete from ban " + where
	}
}

func crowdID(i int) syncer.PlayerID { return syncer.PlayerID(fmt.Sprintf("player-%02d", i+1)) }

// crowd is who has which rank and flags and is banned, by player.
type crowd map[syncer.PlayerID]string

func crowdMember(rank string, flags []string, banned bool) string {
	return fmt.Sprintf("%s, %s, banned %t", rank, strings.Join(slices.Sorted(slices.Values(flags)), " "), banned)
}

// crowdInRows reads the truth.
func (s *Stage) crowdInRows(ctx context.Context) (crowd, error) {
	rows, err := s.Psql.conn.Query(ctx,
		`select uuid, rank, flags, exists (select from ban where ban.uuid = p.uuid and lifted_at is null)
		from player as p where uuid like 'player-%'`)
	if err != nil {
		return nil, fmt.Errorf("read players in psql: %w", err)
	}
	defer rows.Close()
	found := crowd{}
	for rows.Next() {
		var id, rank string
		var flags []string
		var banned bool
		if err := rows.Scan(&id, &rank, &flags, &banned); err != nil {
			return nil, fmt.Errorf("read players in psql: %w", err)
		}
		found[syncer.PlayerID(id)] = crowdMember(rank, flags, banned)
	}
	return found, rows.Err()
}

const noDifference = "0 differences"

// settle compares what the sidecar holds in memory with the rows until there is no
// difference or the time is over, and returns how many differ, and who.
func (g *GameServer) settle(ctx context.Context, rows crowd) (string, error) {
	deadline := time.Now().Add(waitTimeout)
	for {
		var different []string
		for _, id := range slices.Sorted(maps.Keys(rows)) {
			held, err := g.crowdMember(ctx, id)
			if err != nil {
				return "", err
			}
			if held != rows[id] {
				different = append(different, string(id))
			}
		}
		switch {
		case len(different) == 0:
			return noDifference, nil
		case time.Now().After(deadline):
			return fmt.Sprintf("%d differences: %s", len(different), strings.Join(different, ", ")), nil
		}
		if err := wait(ctx, changeEvery); err != nil {
			return "", err
		}
	}
}

// crowdMember is what the sidecar holds of a player.
func (g *GameServer) crowdMember(ctx context.Context, id syncer.PlayerID) (string, error) {
	record, source, err := g.Player(ctx, id)
	if err != nil {
		return "", err
	}
	banned, err := g.Banned(ctx, id)
	if err != nil {
		return "", err
	}
	if source != "memory" {
		return "not in memory", nil
	}
	return crowdMember(record.Rank, record.Flags, banned), nil
}

func (s *Stage) welcomeCrowd(ctx context.Context) error {
	for i := range changePlayers {
		for _, server := range s.GameServers() {
			if _, err := server.Join(ctx, crowdID(i), fmt.Sprintf("Player %d", i+1), steveIP); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *Stage) dismissCrowd(ctx context.Context) error {
	if err := s.Psql.Run(ctx, "delete from ban"); err != nil {
		return err
	}
	for i := range changePlayers {
		for _, server := range s.GameServers() {
			if _, err := server.send(ctx, "POST", path(crowdID(i))+"/leave", nil, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// reconnects returns how often each sidecar had to connect again.
func (s *Stage) reconnects(ctx context.Context) ([2]float64, error) {
	var counts [2]float64
	for i, server := range s.GameServers() {
		n, err := server.Metric(ctx, "playersync_feed_reconnects_total")
		if err != nil {
			return counts, err
		}
		counts[i] = n
	}
	return counts, nil
}
