package store_test

import (
	"errors"
	"maps"
	"testing"

	"github.com/jackc/pgx/v5"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/mindustry"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// A commit waits for a synchronous standby. If its session ends meanwhile it is stored, for all
// to see, and yet the standby may never have it. So whoever repeats a write, and finds it done,
// is told so only once the standby has it.
func TestRepeatedWritesWaitForTheStandbyToo(t *testing.T) {
	t.Parallel()
	conn, url := databaseAlone(t)
	run(t, conn, `
		insert into player (uuid) values ('steve'), ('alex');
		insert into currency (name) values ('coins');
		insert into balance (uuid, currency) select uuid, 'coins' from player;
		insert into ban (uuid) values ('lifted');
		insert into blacklisted_address (address) values ('192.0.2.9');
		insert into antibot_pattern (kind, pattern) values ('graylist', 'x');
		insert into player_history (uuid, action, by, time) values ('steve', 'muted', 'Alex', to_timestamp(0.001));
		insert into map_run_current (server, map, gamemode, session, started_at, reported_at, players, max_players)
			values ('a', 'maze', 'pvp', 's', now(), current_timestamp, 1, 1)`)
	s, err := store.Open(t.Context(), url, store.Options{Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	repeated := map[string]func() error{}
	for name, write := range writes {
		repeated[name] = func() error { return write.do(t.Context(), s, 7) }
	}
	batch := newBatch(map[syncer.PlayerID]merge.Edit{"other": wins(1)})
	entry := syncer.HistoryEntry{Action: "muted", By: "Alex", Time: syncer.Millis(1)}
	message := syncer.StaffMessage{Server: "a", Name: "Alex", Text: "hello", IsStaff: true}
	maps.Copy(repeated, map[string]func() error{
		"batch":   func() error { _, _, err := s.SaveBatch(t.Context(), batch); return err },
		"message": func() error { _, _, err := s.SendStaffMessage(t.Context(), message); return err },
		"blacklist": func() error {
			_, err := s.AddBlacklisted(t.Context(), []string{"192.0.2.1"}, "Alex")
			return err
		},
		"address off the blacklist": func() error {
			_, err := s.RemoveBlacklisted(t.Context(), "192.0.2.9")
			return err
		},
		"pattern": func() error { _, err := s.ClearAntibotPattern(t.Context(), mindustry.PatternGraylist); return err },
		"entry of a history": func() error {
			_, err := s.RemoveHistory(t.Context(), "steve", entry)
			return err
		},
		"currency": func() error { _, err := s.AddCurrency(t.Context(), "gems"); return err },
		"players":  func() error { return s.CreatePlayers(t.Context(), []syncer.PlayerID{"new"}) },
		"run":      func() error { return s.AbandonMapRun(t.Context(), "a") },
		"lift": func() error {
			_, _, _, err := s.LiftBan(t.Context(), syncer.TargetID("lifted"), "Alex", "")
			return err
		},
	})
	run(t, conn, `alter system set synchronous_standby_names = 'nobody'`)
	run(t, conn, `select pg_reload_conf()`)
	for name, write := range repeated {
		for _, what := range []string{"done", "repeated"} {
			if err := waitsForStandby(t, conn, write); err != nil {
				t.Errorf("%s, %s: %v", name, what, err)
			}
		}
	}
}

// waitsForStandby begins a write, and ends its session once it waits.
func waitsForStandby(t *testing.T, conn *pgx.Conn, write func() error) error {
	t.Helper()
	answered := make(chan error, 1)
	go func() { answered <- write() }()
	var tooEarly error
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		select {
		case err := <-answered:
			tooEarly = errors.Join(errors.New("answered before the standby has it"), err)
			return nil
		default:
		}
		if value[int](t, conn, `select count(*) from (select pg_terminate_backend(pid) from pg_stat_activity
			where wait_event = 'SyncRep') as ended`) == 0 {
			return errors.New("nobody waits for the standby")
		}
		if err := <-answered; err == nil {
			tooEarly = errors.New("answered as done, though its session was ended")
		}
		return nil
	})
	return tooEarly
}
