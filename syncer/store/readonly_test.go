package store_test

import (
	"fmt"
	"net/url"
	"testing"

	"playersync/syncer"
	"playersync/syncer/postgres/pgtest"
	"playersync/syncer/store"
)

// Sessions keep the settings with which they began. Once the login may write again, no
// session that may not is left.
func TestSessionsThatMayNotWriteAreReplaced(t *testing.T) {
	t.Parallel()
	conn, address := database(t)
	run(t, conn, `insert into player (uuid) values ('steve'); insert into currency (name) values ('coins')`)
	user := login(t, address, "in role playersync_app")
	parsed, err := url.Parse(user)
	if err != nil {
		t.Fatal(err)
	}
	run(t, conn, fmt.Sprintf(`alter role %s set default_transaction_read_only = on`, parsed.User.Username()))
	const sessions = 6
	s, err := store.Open(t.Context(), user, store.Options{MaxConnections: sessions, Timeout: pgtest.WaitTimeout})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	for name, write := range writes {
		if err := s.Fill(t.Context(), sessions); err != nil {
			t.Fatal(err)
		}
		if err := write.do(t.Context(), s, 1); syncer.CodeOf(err) != syncer.CodeUnavailable {
			t.Errorf("%s, read-only: %v", name, err)
		}
	}
	run(t, conn, fmt.Sprintf(`alter role %s reset default_transaction_read_only`, parsed.User.Username()))
	for name, write := range writes {
		if err := write.do(t.Context(), s, 2); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}
