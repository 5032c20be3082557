package store_test

import (
	"context"
	"fmt"
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
