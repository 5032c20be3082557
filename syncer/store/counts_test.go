package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"playersync/syncer"
	"playersync/syncer/store"
)

// someDay is midnight of a day in the past.
var someDay = time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC)

func report(t rapid.TB, s *store.Store, server string, players int, after time.Duration) {
	t.Helper()
	err := s.AddPlayerCount(context.Background(), syncer.CountReport{
		Server: server, Players: players, At: syncer.TimeOf(someDay.Add(after)),
	})
	if err != nil {
		t.Fatal(err)
	}
}

// counted returns counts as "server hh:mm+minutes players", each on one line.
func counted(t rapid.TB, s *store.Store, r syncer.CountRange) string {
	t.Helper()
	r, err := r.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	counts, err := s.PlayerCounts(context.Background(), r, 100_000)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, c := range counts {
		slot, _ := c.Slot.Instant()
		lines = append(lines, fmt.Sprintf("%s %s+%d %d", c.Server, slot.Format("15:04"), c.Minutes, c.Players))
	}
	return strings.Join(lines, "\n")
}

func TestPlayerCountsKeepTheHighestOfEachSlot(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		s, err := store.Open(context.Background(), address, store.Options{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		report(t, s, "pvp", 3, 0)
		report(t, s, "pvp", 7, 239*time.Second)
		report(t, s, "pvp", 5, 239999*time.Millisecond)
		report(t, s, "pvp", 1, 240*time.Second)
		report(t, s, "attack", 2, 60*time.Second)
		report(t, s, "attack", 9, time.Hour)
		hour := syncer.CountRange{From: someDay, To: someDay.Add(time.Hour)}
		expectEqual(t, counted(t, s, hour), "attack 00:00+4 2\npvp 00:00+4 7\npvp 00:04+4 1")
		hour.Server = "pvp"
		expectEqual(t, counted(t, s, hour), "pvp 00:00+4 7\npvp 00:04+4 1")
		hour.Server, hour.Sum = "", true
		expectEqual(t, counted(t, s, hour), " 00:00+4 9\n 00:04+4 1")
		hour.Sum, hour.Step = false, time.Hour
		expectEqual(t, counted(t, s, hour), "attack 00:00+60 2\npvp 00:00+60 7")
		// Ends lie on whole steps: the one that the range ends in belongs to it.
		whole := syncer.CountRange{
			From: someDay.Add(time.Minute), To: someDay.Add(61 * time.Minute), Step: time.Hour, Sum: true,
		}
		expectEqual(t, counted(t, s, whole), " 00:00+60 9\n 01:00+60 9")
	})
}

// thin thins what is older than some time after someDay.
func thin(t rapid.TB, conn *pgx.Conn, after time.Duration, step string) int {
	t.Helper()
	var removed int
	err := conn.QueryRow(context.Background(), `select thin_player_counts(now() - $1::timestamptz, $2::text::interval)`,
		someDay.Add(after), step).Scan(&removed)
	if err != nil {
		t.Fatal(err)
	}
	return removed
}

func TestThinnedPlayerCounts(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	for i := range 30 { // two hours
		report(t, s, "pvp", i, time.Duration(i)*syncer.CountSlot)
	}
	report(t, s, "attack", 100, 8*time.Minute)
	expectEqual(t, thin(t, conn, 119*time.Minute, "1 hour"), 14) // the second hour is not over
	hours := syncer.CountRange{From: someDay, To: someDay.Add(90 * time.Minute), Sum: true, Step: time.Hour}
	expectEqual(t, counted(t, s, hours), " 00:00+60 114\n 01:00+60 29")
	// A thinned sample stands for its whole hour, so the sums of its slots hold.
	slots := syncer.CountRange{From: someDay.Add(52 * time.Minute), To: someDay.Add(64 * time.Minute), Sum: true}
	expectEqual(t, counted(t, s, slots), " 00:52+4 114\n 00:56+4 114\n 01:00+4 15")
	raw := syncer.CountRange{From: someDay.Add(30 * time.Minute), To: someDay.Add(64 * time.Minute)}
	expectEqual(t, counted(t, s, raw), "attack 00:00+60 100\npvp 00:00+60 14\npvp 01:00+4 15")
	// What is reported late counts in the thinned sample.
	report(t, s, "pvp", 20, 30*time.Minute)
	report(t, s, "pvp", 3, 31*time.Minute)
	expectEqual(t, counted(t, s, raw), "attack 00:00+60 100\npvp 00:00+60 20\npvp 01:00+4 15")
	expectEqual(t, thin(t, conn, 119*time.Minute, "1 hour"), 0)
	expectEqual(t, thin(t, conn, 48*time.Hour, "1 day"), 15)
	expectEqual(t, counted(t, s, syncer.CountRange{From: someDay.Add(23 * time.Hour), To: someDay.Add(24 * time.Hour)}),
		"attack 00:00+1440 100\npvp 00:00+1440 29")
	for _, step := range []string{"5 minutes", "0", "2 days", "-4 minutes", "1 month"} {
		if refusal := refused(t, conn, `select thin_player_counts('1 day', $1::text::interval)`,
			step); refusal == nil || refusal.Code != "22023" {
			t.Errorf("step %s: %v", step, refusal)
		}
	}
	if refusal := refused(t, conn, `select thin_player_counts('-1 day', '1 hour')`); refusal == nil ||
		refusal.Code != "22023" {
		t.Errorf("a negative age: %v", refusal)
	}
	report(t, s, "pvp", 1, 72*time.Hour)
	report(t, s, "pvp", 1, 73*time.Hour)
	expectEqual(t, thin(t, conn, 96*time.Hour, "8 minutes"), 0)
	if refusal := refused(t, conn, `select thin_player_counts('1 day', '20 minutes')`); refusal == nil ||
		refusal.Hint == "" {
		t.Errorf("20 minutes of 8: %v", refusal)
	}
}

// TestThinningKeepsMaxima holds steps of thinned samples against those of all the
// reports.
func TestThinningKeepsMaxima(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	rapid.Check(t, func(t *rapid.T) {
		if _, err := conn.Exec(context.Background(), `delete from player_count`); err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 20).Draw(t, "reports") {
			at := time.Duration(rapid.IntRange(0, 6*60).Draw(t, "minute")) * time.Minute
			report(t, s, rapid.SampledFrom([]string{"a", "b"}).Draw(t, "server"),
				rapid.IntRange(0, 9).Draw(t, "players"), at)
		}
		whole := syncer.CountRange{
			From: someDay, To: someDay.Add(10 * time.Hour), Step: 2 * time.Hour, Sum: rapid.Bool().Draw(t, "sum"),
		}
		want := counted(t, s, whole)
		for _, step := range []string{"20 minutes", "1 hour", "2 hours"}[:rapid.IntRange(1, 3).Draw(t, "rounds")] {
			thin(t, conn, time.Duration(rapid.IntRange(0, 7).Draw(t, "before"))*time.Hour, step)
		}
		if got := counted(t, s, whole); got != want {
			t.Fatalf("got\n%s\nwant\n%s", got, want)
		}
	})
}
