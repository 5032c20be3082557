package store_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/store"
)

var (
	firstRun  = [16]byte{1}
	secondRun = [16]byte{2}
)

// speak registers servers and takes over their leases for a run.
func speak(t *testing.T, s *store.Store, run [16]byte, lasts time.Duration, servers ...string) {
	t.Helper()
	for _, name := range servers {
		if err := s.RegisterServer(context.Background(),
			syncer.GameServer{Name: name, Gamemode: "pvp", Address: name + ":1"}, "1"); err != nil {
			t.Fatal(err)
		}
	}
	got := renew(t, s, syncer.Lease{Run: run, Servers: servers, Claimed: servers, Lasts: lasts})
	if len(got) != len(servers) {
		t.Fatalf("run %d speaks for %v only", run[0], got)
	}
}

func renew(t *testing.T, s *store.Store, lease syncer.Lease) map[string]syncer.HeldLease {
	t.Helper()
	held, err := s.RenewLeases(context.Background(), lease)
	if err != nil {
		t.Fatal(err)
	}
	return held
}

func storeSessions(t *testing.T, s *store.Store, run [16]byte, edit syncer.SessionEdit) {
	t.Helper()
	if err := s.SyncSessions(context.Background(), run, edit); err != nil {
		t.Fatal(err)
	}
}

func stay(server, id string) syncer.Session {
	return syncer.Session{
		Server: server, ID: syncer.PlayerID(id), Name: id, Gamemode: "pvp", Since: syncer.Millis(1_700_000_000_000),
	}
}

const whoIsOnline = `select server || ' ' || uuid from session order by server, uuid`

func TestSessionsAreStoredAsDifferences(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	listener := listen(t, url)
	speak(t, s, firstRun, time.Minute, "a", "b")
	if notified := listener.notified(); len(notified) > 0 {
		t.Errorf("leases were notified: %v", shown(notified))
	}
	later := stay("a", "z")
	later.Since = syncer.Millis(1_700_000_000_001)
	var many []syncer.Session
	for i := range 200 {
		many = append(many, stay("b", fmt.Sprint("n", i)))
	}
	for _, test := range []struct {
		name     string
		edit     syncer.SessionEdit
		want     []string // who is on a
		notified []string
	}{
		{
			"two come",
			syncer.SessionEdit{Arrived: []syncer.Session{stay("a", "z"), stay("a", "Ä")}},
			[]string{"a z", "a Ä"},
			[]string{"session a\tz open", "session a\tÄ open"},
		},
		{"the same again", syncer.SessionEdit{Arrived: []syncer.Session{stay("a", "z")}}, []string{"a z", "a Ä"}, nil},
		{
			"one comes anew",
			syncer.SessionEdit{Arrived: []syncer.Session{later}},
			[]string{"a z", "a Ä"},
			[]string{"session a\tz closed", "session a\tz open"},
		},
		{
			"one leaves, twice",
			syncer.SessionEdit{Departed: []syncer.Session{stay("a", "Ä"), stay("a", "Ä"), stay("b", "z")}},
			[]string{"a z"},
			[]string{"session a\tÄ closed"},
		},
		{
			"nobody else is there",
			syncer.SessionEdit{Arrived: []syncer.Session{stay("a", "y")}, Complete: []string{"a"}},
			[]string{"a y"},
			[]string{"session a\ty open", "session a\tz closed"},
		},
		{"of another server", syncer.SessionEdit{Arrived: []syncer.Session{stay("c", "x")}}, []string{"a y"}, nil},
		{"nobody at all", syncer.SessionEdit{Complete: []string{"a", "b"}}, nil, []string{"session a\ty closed"}},
		{"many", syncer.SessionEdit{Arrived: many}, nil, []string{"session *"}},
	} {
		storeSessions(t, s, firstRun, test.edit)
		t.Log(test.name)
		expectEqual(t, column[string](t, conn, `select w from (`+whoIsOnline+`) as o (w) where w like 'a %'`),
			append([]string{}, test.want...))
		expectEqual(t, shown(listener.notified()), append([]string{}, test.notified...))
	}
	storeSessions(t, s, firstRun, syncer.SessionEdit{
		Arrived: []syncer.Session{stay("a", "z"), stay("a", "Ä"), stay("a", "B")}, Complete: []string{"a", "b"},
	})
	held := renew(t, s, syncer.Lease{Run: firstRun, Servers: []string{"a", "b"}, Lasts: time.Minute})
	if held["a"].Sessions != syncer.SessionDigest([]syncer.Session{stay("a", "Ä"), stay("a", "z"), stay("a", "B")}) ||
		held["b"].Sessions != syncer.SessionDigest(nil) {
		t.Errorf("held are %v", held)
	}
}

func TestLeaseHasOneRun(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid) values ('Steve'), ('Alex')`)
	speak(t, s, firstRun, time.Minute, "a", "b")
	storeSessions(t, s, firstRun, syncer.SessionEdit{Arrived: []syncer.Session{stay("a", "Steve"), stay("b", "Steve")}})

	speak(t, s, secondRun, time.Minute, "a")
	storeSessions(t, s, firstRun, syncer.SessionEdit{Arrived: []syncer.Session{stay("a", "Alex")}})
	storeSessions(t, s, secondRun, syncer.SessionEdit{
		Departed: []syncer.Session{stay("b", "Steve")}, Complete: []string{"b"},
	})
	expectEqual(t, column[string](t, conn, whoIsOnline), []string{"b Steve"})
	got := renew(t, s, syncer.Lease{Run: firstRun, Servers: []string{"a", "b"}, Lasts: time.Minute})
	if len(got) != 1 || got["b"].Sessions == "" || got["b"].Contested {
		t.Errorf("the older run speaks for %v", got)
	}
	newer := syncer.Lease{Run: secondRun, Servers: []string{"a"}, Lasts: time.Minute}
	if got := renew(t, s, newer); !got["a"].Contested {
		t.Errorf("the newer run is not told that the older one lives: %v", got)
	}
	expectEqual(t, column[string](t, conn, `select name from server_overview where contested`), []string{"a"})
	run(t, conn, `update server_lease set contested_at = contested_at - interval '2 minutes'`)
	if got := renew(t, s, newer); got["a"].Contested {
		t.Errorf("once the older run is silent: %v", got)
	}

	storeSessions(t, s, secondRun, syncer.SessionEdit{Arrived: []syncer.Session{stay("a", "Alex")}})
	run(t, conn, `update server_lease set expires_at = '2024-01-01' where server = 'a'`)
	if online, err := s.Online(context.Background(), ""); err != nil || len(online) != 1 ||
		online[0] != stay("b", "Steve") {
		t.Errorf("online while the lease has run out: %v, %v", online, err)
	}
	if got := renew(t, s, syncer.Lease{Run: firstRun, Servers: []string{"a", "b"}, Lasts: time.Minute}); len(got) != 2 {
		t.Errorf("after the end of the newer one the older speaks for %v", got)
	}
	expectEqual(t, column[string](t, conn, whoIsOnline), []string{"b Steve"})
	expectEqual(t,
		column[string](t, conn,
			`select uuid || ' ' || server || ' ' || (at = '2024-01-01') from last_seen order by uuid`), []string{
			"Alex a true", "Steve a false",
		})
	if err := s.ReleaseLeases(context.Background(), firstRun); err != nil {
		t.Fatal(err)
	}
	seen, err := s.LastSeen(context.Background(), "Steve")
	if err != nil || len(seen) != 2 || seen[0].Server != "b" || seen[1].Server != "a" {
		t.Errorf("last seen %v, %v", seen, err)
	}
	if left := value[int](t, conn,
		`select (select count(*)::int from server_lease) + (select count(*)::int from session)`); left != 0 {
		t.Errorf("%d rows are left", left)
	}
	run(t, conn, `delete from player where uuid = 'Steve'`)
	if left := value[int](t, conn, `select count(*)::int from last_seen where uuid = 'Steve'`); left != 0 {
		t.Errorf("%d rows of a deleted player are left", left)
	}
}

// Runs that take servers from each other while they store who is there never wait
// in a circle, and no session hangs off another's lease.
func TestRivalsForLeasesDoNotBlockEachOther(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{MaxConnections: 8, Timeout: time.Minute})
	servers := []string{"a", "b", "c"}
	speak(t, s, firstRun, time.Minute, servers...)
	ctx := context.Background()
	var rivals sync.WaitGroup
	for n := range 6 {
		rivals.Go(func() {
			mine := [16]byte{byte(n%3 + 1)}
			for i := range 30 {
				claimed := []string{servers[(i+n)%3], servers[(i+n+1)%3]}
				if _, err := s.RenewLeases(ctx, syncer.Lease{
					Run: mine, Servers: servers, Claimed: claimed, Lasts: time.Minute,
				}); err != nil {
					t.Error(err)
				}
				edit := syncer.SessionEdit{
					Arrived: []syncer.Session{stay(servers[i%3], fmt.Sprint(n))}, Complete: servers[:1],
				}
				if err := s.SyncSessions(ctx, mine, edit); err != nil {
					t.Error(err)
				}
			}
		})
	}
	rivals.Wait()
	if astray := value[int](t, psql(t, url), `
		select count(*)::int from session as s left join server_lease as l using (server, run)
		where l.server is null`); astray != 0 {
		t.Errorf("%d sessions without a lease", astray)
	}
}
