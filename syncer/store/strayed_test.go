package store_test

import (
	"context"
	"errors"
	"testing"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// Two primaries answer, on one timeline, as two that were promoted at once do. What memory is
// compared with is the one that the feed follows.
func TestThePoolUsesTheServerThatTheFeedFollows(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	var urls [2]string
	for i := range urls {
		urls[i] = pgtest.EmptyOn(t, pgtest.Server(t, ""))
		if err := store.Migrate(ctx, urls[i]); err != nil {
			t.Fatal(err)
		}
	}
	s, err := store.Open(ctx, urls[1], store.Options{ListenURL: urls[0], Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	use := func() error {
		_, err := s.ReadPlayers(ctx, []syncer.PlayerID{"Steve"})
		return err
	}
	polled := func(want bool) (end func()) {
		t.Helper()
		conn, err := s.OpenFeed(context.WithoutCancel(ctx))
		if err != nil {
			t.Fatal(err)
		}
		if position := poll(t, conn, changefeed.Snapshot{}); position.Strayed != want {
			t.Errorf("strayed: %t, want %t", position.Strayed, want)
		}
		return conn.Close
	}

	if err := use(); err != nil { // nothing is followed: any server is as good
		t.Fatal(err)
	}
	end := polled(true)
	for range 2 { // a connection that stands, and a new one
		if err := use(); !errors.Is(err, changefeed.ErrElsewhere) || syncer.CodeOf(err) != syncer.CodeUnavailable {
			t.Errorf("beside the server that is followed: %v", err)
		}
	}
	end()
	end = polled(false)
	end()
	pgtest.Eventually(t, pgtest.WaitTimeout, use) // it paused after failures
	end = polled(true)
	end()
}
