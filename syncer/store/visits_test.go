package store_test

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// visit is one join at a time in milliseconds.
func visit(server, name, ip string, at int64) syncer.Visit {
	return syncer.Visit{
		Server: server, Name: name, IP: netip.MustParseAddr(ip), Joins: 1, First: syncer.Millis(at),
		Last: syncer.Millis(at),
	}
}

// came stores visits of a player in a batch of their own.
func came(t *testing.T, s *store.Store, id syncer.PlayerID, visits ...syncer.Visit) merge.Batch {
	t.Helper()
	batch := newBatch(map[syncer.PlayerID]merge.Edit{id: {Visits: visits}})
	if _, _, err := s.SaveBatch(context.Background(), batch); err != nil {
		t.Fatal(err)
	}
	return batch
}

func infoOf(t *testing.T, s *store.Store, id syncer.PlayerID) syncer.PlayerInfo {
	t.Helper()
	info, err := s.PlayerInfo(context.Background(), id)
	if err != nil {
		t.Fatal(err)
	}
	return info
}

func TestVisitsAddUpPerServerAndTogether(t *testing.T) {
	t.Parallel()
	onEachVersion(t, func(t *testing.T, address string) {
		s, err := store.Open(context.Background(), address, store.Options{Timeout: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		came(t, s, "a", visit("pvp", "Steve", "192.0.2.1", 10), visit("attack", "Steve", "192.0.2.1", 20),
			visit("pvp", "Alice", "2001:db8::1", 30))
		came(t, s, "a", visit("pvp", "Steve", "192.0.2.1", 5), syncer.Visit{
			Server: "pvp", Kicks: 2, First: syncer.Millis(40), Last: syncer.Millis(50),
		})
		again := came(t, s, "a", syncer.Visit{
			Server: "attack", Name: "Steve", Joins: 3, First: syncer.Millis(60), Last: syncer.Millis(60),
		})
		if _, _, err := s.SaveBatch(context.Background(), again); err != nil { // the answer was lost
			t.Fatal(err)
		}
		seen := func(value string, times, first, last int64) syncer.Seen {
			return syncer.Seen{Value: value, Times: times, First: syncer.Millis(first), Last: syncer.Millis(last)}
		}
		expectEqual(t, infoOf(t, s, "a"), syncer.PlayerInfo{
			ID: "a",
			Visits: syncer.Visits{
				Joins: 7, Kicks: 2, First: syncer.Millis(5), Last: syncer.Millis(60),
				Names:     []syncer.Seen{seen("Steve", 6, 5, 60), seen("Alice", 1, 30, 30)},
				Addresses: []syncer.Seen{seen("2001:db8::1", 1, 30, 30), seen("192.0.2.1", 3, 5, 20)},
			},
			Servers: []syncer.ServerVisits{
				{Server: "attack", Visits: syncer.Visits{
					Joins: 4, First: syncer.Millis(20), Last: syncer.Millis(60),
					Names:     []syncer.Seen{seen("Steve", 4, 20, 60)},
					Addresses: []syncer.Seen{seen("192.0.2.1", 1, 20, 20)},
				}},
				{Server: "pvp", Visits: syncer.Visits{
					Joins: 3, Kicks: 2, First: syncer.Millis(5), Last: syncer.Millis(50),
					Names:     []syncer.Seen{seen("Alice", 1, 30, 30), seen("Steve", 2, 5, 10)},
					Addresses: []syncer.Seen{seen("2001:db8::1", 1, 30, 30), seen("192.0.2.1", 2, 5, 10)},
				}},
			},
		}, equalPlayers)
		conn := psql(t, address)
		row := value[string](t, conn,
			`select concat_ws(' ', joins, kicks, names, addresses) from player_info where uuid = 'a'`)
		expectEqual(t, row, "7 2 {Steve,Alice} {2001:db8::1,192.0.2.1}")
		run(t, conn, `delete from player where uuid = 'a'`)
		if _, err := s.PlayerInfo(context.Background(), "a"); syncer.CodeOf(err) != syncer.CodeNotFound {
			t.Errorf("a deleted player: %v", err)
		}
		expectEqual(t,
			value[int](t, conn,
				`select (select count(*) from player_visit) + (select count(*) from player_name)
					+ (select count(*) from player_address)`), 0)
	})
}

func TestNamesAndAddressesAreLimited(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	var visits []syncer.Visit
	for i := range int64(300) {
		visits = append(visits,
			visit("pvp", fmt.Sprintf("name %03d", i), fmt.Sprintf("10.0.%d.%d", i/100, i%100), 1000+i))
	}
	came(t, s, "a", append(visits, visit("attack", "name 000", "10.0.0.0", 1))...)
	for _, test := range []struct {
		table, column string
		want          int
		oldest        string
	}{
		{"player_name", "name", syncer.MaxKnownNames, "name 236"},
		{"player_address", "host(ip)", syncer.MaxKnownAddresses, "10.0.0.44"},
	} {
		kept := column[string](t, conn,
			`select `+test.column+` from `+test.table+` where server = 'pvp' order by last_seen`)
		if len(kept) != test.want || kept[0] != test.oldest {
			t.Errorf("%s keeps %d from %q", test.table, len(kept), kept[0])
		}
		if n := value[int](t, conn, `select count(*) from `+test.table+` where server = 'attack'`); n != 1 {
			t.Errorf("%s keeps %d of the other server", test.table, n)
		}
	}
	// One that is known counts on and stays; a new one takes the place of the oldest.
	came(t, s, "a", visit("pvp", "name 236", "10.0.0.44", 5000), visit("pvp", "new", "10.9.9.9", 5001))
	expectEqual(t,
		column[string](t, conn,
			`select name from player_name where name in ('name 236', 'name 237', 'new') order by name`), []string{
			"name 236", "new",
		})
	// What comes late is older than all that is kept.
	came(t, s, "a", visit("pvp", "late", "10.8.8.8", 7))
	if n := value[int](t, conn, `select count(*) from player_name where server = 'pvp' and name = 'late'`); n != 0 {
		t.Error("an older name took the place of a newer one")
	}
	if info := infoOf(t, s, "a"); info.Joins != 304 {
		t.Errorf("%d joins, though only names are limited", info.Joins)
	}
}

func TestSearchInfo(t *testing.T) {
	t.Parallel()
	s, _ := open(t, store.Options{Timeout: time.Minute})
	came(t, s, "a", visit("pvp", "[red]STEVE", "10.0.0.1", 10), visit("attack", "[red]STEVE", "10.0.0.1", 40),
		visit("pvp", "100%", "10.0.1.1", 11))
	came(t, s, "b", visit("pvp", "steven", "10.0.0.255", 30), visit("pvp", "stever", "10.1.0.0", 20))
	came(t, s, "c", visit("pvp", "Alice", "2001:db8::1", 20))
	for _, test := range []struct {
		name, ip string
		want     []string
	}{
		{name: "steve", want: []string{"a [[red]STEVE]", "b [steven stever]"}},
		{name: "STEVER", want: []string{"b [stever]"}},
		{name: "%", want: []string{"a [100%]"}},
		{name: "nobody"},
		{ip: "10.0.0.1", want: []string{"a [10.0.0.1]"}},
		{ip: "10.0.0.0/24", want: []string{"a [10.0.0.1]", "b [10.0.0.255]"}},
		{ip: "10.0.0.0/8", want: []string{"a [10.0.0.1 10.0.1.1]", "b [10.0.0.255 10.1.0.0]"}},
		{ip: "0.0.0.0/0", want: []string{"a [10.0.0.1 10.0.1.1]", "b [10.0.0.255 10.1.0.0]"}},
		{ip: "2001:db8::/32", want: []string{"c [2001:db8::1]"}},
		{ip: "::/0", want: []string{"c [2001:db8::1]"}},
		{ip: "10.0.0.2"},
	} {
		ask := func(size int, after string) ([]syncer.InfoMatch, string, error) {
			if test.ip == "" {
				return s.InfoByName(context.Background(), test.name, size, after)
			}
			prefix, err := syncer.ParsePrefix(test.ip)
			if err != nil {
				t.Fatal(err)
			}
			return s.InfoByAddress(context.Background(), prefix, size, after)
		}
		for _, size := range []int{1, 50} {
			var got []string
			for after, more := "", true; more; more = after != "" {
				var found []syncer.InfoMatch
				var err error
				if found, after, err = ask(size, after); err != nil {
					t.Fatal(err)
				}
				for _, m := range found {
					got = append(got, fmt.Sprintf("%s %v", m.ID, m.Matched))
				}
			}
			expectEqual(t, got, test.want)
		}
	}
	found, _, err := s.InfoByName(context.Background(), "red", 1, "")
	if err != nil || len(found) != 1 || found[0].Joins != 3 || found[0].At != syncer.Millis(40) ||
		found[0].First != syncer.Millis(10) {
		t.Errorf("found %+v, %v", found, err)
	}
	for _, after := range []string{"x", "e30"} {
		if _, _, err := s.InfoByName(context.Background(), "a", 1, after); syncer.CodeOf(err) != syncer.CodeInvalid {
			t.Errorf("after %q: %v", after, err)
		}
	}
}

func TestSharingAccounts(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	came(t, s, "a", visit("pvp", "Steve", "10.0.0.1", 10), visit("attack", "Steve", "10.0.0.1", 11),
		visit("pvp", "Steve", "10.0.0.2", 12))
	came(t, s, "b", visit("pvp", "B", "10.0.0.1", 90))
	came(t, s, "c", visit("pvp", "C", "10.0.0.1", 20), visit("attack", "C", "10.0.0.2", 21),
		visit("pvp", "C", "10.0.0.2", 30))
	came(t, s, "d", visit("pvp", "D", "10.0.0.3", 99))
	run(t, conn, `update player set name = upper(uuid)`)
	want := []syncer.SharingAccount{
		{ID: "c", Name: "C", Shared: 2, Last: syncer.Millis(30), Addresses: []syncer.SharedAddress{
			{IP: "10.0.0.2", Times: 2, OwnTimes: 1}, {IP: "10.0.0.1", Times: 1, OwnTimes: 2},
		}},
		{
			ID: "b", Name: "B", Shared: 1, Last: syncer.Millis(90),
			Addresses: []syncer.SharedAddress{{IP: "10.0.0.1", Times: 1, OwnTimes: 2}},
		},
	}
	all, next, err := s.SharingAccounts(context.Background(), "a", 50, "")
	if err != nil || next != "" {
		t.Fatal(next, err)
	}
	expectEqual(t, all, want, equalPlayers)
	first, next, err := s.SharingAccounts(context.Background(), "a", 1, "")
	if err != nil {
		t.Fatal(err)
	}
	second, last, err := s.SharingAccounts(context.Background(), "a", 1, next)
	if err != nil || last != "" {
		t.Fatal(last, err)
	}
	expectEqual(t, append(first, second...), want, equalPlayers)
	if none, _, err := s.SharingAccounts(context.Background(), "d", 50, ""); err != nil || len(none) > 0 {
		t.Errorf("d shares with %v, %v", none, err)
	}
	expectEqual(t,
		column[string](t, conn,
			`select concat_ws(' ', ip, accounts, uuids, names, times) from shared_address order by ip`), []string{
			"10.0.0.1 3 {b,c,a} {B,C,A} {1,1,2}", "10.0.0.2 2 {c,a} {C,A} {2,1}",
		})
}

// A value that the database refuses costs no other player a visit.
func TestRefusedVisitStoresNothing(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	batch := newBatch(map[syncer.PlayerID]merge.Edit{
		"a": {Visits: []syncer.Visit{visit("pvp", "Steve", "10.0.0.1", 1)}},
		"b": {Visits: []syncer.Visit{visit("", "Alice", "10.0.0.1", 1)}},
	})
	if _, _, err := s.SaveBatch(context.Background(), batch); syncer.CodeOf(err) != syncer.CodeInvalid {
		t.Errorf("%v", err)
	}
	expectEqual(t, value[int](t, psql(t, url), `select count(*) from player_visit`), 0)
}
