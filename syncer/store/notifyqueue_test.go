package store_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"playersync/syncer"
	"playersync/syncer/postgres"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// Somebody listens and never reads, until the server's queue of notifications is full. Once that
// session has ended writes go on, though the server by itself frees the queue only after somebody
// has added to it, which nobody can.
func TestWritesGoOnAfterAFullNotificationQueue(t *testing.T) {
	t.Parallel()
	for _, binaries := range pgtest.Versions(t) {
		if binaries.Major < 17 {
			continue // its queue has 8 GB, always
		}
		t.Run(binaries.Version, func(t *testing.T) {
			t.Parallel()
			server := pgtest.Server(t, strconv.Itoa(binaries.Major), func(c *postgres.Config) {
				c.Settings["max_notify_queue_pages"] = "64" // the least
			})
			address := pgtest.EmptyOn(t, server)
			if err := store.Migrate(t.Context(), address); err != nil {
				t.Fatal(err)
			}
			conn, sleeper := psql(t, address), psql(t, address)
			s, err := store.Open(t.Context(), address, store.Options{Timeout: pgtest.WaitTimeout})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(s.Close)
			run(t, sleeper, `listen something`)
			run(t, sleeper, `begin`)
			for err == nil {
				_, err = conn.Exec(t.Context(), `select pg_notify('something', repeat('x', 7000) || n)
					from generate_series(1, 10) as n`)
			}
			if refused, ok := errors.AsType[*pgconn.PgError](err); !ok || refused.Code != "54000" {
				t.Fatalf("fill the queue: %v", err)
			}
			write := writes["ban"]
			if err := write.do(t.Context(), s, 1); syncer.CodeOf(err) != syncer.CodeUnavailable {
				t.Errorf("with a full queue: %v", err)
			}
			_ = sleeper.Close(t.Context())
			pgtest.Eventually(t, pgtest.WaitTimeout, func() error { return write.do(t.Context(), s, 2) })
		})
	}
}
