package store_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// A history may be long: reads and writes of a player carry its newest entries only, and the
// rest comes in pages.
func TestLongHistoryIsReadInPages(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('Steve')`)
	run(t, conn, `insert into player_history (uuid, action, by, time)
		select 'Steve', 'action ' || n, 'Alex', to_timestamp(n / 2) from generate_series(1, 1200) as n`)
	readings, err := s.ReadPlayers(t.Context(), []syncer.PlayerID{"Steve"})
	if err != nil {
		t.Fatal(err)
	}
	newest := readings[0].Player.History
	promotion := merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("mod")}}
	written, _, err := s.EditPlayer(t.Context(), "Steve", promotion, nil)
	if err != nil {
		t.Fatal(err)
	}
	if len(newest) != syncer.HistoryShown || !slices.Equal(written.Player.History, newest) {
		t.Fatalf("%d entries are read, %d returned by a write", len(newest), len(written.Player.History))
	}

	all := newest
	for len(all) < 1200 {
		older, err := s.HistoryBefore(t.Context(), "Steve", all[0], 333)
		if err != nil || len(older) == 0 {
			t.Fatalf("%d entries before %v: %v", len(older), all[0], err)
		}
		all = append(older, all...)
	}
	seen := map[string]bool{}
	for i, entry := range all {
		if seen[entry.Action] = true; i > 0 && syncer.CompareHistory(all[i-1], entry) >= 0 {
			t.Errorf("%v comes before %v", all[i-1], entry)
		}
	}
	if len(all) != 1200 || len(seen) != 1200 {
		t.Errorf("%d entries, %d different ones", len(all), len(seen))
	}
}

// A history has a limit, which the refusal names.
func TestHistoryHasALimit(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('Steve')`)
	run(t, conn, fmt.Sprintf(`insert into player_history (uuid, action)
		select 'Steve', 'action ' || n from generate_series(1, %d) as n`, syncer.MaxHistory))
	edit := merge.Edit{History: []syncer.HistoryEntry{{Action: "one more", By: "Alex", Time: syncer.Millis(1)}}}
	_, _, err := s.EditPlayer(t.Context(), "Steve", edit, nil)
	refused, _ := errors.AsType[*syncer.Error](err)
	if refused == nil || refused.Code != syncer.CodeInvalid || refused.Field != "history" ||
		!strings.Contains(refused.Message, fmt.Sprintf("at most %d entries", syncer.MaxHistory)) {
		t.Errorf("refused by %v", err)
	}
}
