package store_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

func rankEdit(id syncer.PlayerID, rank string) merge.PlayerEdit {
	return merge.PlayerEdit{ID: id, Edit: merge.Edit{Scalars: merge.Scalars{Rank: syncer.Some(rank)}}}
}

func idsOf(readings []changefeed.VersionedPlayer) []syncer.PlayerID {
	var ids []syncer.PlayerID
	for _, r := range readings {
		ids = append(ids, r.ID)
	}
	return slices.Sorted(slices.Values(ids))
}

// Whoever cannot be edited at once is left as he is, and the others are not held up: who is
// not there, at another revision, or locked by somebody else.
func TestEditsTogetherLeaveOutWhoMustWait(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('a'), ('b'), ('stale'), ('none'), ('locked'), ('muted')`)
	revision := func(id string) *int64 {
		return new(value[int64](t, conn, `select revision from player where uuid = $1`, id))
	}
	rival := psql(t, url)
	run(t, rival, `begin`)
	run(t, rival, `update player set name = 'x' where uuid = 'locked'`)
	stale, none, exact := rankEdit("stale", "mod"), rankEdit("none", "mod"), rankEdit("b", "mod")
	stale.Expected, none.Expected, exact.Expected = new(*revision("stale")-1), new(int64(0)), revision("b")
	warned := []syncer.HistoryEntry{{Action: "warned", Time: syncer.Millis(1)}}
	locked, muted := rankEdit("locked", "mod"), rankEdit("muted", "mod")
	locked.Edit.History, muted.Edit.History, stale.Edit.History = warned, warned, warned
	for _, edits := range [][]merge.PlayerEdit{
		{rankEdit("nobody", "mod"), rankEdit("a", "mod"), stale, none, exact, locked, muted},
		{locked, stale}, // nobody at all
	} {
		readings, changes, err := s.EditPlayers(t.Context(), edits)
		if err != nil {
			t.Fatal(err)
		}
		if len(edits) > 2 {
			expectEqual(t, idsOf(readings), []syncer.PlayerID{"a", "b", "muted"})
			if len(changes) != 4 {
				t.Errorf("%d changes: %+v", len(changes), changes)
			}
		} else if len(readings)+len(changes) > 0 {
			t.Errorf("%d readings, %d changes of nobody", len(readings), len(changes))
		}
	}
	run(t, rival, `rollback`)
	expectEqual(t, column[string](t, conn, `select uuid from player where rank = 'mod' order by 1`),
		[]string{"a", "b", "muted"})
	expectEqual(t, column[string](t, conn, `select uuid from player_history`), []string{"muted"})
}

// One value that is refused refuses all of a step, for nobody knows yet whose it is.
func TestRefusedEditsTogetherStoreNothing(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('a'), ('b')`)
	for _, bad := range []merge.Edit{
		{Scalars: merge.Scalars{Rank: syncer.Some("")}},
		{History: []syncer.HistoryEntry{{Time: syncer.Millis(1)}}},
	} {
		edits := []merge.PlayerEdit{rankEdit("a", "mod"), {ID: "b", Edit: bad}}
		readings, changes, err := s.EditPlayers(t.Context(), edits)
		if syncer.CodeOf(err) != syncer.CodeInvalid || len(readings)+len(changes) > 0 {
			t.Errorf("%d readings, %d changes, %v", len(readings), len(changes), err)
		}
	}
	if n := value[int](t, conn, `select count(*) from audit where field = 'rank'`); n > 0 {
		t.Errorf("%d edits were stored", n)
	}
}

// The audit tells of each edit who made it and through which server, though several go in one
// statement, and nothing of it sticks to the connection.
func TestEditsTogetherAreEachTheirOwns(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute, MaxConnections: 1, Server: "lobby"})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid, addresses) values
		('a', '{"x:1": {"usid": "old"}}'), ('b', '{}'), ('c', '{}'), ('d', '{}')`)
	by := func(e merge.PlayerEdit, by, server string) merge.PlayerEdit {
		e.Attribution = syncer.Attribution{By: by, Server: server}
		return e
	}
	replaced := by(rankEdit("a", "mod"), "Alice", "pvp")
	replaced.Edit.Addresses = map[string]merge.AddressEdit{"x:1": {USID: new("new")}}
	replaced.Edit.Flags = merge.SetEdit{Add: []string{"vip"}}
	edits := []merge.PlayerEdit{
		replaced, by(rankEdit("b", "mod"), "Bob", ""), by(rankEdit("c", "mod"), "", "survival"), rankEdit("d", "mod"),
	}
	if _, _, err := s.EditPlayers(t.Context(), edits); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.EditPlayers(t.Context(), []merge.PlayerEdit{rankEdit("a", "admin")}); err != nil {
		t.Fatal(err)
	}
	if _, _, err := s.EditPlayer(t.Context(), "b", rankEdit("", "admin").Edit, nil); err != nil {
		t.Fatal(err)
	}
	const said = `select concat_ws(' ', uuid, field, coalesce(changed_by, 'nobody'), server) from audit
		where field <> 'row' order by uuid, id`
	expectEqual(t, column[string](t, conn, said), []string{
		"a rank Alice pvp", "a flags Alice pvp", "a usid Alice pvp", "a rank nobody lobby",
		"b rank Bob lobby", "b rank nobody lobby", "c rank nobody survival", "d rank nobody lobby",
	})
}

// Two sidecars that edit the same players at once, each in an order of its own, together with
// saves, payments' players and people in psql, wait for nobody in a circle.
func TestEditsTogetherDoNotDeadlock(t *testing.T) {
	t.Parallel()
	first, url := open(t, store.Options{Timeout: pgtest.WaitTimeout})
	second, err := store.Open(t.Context(), url, store.Options{Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(second.Close)
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) select 'p' || n from generate_series(1, 16) as n`)
	var stored [2]int
	var working sync.WaitGroup
	for i, s := range []*store.Store{first, second} {
		working.Go(func() {
			for round := range 30 {
				var edits []merge.PlayerEdit
				for _, n := range rand.Perm(16) {
					e := rankEdit(syncer.PlayerID(fmt.Sprintf("p%d", n+1)), fmt.Sprintf("%d of %d", round, i))
					if n%4 == 0 {
						e.Edit.History = []syncer.HistoryEntry{{Action: e.Edit.Rank.Value, Time: syncer.Millis(1)}}
					}
					edits = append(edits, e)
				}
				readings, _, err := s.EditPlayers(context.Background(), edits)
				if err != nil {
					t.Error(err)
				}
				stored[i] += len(readings)
				saves := map[syncer.PlayerID]merge.Edit{}
				for n := range 16 {
					saves[syncer.PlayerID(fmt.Sprintf("p%d", n+1))] = wins(1)
				}
				if _, _, err := s.SaveBatch(context.Background(), newBatch(saves)); err != nil {
					t.Error(err)
				}
			}
		})
	}
	working.Wait()
	if n := value[int](t, conn, `select count(*) from audit where field = 'rank'`); n != stored[0]+stored[1] {
		t.Errorf("%d edits are stored, %v were answered", n, stored)
	}
	if n := value[int](t, conn, `select sum((gamemodes #>> '{pvp,stats,wins}')::integer) from player`); n != 2*30*16 {
		t.Errorf("%d wins are stored", n)
	}
}

// If the answer to a step is cut off, nobody who shares it is told that nothing was stored.
func TestOutcomeOfCutEditsTogetherIsUnknown(t *testing.T) {
	t.Parallel()
	conn, url := database(t)
	run(t, conn, `insert into player (uuid) values ('a'), ('b')`)
	proxy := pgtest.NewProxy(t, url)
	s, err := store.Open(t.Context(), proxy.URL(), store.Options{Timeout: pgtest.WaitTimeout, Name: "cut"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	run(t, conn, `begin`)
	run(t, conn, `lock table audit in access exclusive mode`)
	done := make(chan error, 1)
	go func() {
		_, _, err := s.EditPlayers(t.Context(), []merge.PlayerEdit{rankEdit("a", "mod"), rankEdit("b", "mod")})
		done <- err
	}()
	watcher := psql(t, url)
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		if !value[bool](t, watcher, `select exists (select from pg_stat_activity
			where application_name = 'playersync cut' and wait_event_type = 'Lock')`) {
			return errors.New("the edits do not wait")
		}
		return nil
	})
	proxy.Cut()
	if err := <-done; syncer.CodeOf(err) != syncer.CodeOutcomeUnknown {
		t.Errorf("the cut edits: %v", err)
	}
	run(t, conn, `rollback`)
}
