package store_test

import (
	"cmp"
	"context"
	"os"
	"testing"

	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Main(m)) }

// open returns a store on a fresh, migrated database, and its URL. Unless the options
// say otherwise, no operation is too slow.
func open(t testing.TB, o store.Options) (*store.Store, string) {
	t.Helper()
	o.Timeout = cmp.Or(o.Timeout, pgtest.WaitTimeout)
	url := pgtest.Database(t, "schema", store.Migrate)
	s, err := store.Open(context.Background(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s, url
}
