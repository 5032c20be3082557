package store_test

import (
	"slices"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/store"
)

func TestKickIsAskedOfTheServersWhereAPlayerIs(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `
		insert into player (uuid) values ('Steve');
		insert into server (name, gamemode, address) values
		('a', 'pvp', '203.0.113.1:1'), ('b', 'pvp', '203.0.113.1:2')`)
	servers := []string{"a", "b"}
	lease := syncer.Lease{Run: [16]byte{1}, Servers: servers, Claimed: servers, Lasts: time.Hour}
	if _, err := s.RenewLeases(t.Context(), lease); err != nil {
		t.Fatal(err)
	}
	storeSessions(t, s, lease.Run, syncer.SessionEdit{
		Arrived: []syncer.Session{stay("a", "Steve"), stay("b", "Steve")},
	})
	kick := func(id syncer.PlayerID) []string {
		t.Helper()
		servers, err := s.Kick(t.Context(), syncer.Kick{Player: id, Reason: "spam", By: "Alice"})
		if err != nil {
			t.Fatal(err)
		}
		return servers
	}
	if servers := kick("Steve"); !slices.Equal(servers, []string{"a", "b"}) {
		t.Errorf("asked %q", servers)
	}
	if servers := kick("nobody"); len(servers) > 0 {
		t.Errorf("asked %q to kick nobody", servers)
	}
	if got := column[string](t, conn, `
		select uuid || ' ' || reason || ' ' || kicked_by || ': ' || (select changed_by || ' ' || new from audit
			where field = 'kick') from kick`); !slices.Equal(got, []string{`Steve spam Alice: Alice "spam"`}) {
		t.Errorf("stored %q", got)
	}
	const kicks = `select count(*) from kick`
	run(t, conn, `update kick set at = now() - interval '2 minutes'`)
	kick("Steve")
	if n := value[int64](t, conn, kicks); n != 1 {
		t.Errorf("%d requests are kept", n)
	}
	run(t, conn, `update kick set at = now() - interval '2 minutes'`)
	if err := s.PruneStaffChat(t.Context()); err != nil {
		t.Fatal(err)
	}
	if n := value[int64](t, conn, kicks); n != 0 {
		t.Errorf("%d requests are kept after a minute", n)
	}
}
