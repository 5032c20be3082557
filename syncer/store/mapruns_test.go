package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/store"
)

// mapTime is a moment some milliseconds into the tests of map runs.
func mapTime(ms int64) syncer.Time { return syncer.Millis(1_900_000_000_000 + ms) }

// Time counts between reports of one session; another map or gamemode begins anew.
func TestMapRunInProgress(t *testing.T) {
	t.Parallel()
	s, _ := open(t, store.Options{})
	ctx := context.Background()
	for i, step := range []struct {
		what                     string
		gamemode, named, session string
		players                  int
		wave                     *int
		at                       int64

		started, played int64
		most            int
		waveThen        *int
	}{
		{"begins", "survival", "a", "1", 2, nil, 1000, 1000, 0, 2, nil},
		{"goes on", "survival", "a", "1", 5, new(3), 4000, 1000, 3000, 5, new(3)},
		{"is reported again", "survival", "a", "1", 5, new(3), 4000, 1000, 3000, 5, new(3)},
		{"is reported late", "survival", "a", "1", 1, nil, 3500, 1000, 3000, 5, new(3)},
		{"goes on after a restart of the game", "survival", "a", "2", 0, nil, 100_000, 1000, 3000, 5, new(3)},
		{"and on", "survival", "a", "2", 1, new(2), 100_007, 1000, 3007, 5, new(2)},
		{"another map begins", "survival", "b", "2", 1, nil, 200_000, 200_000, 0, 1, nil},
		{"goes on", "survival", "b", "2", 0, nil, 200_500, 200_000, 500, 1, nil},
		{"the server becomes another", "pvp", "b", "3", 0, nil, 300_000, 300_000, 0, 0, nil},
	} {
		got, err := s.ReportMapRun(ctx, syncer.MapReport{
			Server:   "s",
			Gamemode: step.gamemode,
			Map:      step.named,
			Session:  step.session,
			Players:  step.players,
			Wave:     step.wave,
			At:       mapTime(step.at),
		})
		if err != nil {
			t.Fatal(err)
		}
		want := syncer.CurrentMapRun{
			Server:     "s",
			Gamemode:   step.gamemode,
			Map:        step.named,
			StartedAt:  mapTime(step.started),
			ReportedAt: mapTime(step.at),
			Played:     time.Duration(step.played) * time.Millisecond,
			Players:    step.players,
			MaxPlayers: step.most,
			Wave:       step.waveThen,
		}
		if step.at == 3500 {
			want.ReportedAt = mapTime(4000)
		}
		t.Log(i, step.what)
		expectEqual(t, got, want, cmpopts.EquateComparable(syncer.Time{}))
		read, err := s.CurrentMapRun(ctx, "s")
		if err != nil || read == nil {
			t.Fatal(read, err)
		}
		expectEqual(t, *read, want, cmpopts.EquateComparable(syncer.Time{}))
	}
	if run, err := s.CurrentMapRun(ctx, "other"); run != nil || err != nil {
		t.Errorf("another server runs %+v, %v", run, err)
	}
	if err := s.AbandonMapRun(ctx, "s"); err != nil {
		t.Fatal(err)
	}
	if runs, err := s.CurrentMapRuns(ctx); len(runs) > 0 || err != nil {
		t.Errorf("after giving up: %+v, %v", runs, err)
	}
}

func TestMapRunIsFinishedOnce(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	ctx := context.Background()
	report := func(session string, at int64) {
		t.Helper()
		report := syncer.MapReport{
			Server:   "s",
			Gamemode: "survival",
			Map:      "a",
			Session:  session,
			Players:  2,
			Wave:     new(7),
			At:       mapTime(at),
		}
		if _, err := s.ReportMapRun(ctx, report); err != nil {
			t.Fatal(err)
		}
	}
	finish := func(key byte, session string, at int64) syncer.MapFinish {
		return syncer.MapFinish{
			Key:     [16]byte{key},
			Server:  "s",
			Map:     "a",
			Session: session,
			Winner:  "crux",
			Players: new(3),
			At:      mapTime(at),
		}
	}
	report("1", 0)
	other := finish(1, "1", 500)
	other.Map = "b"
	if _, err := s.FinishMapRun(ctx, other); syncer.CodeOf(err) != syncer.CodeConflict {
		t.Errorf("the end of another map: %v", err)
	}
	first, err := s.FinishMapRun(ctx, finish(1, "1", 1000))
	if err != nil {
		t.Fatal(err)
	}
	want := syncer.MapRun{
		Number:     first.Number,
		Server:     "s",
		Map:        "a",
		Gamemode:   "survival",
		Winner:     "crux",
		StartedAt:  mapTime(0),
		EndedAt:    mapTime(1000),
		Played:     time.Second,
		MaxPlayers: 3,
		Wave:       new(7),
	}
	expectEqual(t, first, want, cmpopts.EquateComparable(syncer.Time{}))
	if _, err := s.FinishMapRun(ctx, finish(2, "1", 1000)); syncer.CodeOf(err) != syncer.CodeConflict {
		t.Errorf("the end of nothing: %v", err)
	}
	report("1", 2000)
	again, err := s.FinishMapRun(ctx, finish(1, "1", 3000))
	if err != nil {
		t.Fatal(err)
	}
	expectEqual(t, again, want, cmpopts.EquateComparable(syncer.Time{}))
	if run, err := s.CurrentMapRun(ctx, "s"); run == nil || err != nil {
		t.Errorf("an end that was sent again ended the next run: %+v, %v", run, err)
	}
	second, err := s.FinishMapRun(ctx, finish(3, "2", 9000)) // the game was down and comes back just to end it
	if err != nil || second.Played != 0 || second.EndedAt != mapTime(9000) || second.StartedAt != mapTime(2000) {
		t.Errorf("in another session: %+v, %v", second, err)
	}
	if n := value[int](t, psql(t, url), `select count(*)::int from map_run`); n != 2 {
		t.Errorf("%d runs are stored, want 2", n)
	}
}

// randomRuns are runs of a few maps on the edges of the rules.
func randomRuns(n int, seed uint64) []syncer.MapRun {
	random := rand.New(rand.NewPCG(seed, 13))
	pick := func(from ...string) string { return from[random.IntN(len(from))] }
	runs := make([]syncer.MapRun, n)
	for i := range runs {
		edge := []time.Duration{0, time.Millisecond, 3 * time.Minute, 20 * time.Minute, 3 * time.Hour}[random.IntN(5)]
		run := syncer.MapRun{
			Server:     pick("s1", "s2"),
			Map:        pick("a", "B", "ä b.msav", `quote"'\`),
			Gamemode:   pick("pvp", "survival", "attack"),
			Winner:     pick(syncer.NoTeam, syncer.NoTeam, "sharded", "crux"),
			Success:    random.IntN(2) == 0,
			StartedAt:  mapTime(random.Int64N(1e9)),
			Played:     max(0, edge+time.Duration(random.IntN(5)-2)*time.Millisecond),
			MaxPlayers: random.IntN(4),
		}
		if random.IntN(3) > 0 {
			run.Wave = new(random.IntN(50))
		}
		started, _ := run.StartedAt.Millis()
		run.EndedAt = syncer.Millis(started + run.Played.Milliseconds() + random.Int64N(1000))
		runs[i] = run
	}
	return runs
}

// copyRuns stores finished runs as they are.
func copyRuns(t testing.TB, conn *pgx.Conn, runs []syncer.MapRun) {
	t.Helper()
	_, err := conn.CopyFrom(context.Background(), pgx.Identifier{"map_run"},
		[]string{
			"server", "map", "gamemode", "winner", "success",
			"started_at", "ended_at", "played_ms", "max_players", "wave",
		},
		pgx.CopyFromSlice(len(runs), func(i int) ([]any, error) {
			r := runs[i]
			started, _ := r.StartedAt.Instant()
			ended, _ := r.EndedAt.Instant()
			return []any{
				r.Server, r.Map, r.Gamemode, r.Winner, r.Success,
				started, ended, r.Played.Milliseconds(), int32(r.MaxPlayers), r.Wave,
			}, nil
		}))
	if err != nil {
		t.Fatal(err)
	}
}

func TestOutcomeRuleIsTheSameInTheDatabase(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	rapid.Check(t, func(t *rapid.T) {
		runs := randomRuns(300, rapid.Uint64().Draw(t, "seed"))
		var gamemodes, winners []string
		var successes []bool
		var played []int64
		for _, r := range runs {
			gamemodes, winners = append(gamemodes, r.Gamemode), append(winners, r.Winner)
			successes, played = append(successes, r.Success), append(played, r.Played.Milliseconds())
		}
		rows, err := conn.Query(context.Background(), `
			select o.outcome || ' ' || map_run_is_lost(g, o.outcome)
			from unnest($1::text[], $2::text[], $3::bool[], $4::bigint[]) with ordinality as u (g, w, s, p, n)
			cross join lateral (select map_run_outcome(g, w, s, p) as outcome) as o
			order by n`, gamemodes, winners, successes, played)
		if err != nil {
			t.Fatal(err)
		}
		verdicts, err := pgx.CollectRows(rows, pgx.RowTo[string])
		if err != nil || len(verdicts) != len(runs) {
			t.Fatal(len(verdicts), err)
		}
		for i, r := range runs {
			if want := fmt.Sprintf("%s %t", r.Outcome(), r.IsLost()); verdicts[i] != want {
				t.Errorf("%+v: the database says %s, the domain %s", r, verdicts[i], want)
			}
		}
	})
}

// reference sums up runs as plainly as can be.
func reference(runs []syncer.MapRun) []syncer.MapStats {
	type key struct{ named, gamemode string }
	by := map[key][]syncer.MapRun{}
	for _, r := range runs {
		if r.MaxPlayers > 0 {
			by[key{r.Map, r.Gamemode}] = append(by[key{r.Map, r.Gamemode}], r)
		}
	}
	stats := make([]syncer.MapStats, 0, len(by))
	for k, runs := range by {
		stats = append(stats, referenceOf(k.named, k.gamemode, runs))
	}
	slices.SortFunc(stats, func(a, b syncer.MapStats) int {
		return strings.Compare(a.Map+"\x00"+a.Gamemode, b.Map+"\x00"+b.Gamemode)
	})
	return stats
}

func referenceOf(named, gamemode string, runs []syncer.MapRun) syncer.MapStats {
	s := syncer.MapStats{Map: named, Gamemode: gamemode, Runs: int64(len(runs)), WinsByTeam: map[string]int64{}}
	var times, best, waves, players []int64
	for _, r := range runs {
		switch r.Outcome() {
		case syncer.MapEarlyRTV:
			s.EarlyRTVs++
			continue
		case syncer.MapLateRTV:
			s.LateRTVs++
		case syncer.MapWon:
			s.Won++
			s.WinsByTeam[r.Winner]++
			best = append(best, r.Played.Milliseconds())
			if before, _ := s.LatestWin.Instant(); s.LatestWin.IsZero() || r.EndedAt.After(before) {
				s.LatestWin = r.EndedAt
			}
		}
		if r.IsLost() {
			s.Lost++
		}
		times, players = append(times, r.Played.Milliseconds()), append(players, int64(r.MaxPlayers))
		if r.Wave != nil {
			waves = append(waves, int64(*r.Wave))
		}
	}
	s.Significant = int64(len(times))
	s.EarlyRTVRate, s.LateRTVRate = float64(s.EarlyRTVs)/float64(s.Runs), float64(s.LateRTVs)/float64(s.Runs)
	if n := int64(len(times)); n > 0 {
		s.AverageMs = new((2*total(times) + n) / (2 * n)) // rounded
		s.ShortestMs, s.LongestMs = new(slices.Min(times)), new(slices.Max(times))
		s.AverageMaxPlayers = new(float64(total(players)) / float64(n))
	}
	if len(best) > 0 {
		s.BestMs = new(slices.Min(best))
	}
	if n := len(waves); n > 0 {
		s.HighestWave, s.AverageWave = new(slices.Max(waves)), new(float64(total(waves))/float64(n))
	}
	return s
}

func total(numbers []int64) (sum int64) {
	for _, n := range numbers {
		sum += n
	}
	return sum
}

func TestMapStatsAgreeWithAPlainReference(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		conn := psql(t, address)
		s, err := store.Open(context.Background(), address, store.Options{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		empty := 0
		rapid.Check(t, func(r *rapid.T) {
			runs := randomRuns(rapid.IntRange(0, 60).Draw(r, "runs"), rapid.Uint64().Draw(r, "seed"))
			run(t, conn, `truncate map_run`)
			copyRuns(t, conn, runs)
			want := reference(runs)
			if len(want) == 0 {
				empty++
			}
			size := rapid.IntRange(1, 20).Draw(r, "page")
			var got []syncer.MapStats
			for after := ""; ; {
				page, next, err := s.MapStats(context.Background(), syncer.MapStatsFilter{}, size, after)
				if err != nil || len(page) > size {
					r.Fatal(len(page), err)
				}
				if got = append(got, page...); next == "" {
					break
				}
				after = next
			}
			expectEqual(t, got, want, cmpopts.EquateEmpty(), cmpopts.EquateComparable(syncer.Time{}))
			one, _, err := s.MapStats(context.Background(), syncer.MapStatsFilter{Map: "a", Gamemode: "pvp"}, 1, "")
			if err != nil {
				r.Fatal(err)
			}
			want = slices.DeleteFunc(want, func(s syncer.MapStats) bool { return s.Map != "a" || s.Gamemode != "pvp" })
			expectEqual(t, one, want, cmpopts.EquateEmpty(), cmpopts.EquateComparable(syncer.Time{}))
		})
		if empty > 90 {
			t.Errorf("%d samples had nothing to sum up", empty)
		}
	})
}

// What people read in psql is what the API says, in other units.
func TestMapViewsReadWell(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	copyRuns(t, conn, []syncer.MapRun{
		{
			Server:     "s",
			Map:        "a",
			Gamemode:   "survival",
			Winner:     "sharded",
			Success:    true,
			StartedAt:  mapTime(0),
			EndedAt:    mapTime(600_500),
			Played:     600_500 * time.Millisecond,
			MaxPlayers: 4,
			Wave:       new(30),
		},
		{
			Server:     "s",
			Map:        "a",
			Gamemode:   "survival",
			Winner:     syncer.NoTeam,
			StartedAt:  mapTime(0),
			EndedAt:    mapTime(1000),
			Played:     time.Second,
			MaxPlayers: 2,
		},
		{
			Server:    "s",
			Map:       "a",
			Gamemode:  "survival",
			Winner:    "crux",
			StartedAt: mapTime(0),
			EndedAt:   mapTime(1000),
			Played:    time.Second,
		},
	})
	line := value[string](t, conn, `
		select concat_ws(' ', runs, significant, won, lost, early_rtvs, early_rtv_rate, average_time, best_time,
			highest_wave, average_max_players, wins_by_team)
		from map_stats`)
	if want := `2 1 1 0 1 0.5 00:10:00.5 00:10:00.5 30 4 {"sharded": 1}`; line != want {
		t.Errorf("map_stats is %s, want %s", line, want)
	}
	outcomes := column[string](t, conn, `select outcome || ' ' || played from map_run_history`)
	if want := []string{"lost 00:00:01", "early_rtv 00:00:01", "won 00:10:00.5"}; !slices.Equal(outcomes, want) {
		t.Errorf("map_run_history is %q, want %q", outcomes, want)
	}
}

func TestMapRunsAreListed(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	runs := randomRuns(200, 1)
	copyRuns(t, psql(t, url), runs)
	for i := range runs {
		runs[i].Number = int64(i + 1)
	}
	slices.Reverse(runs)
	for _, filter := range []syncer.MapRunFilter{
		{},
		{Gamemode: "pvp"},
		{Server: "s1"},
		{Server: "s1", Gamemode: "pvp"},
		{Map: "B"},
		{Map: "B", Server: "s2", Gamemode: "attack"},
		{Map: "nowhere"},
	} {
		want := slices.DeleteFunc(slices.Clone(runs), func(r syncer.MapRun) bool {
			return r.Number >= 150 || filter.Map != "" && r.Map != filter.Map ||
				filter.Server != "" && r.Server != filter.Server ||
				filter.Gamemode != "" && r.Gamemode != filter.Gamemode
		})
		got, err := s.ListMapRuns(context.Background(), filter, 150, 20)
		if err != nil {
			t.Fatal(err)
		}
		expectEqual(t, got, want[:min(20, len(want))], cmpopts.EquateEmpty(), cmpopts.EquateComparable(syncer.Time{}))
	}
}
