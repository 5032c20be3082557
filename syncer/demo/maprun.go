package demo

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"playersync/syncer/httpapi/wire"
)

const (
	demoMap  = "Frozen_Forest.msav"
	downtime = 500 * time.Millisecond
	playing  = 100 * time.Millisecond
)

// playMapRun restarts the game in the middle of a map.
func playMapRun(ctx context.Context, s *Stage) error {
	s.Say("A game says which map it runs, and a word of its own for as long as it lives. Another word tells that it " +
		"was down: the run goes on, and that time does not count.")
	s.Blank()
	begun, err := s.reportMap(ctx, "first life", 12, "loads the map with 12 players")
	if err != nil {
		return err
	}
	if err := wait(ctx, playing); err != nil {
		return err
	}
	before, err := s.reportMap(ctx, "first life", 9, "plays on with 9 players")
	if err != nil {
		return err
	}
	stopped := time.Now()
	if err := wait(ctx, downtime); err != nil {
		return err
	}
	s.Did(s.Survival.Name, "the game is down", time.Since(stopped))
	after, err := s.reportMap(ctx, "second life", 0, "is back, nobody has joined yet")
	if err != nil {
		return err
	}
	s.Check("it is the same run", after.StartedAt, begun.StartedAt)
	s.Check("the time that the game was down does not count", after.PlayedMs, before.PlayedMs)
	s.Check("the most players at a time", after.MaxPlayers, 12)
	return s.finishMap(ctx)
}

// reportMap tells the sidecar of survival what the game runs.
func (s *Stage) reportMap(ctx context.Context, session string, players int, what string) (wire.CurrentMapRun, error) {
	began := time.Now()
	var answer wire.CurrentRun
	_, err := s.Survival.send(ctx, http.MethodPost, "/v1/map-run",
		map[string]any{"map": demoMap, "session": session, "players": players}, &answer)
	if err != nil {
		return wire.CurrentMapRun{}, err
	}
	if answer.Run == nil {
		return wire.CurrentMapRun{}, fmt.Errorf("%s: the report waits for the database", s.Survival.Name)
	}
	s.Did(s.Survival.Name, what, time.Since(began))
	return *answer.Run, nil
}

// finishMap wins the map and asks the other server for its statistics.
func (s *Stage) finishMap(ctx context.Context) error {
	began := time.Now()
	end := map[string]any{"map": demoMap, "session": "second life", "winner": "sharded", "success": true, "wave": 45}
	if _, err := s.Survival.send(ctx, http.MethodPost, "/v1/map-run/finish", end, nil); err != nil {
		return err
	}
	s.Did(s.Survival.Name, "wins it in wave 45", time.Since(began))
	began = time.Now()
	var page wire.MapStatsPage
	if _, err := s.PvP.send(ctx, http.MethodGet, "/v1/map-stats?map="+demoMap, nil, &page); err != nil {
		return err
	}
	got := "nothing"
	if len(page.Stats) == 1 {
		got = fmt.Sprintf("%d run, %d won", page.Stats[0].Runs, page.Stats[0].Won)
	}
	s.DidCheck(s.PvP.Name, "the statistics of the map: 1 run, 1 won", time.Since(began), got, "1 run, 1 won")
	return nil
}
