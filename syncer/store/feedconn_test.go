package store_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"playersync/syncer/changefeed"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// follow opens a feed connection of the store.
func follow(t *testing.T, s *store.Store) *store.FeedConn {
	t.Helper()
	conn, err := s.OpenFeed(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(conn.Close)
	return conn
}

func poll(t *testing.T, conn *store.FeedConn, cursor changefeed.Snapshot) changefeed.Position {
	t.Helper()
	position, err := conn.Poll(context.Background(), cursor, 100)
	if err != nil {
		t.Fatal(err)
	}
	return position
}

func execute(t *testing.T, url, sql string) {
	t.Helper()
	conn, err := pgx.Connect(context.Background(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(context.Background(), sql); err != nil {
		t.Fatal(err)
	}
}

// A prune must not send every sidecar back to the start: only cursors that may
// need what was deleted are below the floor.
func TestPruneRaisesTheFloorPastTheDeletedOnly(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := follow(t, s)
	before := poll(t, conn, changefeed.Snapshot{}).Snapshot
	execute(t, url, "insert into player (uuid) values ('Steve')")
	execute(t, url, "update change set at = at - interval '1 hour'")
	xid := poll(t, conn, before).Changes[0].Xid

	// Transactions of other tests' databases count, too: they may hold us up.
	var after changefeed.Snapshot
	pgtest.Eventually(t, time.Minute, func() error {
		if after = poll(t, conn, before).Snapshot; after.Xmin() <= xid {
			return fmt.Errorf("cursor %v may miss %d", after, xid)
		}
		return nil
	})
	for range 5 {
		execute(t, url, "select pg_current_xact_id()") // writes that nobody caches
	}
	var position changefeed.Position
	pgtest.Eventually(t, time.Minute, func() error {
		if err := conn.Prune(context.Background(), 15*time.Minute); err != nil {
			return err
		}
		if position = poll(t, conn, after); position.Oldest != 0 {
			return fmt.Errorf("a change %v old was kept", position.Oldest)
		}
		return nil
	})
	if position.Floor > after.Xmin() {
		t.Errorf("floor %d is past the cursor %v, which has missed nothing", position.Floor, after)
	}
	if position.Floor <= before.Xmin() {
		t.Errorf("floor %d is not past the cursor %v, which has missed a change", position.Floor, before)
	}
}

// Many old changes are deleted in pieces, each of whole transactions, and the floor follows.
func TestManyChangesArePrunedInPieces(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	for n := range 7 {
		run(t, conn, fmt.Sprintf("insert into player (uuid) values ('a%d'), ('b%d')", n, n))
	}
	run(t, conn, `update change set at = at - interval '1 hour'
		where xid < (select max(xid::text::bigint) from change)::text::xid8`)
	pgtest.Eventually(t, time.Minute, func() error { // open transactions of other tests may hold us up
		if pruned := value[int](t, conn, "select feed_prune('15 min', 5)"); pruned > 6 || pruned%2 > 0 {
			t.Errorf("pruned %d at once", pruned)
		}
		if left := value[int](t, conn, "select count(*) from change"); left != 2 {
			return fmt.Errorf("%d changes are left", left)
		}
		return nil
	})
	if !value[bool](t, conn, "select floor <= (select xid from change limit 1) from feed") {
		t.Error("the floor is past a change that is there")
	}
	run(t, conn, `insert into save_batch (id, saved_at)
		select gen_random_uuid(), now() - interval '31 days' from generate_series(1, 7)`)
	var pruned []int
	for range 3 {
		pruned = append(pruned, value[int](t, conn, "select save_batch_prune(5)"))
	}
	if want := []int{5, 2, 0}; !slices.Equal(pruned, want) {
		t.Errorf("pruned %v batches, want %v", pruned, want)
	}
}

// What a poll reads grows neither with what was recorded nor with how long a transaction has
// been open: more than it asked for is an overflow, also if it is of few rows.
func TestPollReadsNoMoreThanItTells(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := follow(t, s)
	before := poll(t, conn, changefeed.Snapshot{}).Snapshot
	writer := psql(t, url)
	run(t, writer, `do $$ begin for n in 1..500 loop
		insert into player (uuid) values ('Steve') on conflict (uuid) do update set rank = n::text; end loop; end $$`)
	if position := poll(t, conn, before); !position.Overflow {
		t.Errorf("no overflow of 500 changes of one player: %+v", position)
	}
	here := poll(t, conn, changefeed.Snapshot{}).Snapshot
	run(t, writer, `begin; update player set rank = 'late'`)
	execute(t, url, `insert into player (uuid) values ('Alex')`)
	meanwhile := poll(t, conn, here)
	run(t, writer, `commit`)
	late := poll(t, conn, meanwhile.Snapshot)
	if len(meanwhile.Changes) != 1 || len(late.Changes) != 1 || late.Changes[0].Key != "Steve" {
		t.Errorf("meanwhile %+v, late %+v", meanwhile.Changes, late.Changes)
	}
}

// A server that crashes may give transaction ids out again that cursors have seen:
// those of commits that did not wait for the disk.
func TestCrashBeginsAnEpoch(t *testing.T) {
	t.Parallel()
	for _, binaries := range pgtest.Versions(t) {
		t.Run(binaries.Version, func(t *testing.T) {
			t.Parallel()
			ctx := context.Background()
			server := pgtest.Server(t, strconv.Itoa(binaries.Major))
			url := pgtest.EmptyOn(t, server)
			if err := store.Migrate(ctx, url); err != nil {
				t.Fatal(err)
			}
			s, err := store.Open(ctx, url, store.Options{Timeout: pgtest.WaitTimeout})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			epoch := func() changefeed.Epoch { return poll(t, follow(t, s), changefeed.Snapshot{}).Epoch }

			first := epoch()
			if err := server.Restart(ctx); err != nil {
				t.Fatal(err)
			}
			if again := epoch(); again != first {
				t.Errorf("epoch is %s after an orderly restart, was %s", again, first)
			}
			server.Kill()
			if err := server.Restart(ctx); err != nil {
				t.Fatal(err)
			}
			if again := epoch(); again == first {
				t.Errorf("epoch is still %s after a crash", again)
			}
		})
	}
}
