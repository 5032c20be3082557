package store_test

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// wins is an edit that cannot be stored twice unnoticed.
func wins(n int64) merge.Edit {
	return merge.Edit{Gamemodes: map[string]merge.GamemodeEdit{"pvp": {Stats: map[string]int64{"wins": n}}}}
}

func newBatch(edits map[syncer.PlayerID]merge.Edit) merge.Batch {
	batch := merge.Batch{Edits: edits}
	_, _ = rand.Read(batch.ID[:]) // never fails
	return batch
}

func TestSaveBatchCreatesAndTells(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('old'), ('unsynced')`)
	listener := listen(t, url)
	history := []syncer.HistoryEntry{{Action: "kicked", By: "x", Time: syncer.Millis(1)}}
	batch := newBatch(map[syncer.PlayerID]merge.Edit{
		"old":      {Scalars: merge.Scalars{Name: syncer.Some("Steve")}, History: history},
		"new":      {Scalars: merge.Scalars{Name: syncer.Some("Alex")}, History: history},
		"unsynced": wins(1),
	})
	readings, changes, err := s.SaveBatch(context.Background(), batch)
	if err != nil || len(readings) != 3 {
		t.Fatalf("%d readings, %v", len(readings), err)
	}
	for _, reading := range readings {
		expectEqual(t, *reading.Player, readOne(t, s, reading.ID), equalPlayers)
		if reading.Xid == 0 {
			t.Error("a write has no transaction")
		}
	}
	if len(changes) != 4 {
		t.Errorf("changes %+v", changes)
	}
	var notified []string
	pgtest.Eventually(t, time.Minute, func() error { // the notification follows the commit
		if notified = append(notified, shown(listener.notified())...); len(notified) < 5 {
			return fmt.Errorf("notified of %v", notified)
		}
		return nil
	})
	counts := map[string]int{}
	for _, text := range notified {
		counts[text]++
	}
	expectEqual(t, counts, map[string]int{
		"player new": 1, "player new row": 1, "player old row": 1, "player new +1": 1, "player old +1": 1,
	})

	if readings, changes, err = s.SaveBatch(context.Background(), batch); err != nil || len(readings)+len(changes) > 0 {
		t.Errorf("again: %v, %v, %v", readings, changes, err)
	}
	if notified := listener.notified(); len(notified) > 0 {
		t.Errorf("notified again: %v", notified)
	}
	if got := readOne(t, s, "unsynced").Gamemodes["pvp"].Stats["wins"]; got != 1 {
		t.Errorf("saved %d times", got)
	}
}

func TestRefusedBatchStoresNothing(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	batch := newBatch(map[syncer.PlayerID]merge.Edit{
		"a": wins(1), "b": {Scalars: merge.Scalars{ChatStrictness: syncer.Some("x")}},
	})
	if _, _, err := s.SaveBatch(context.Background(), batch); syncer.CodeOf(err) != syncer.CodeInvalid {
		t.Errorf("a bad batch: %v", err)
	}
	conn := psql(t, url)
	if n := value[int](t, conn, `
		select (select count(*) from player) + (select count(*) from save_batch)
			+ (select count(*) from change)`); n != 0 {
		t.Errorf("%d rows of a refused batch", n)
	}
	batch.Edits["b"] = wins(1)
	if readings, _, err := s.SaveBatch(context.Background(), batch); err != nil || len(readings) != 2 {
		t.Errorf("once put right: %v, %v", readings, err)
	}
}

// A batch is stored as a whole, or its parts may be: never both, however late a lost statement
// arrives.
func TestBatchIsStoredAsAWholeOrInParts(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	ctx := context.Background()
	whole := newBatch(map[syncer.PlayerID]merge.Edit{"a": wins(1), "b": wins(1)})
	if _, _, err := s.SaveBatch(ctx, whole); err != nil {
		t.Fatal(err)
	}
	late := newBatch(map[syncer.PlayerID]merge.Edit{"a": wins(1), "b": wins(1)})
	for range 2 { // the answer may be lost
		if stored, err := s.PartBatch(ctx, whole.ID); err != nil || !stored {
			t.Errorf("a stored batch: %t, %v", stored, err)
		}
		if stored, err := s.PartBatch(ctx, late.ID); err != nil || stored {
			t.Errorf("a batch that never arrived: %t, %v", stored, err)
		}
	}
	if readings, _, err := s.SaveBatch(ctx, late); err != nil || len(readings) > 0 {
		t.Errorf("it arrives after all: %v, %v", readings, err)
	}
	conn := psql(t, url)
	run(t, conn, `begin; update player set rank = 'mod' where uuid = 'b'`)
	slow := newBatch(map[syncer.PlayerID]merge.Edit{"a": wins(1), "b": wins(1)})
	saved := make(chan error)
	go func() { _, _, err := s.SaveBatch(ctx, slow); saved <- err }()
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		if value[int](t, conn, `select count(*) from pg_stat_activity where wait_event_type = 'Lock'`) == 0 {
			return errors.New("it does not wait for the row yet")
		}
		return nil
	})
	if stored, err := s.PartBatch(ctx, slow.ID); err != nil || stored {
		t.Errorf("a batch that waits for a row: %t, %v", stored, err)
	}
	run(t, conn, `commit`)
	if err := <-saved; err != nil {
		t.Error(err)
	}
	if got := readOne(t, s, "a").Gamemodes["pvp"].Stats["wins"]; got != 1 {
		t.Errorf("counted %d times", got)
	}
}

// What is too large for its row is not written again by those who do not touch it.
func TestWritesLeaveLargeAttributesWhereTheyAre(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		s, err := store.Open(context.Background(), address, store.Options{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		conn := psql(t, address)
		run(t, conn,
			`insert into player (uuid, attributes)
			select 'a', jsonb_object_agg(i, md5(i::text)) from generate_series(1, 1000) as i`)
		outside := fmt.Sprintf(`select string_agg(distinct chunk_id::text, ' ') from %s`,
			value[string](t, conn, `select reltoastrelid::regclass::text from pg_class where oid = 'player'::regclass`))
		before := value[string](t, conn, outside)
		batch := newBatch(map[syncer.PlayerID]merge.Edit{"a": {Scalars: merge.Scalars{Name: syncer.Some("Steve")}}})
		if _, _, err := s.SaveBatch(context.Background(), batch); err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.EditPlayer(context.Background(), "a",
			merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("mod")}}, nil); err != nil {
			t.Fatal(err)
		}
		admin := merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some("admin")}}
		if _, _, err := s.EditPlayers(context.Background(), []merge.PlayerEdit{{ID: "a", Edit: admin}}); err != nil {
			t.Fatal(err)
		}
		if after := value[string](t, conn, outside); after != before {
			t.Errorf("the attributes were moved from %s to %s", before, after)
		}
		patch := json.RawMessage(`{"shop": 1}`)
		if _, _, err := s.SaveBatch(context.Background(),
			newBatch(map[syncer.PlayerID]merge.Edit{"a": {Attributes: []json.RawMessage{patch}}})); err != nil {
			t.Fatal(err)
		}
		const kept = `select attributes @> '{"shop": 1}' and name = 'Steve' and rank = 'admin' from player`
		if !value[bool](t, conn, kept) {
			t.Error("an edit was lost")
		}
	})
}

// Each batch is sent again until the store says that it is stored, while the
// connections are cut at any moment: before, within and after the commit.
func TestBatchesAreStoredOnceThroughCuts(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	proxy := pgtest.NewProxy(t, url)
	s, err := store.Open(context.Background(), proxy.URL(), store.Options{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	pace := psql(t, url)
	saved, attempts, failures := int64(0), 0, 0
	save := func(batch merge.Batch) bool {
		attempts++
		var cutting sync.WaitGroup
		if attempts%3 > 0 {
			cutting.Go(func() {
				// the moments differ
				_, _ = pace.Exec(context.Background(),
					fmt.Sprintf("select count(*) from generate_series(1, %d)", attempts*7919%50000))
				proxy.Cut()
			})
		}
		_, _, err := s.SaveBatch(context.Background(), batch)
		cutting.Wait()
		if code := syncer.CodeOf(err); err != nil && code != syncer.CodeUnavailable &&
			code != syncer.CodeOutcomeUnknown {
			t.Fatalf("cut: %v", err)
		}
		return err == nil
	}
	for ; saved < 25 || failures < 10; saved++ {
		batch := newBatch(map[syncer.PlayerID]merge.Edit{
			"a": wins(1), "b": wins(2), syncer.PlayerID(fmt.Sprint("new ", saved)): wins(1),
		})
		for !save(batch) {
			failures++
		}
	}
	expectEqual(t,
		column[int64](t, conn, `
			select (gamemodes -> 'pvp' -> 'stats' ->> 'wins')::bigint
			from player where uuid in ('a', 'b') order by uuid`),
		[]int64{saved, 2 * saved})
	if n := value[int64](t, conn, `
		select sum((gamemodes -> 'pvp' -> 'stats' ->> 'wins')::bigint)
		from player where uuid like 'new%'`); n != saved {
		t.Errorf("new players have %d wins after %d batches", n, saved)
	}
}

// Sidecars that save the same players at once neither lose anything nor stop
// each other.
func TestBatchesOfManySidecarsAddUp(t *testing.T) {
	t.Parallel()
	s, _ := open(t, store.Options{Timeout: time.Minute})
	const sidecars, batches = 6, 10
	var saving sync.WaitGroup
	for range sidecars {
		saving.Go(func() {
			for range batches {
				edits := map[syncer.PlayerID]merge.Edit{}
				for i := range 20 {
					edits[syncer.PlayerID(fmt.Sprint(i))] = wins(1)
				}
				if _, _, err := s.SaveBatch(context.Background(), newBatch(edits)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	saving.Wait()
	for i := range 20 {
		got := readOne(t, s, syncer.PlayerID(fmt.Sprint(i))).Gamemodes["pvp"].Stats["wins"]
		if got != sidecars*batches {
			t.Errorf("player %d has %d wins, want %d", i, got, sidecars*batches)
		}
	}
}
