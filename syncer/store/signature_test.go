package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"playersync/syncer/changefeed"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// received waits for a notification. It describes the first change, or says what is wrong.
func received(t *testing.T, conn *store.FeedConn) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), pgtest.WaitTimeout)
	defer cancel()
	switch changes, err := conn.Wait(ctx); {
	case errors.Is(err, changefeed.ErrForged):
		return "forged"
	case err != nil:
		t.Fatal(err)
		return ""
	case len(changes) == 0:
		return "unreadable"
	default:
		return changes[0].Key
	}
}

func listening(t *testing.T, s *store.Store) *store.FeedConn {
	t.Helper()
	conn := follow(t, s)
	if err := conn.Listen(context.Background()); err != nil {
		t.Fatal(err)
	}
	return conn
}

func TestOnlyTheKeySignsNotifications(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		s, err := store.Open(context.Background(), address, store.Options{Timeout: pgtest.WaitTimeout})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		conn := listening(t, s)
		admin := psql(t, address)
		run(t, psql(t, login(t, address, "in role playersync_app")), `insert into ban (uuid) values ('crook')`)
		expectEqual(t, received(t, conn), "uuid:crook")

		reader := psql(t, login(t, address, "in role playersync_readonly"))
		digits := strings.Repeat("0", 32)
		for _, payload := range []string{
			"", "[]", `[{"e":"ban","k":"Steve","x":1,"t":1,"r":9,"o":true}]`,
			digits, digits + `[{"e":"ban","k":"Steve","x":1,"t":1,"r":9,"o":true}]`, strings.Repeat("é", 32),
		} {
			run(t, reader, fmt.Sprintf("select pg_notify('playersync', '%s')", payload))
			if got := received(t, conn); got != "forged" {
				t.Errorf("notification %q: %s, want it taken for forged", payload, got)
			}
		}
		expectRefused(t, reader, "select feed_send('[]')", "select feed_notify(array['{}'::jsonb])")

		// Texts of any alphabet and of every length up to the largest are signed.
		for _, length := range []int{1, 63, 64, 65, 2500} {
			run(t, admin, fmt.Sprintf(
				`insert into staff_message (server, text) values ('pvp', left(repeat('日é', 2000), %d))`, length))
			if got := received(t, conn); got == "forged" || got == "unreadable" {
				t.Errorf("a message of %d characters is %s", length, got)
			}
		}
	})
}

// The key may be replaced under the eyes of sidecars, by the owner or by the first of
// them that comes to a restored database: they read it again, at most once in a second.
func TestKeyIsReplacedWhileSidecarsFollow(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := listening(t, s)
	admin := psql(t, url)
	run(t, admin, "select feed_rotate_key()")
	run(t, admin, "insert into ban (uuid) values ('thief')")
	expectEqual(t, received(t, conn), "uuid:thief")
	run(t, admin, "select feed_rotate_key()")
	pgtest.Eventually(t, pgtest.WaitTimeout, func() error {
		run(t, admin, "delete from ban")
		run(t, admin, "insert into ban (uuid) values ('crook')")
		if got := received(t, conn); got != "uuid:crook" {
			return fmt.Errorf("the notification is %s", got)
		}
		return nil
	})
}

// A dump brings its key along. Who can read one of two databases must not sign for the other.
func TestSettledDatabaseHasAKeyOfItsOwn(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	admin := psql(t, url)
	key := value[string](t, admin, "select key::text from feed_key")
	run(t, admin, "update feed set home = 'elsewhere'")
	if err := follow(t, s).Settle(context.Background()); err != nil {
		t.Fatal(err)
	}
	if value[string](t, admin, "select key::text from feed_key") == key {
		t.Error("the key is still that of the dump")
	}
}

func BenchmarkSignature(b *testing.B) {
	for _, size := range []int{300, 7900} {
		b.Run(fmt.Sprint(size, " bytes"), func(b *testing.B) {
			open := store.OpenSignature([]byte("key"))
			payload := strings.Repeat("0", 32+size)
			b.ReportAllocs()
			for b.Loop() {
				open(payload)
			}
		})
	}
}
