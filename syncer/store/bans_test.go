package store_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/store"
)

func TestOneOfManyBans(t *testing.T) {
	t.Parallel()
	s, _ := open(t, store.Options{Timeout: time.Minute})
	for round := range 10 {
		target := syncer.TargetID(syncer.PlayerID(fmt.Sprint(round)))
		if round%2 == 1 {
			target = syncer.TargetAddress(netip.AddrFrom4([4]byte{10, 0, 0, byte(round)}))
		}
		var created atomic.Int32
		numbers := make([]int64, 16)
		var banning sync.WaitGroup
		for i := range numbers {
			banning.Go(func() {
				ban, isNew, _, err := s.AddBan(context.Background(), syncer.NewBan{Target: target, By: fmt.Sprint(i)})
				if err != nil || ban.Target != target {
					t.Errorf("ban %+v, %v", ban, err)
				}
				if numbers[i] = ban.Number; isNew {
					created.Add(1)
				}
			})
		}
		banning.Wait()
		if created.Load() != 1 || slices.Min(numbers) != slices.Max(numbers) {
			t.Errorf("%d bans made, numbers %v", created.Load(), numbers)
		}
	}
}

func TestBansAndLiftsInALoop(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	target := syncer.TargetID("a")
	var created, lifted atomic.Int32
	var working sync.WaitGroup
	for range 8 {
		working.Go(func() {
			for range 25 {
				if _, isNew, _, err := s.AddBan(context.Background(), syncer.NewBan{Target: target}); err != nil {
					t.Error(err)
				} else if isNew {
					created.Add(1)
				}
				if _, done, _, err := s.LiftBan(context.Background(), target, "me", ""); err != nil {
					t.Error(err)
				} else if done {
					lifted.Add(1)
				}
			}
		})
	}
	working.Wait()
	conn := psql(t, url)
	expectEqual(t, column[int32](t, conn, `select unnest(array[count(*), count(lifted_at)])::integer from ban`),
		[]int32{created.Load(), lifted.Load()})
	if open := created.Load() - lifted.Load(); open != 0 {
		t.Errorf("%d bans are open after everybody lifted", open)
	}
}

func TestBanAgainAfterExpiry(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn,
		`insert into ban (uuid, created_at, expires_at) values ('a', now() - interval '2 h', now() - interval '1 h')`)
	ban, isNew, changes, err := s.AddBan(context.Background(), syncer.NewBan{
		Target: syncer.TargetID("a"), ExpiresAt: syncer.Forever, Reason: "r", By: "b",
	})
	if err != nil || !isNew || ban.Reason != "r" || ban.By != "b" || !ban.ExpiresAt.IsForever() || len(changes) != 1 {
		t.Errorf("ban %+v, new %t, changes %+v, %v", ban, isNew, changes, err)
	}
	expectEqual(t, bans(t, conn), []string{"expired", "open"})
	ban, isLifted, _, err := s.LiftBan(context.Background(), syncer.TargetID("a"), "me", "sorry")
	if err != nil || !isLifted || ban.LiftedBy != "me" || ban.LiftReason != "sorry" || ban.LiftedAt.IsZero() {
		t.Errorf("lift %+v, %t, %v", ban, isLifted, err)
	}
	if _, isLifted, _, err = s.LiftBan(context.Background(), syncer.TargetID("a"), "me", ""); err != nil || isLifted {
		t.Errorf("lifted again: %t, %v", isLifted, err)
	}
	past := syncer.NewBan{Target: syncer.TargetID("a"), ExpiresAt: syncer.Millis(0)}
	if _, _, _, err := s.AddBan(context.Background(), past); syncer.CodeOf(err) != syncer.CodeInvalid {
		t.Errorf("a ban that ended in the past: %v", err)
	}
}

// The number of a ban lifts that one, and never another of its target.
func TestLiftedByNumber(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	run(t, psql(t, url), `
		insert into ban (uuid, created_at, lifted_at) values ('a', '2020-01-01', '2020-01-02');
		insert into ban (uuid) values ('a'), ('b');
		insert into ban (uuid, created_at, expires_at) values ('c', '2020-01-01', '2020-01-02')`)
	for number, want := range map[int64]bool{1: false, 2: true, 4: false, 5: false} {
		ban, lifted, changes, err := s.LiftBanNumbered(context.Background(), number, "me", "sorry")
		if err != nil || lifted != want || want && (ban.Number != number || ban.LiftedBy != "me" || len(changes) != 1) {
			t.Errorf("ban %d: %t %+v, %v", number, lifted, ban, err)
		}
	}
	bans, err := s.ListBans(context.Background(), syncer.BanFilter{Active: new(true)}, 1<<62, 9)
	if err != nil || len(bans) != 1 || bans[0].Number != 3 {
		t.Errorf("%+v, %v", bans, err)
	}
}

// Over by time stays over by time: nobody lifts such a ban, neither by the API nor in SQL, and it never looks so.
func TestExpiredBanIsNeverLifted(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	run(t, conn, `
		insert into ban (uuid, created_at, expires_at) values
			('a', now() - interval '2 h', now() - interval '1 h'),
			('b', now() - interval '2 h', now() - interval '1 h')`)
	same := func(when string) {
		t.Helper()
		expectEqual(t, column[bool](t, conn, `
			select coalesce(lifted_at = expires_at, true) and lifted_by is null and lift_reason is null
			from ban where expires_at < now() order by id`), []bool{true, true})
		bans, err := s.ListBans(context.Background(), syncer.BanFilter{Active: new(false)}, 1<<62, 9)
		if err != nil || len(bans) != 2 {
			t.Fatalf("%s: %d bans, %v", when, len(bans), err)
		}
		for _, ban := range bans {
			if !ban.LiftedAt.IsZero() || ban.LiftedBy != "" || ban.Applies(time.Now()) || ban.ExpiresAt.IsZero() {
				t.Errorf("%s: %+v", when, ban)
			}
		}
	}
	same("at first")
	for _, id := range []syncer.PlayerID{"a", "b"} {
		if _, lifted, changes, err := s.LiftBan(context.Background(), syncer.TargetID(id), "me", "sorry"); lifted ||
			len(changes) > 0 || err != nil {
			t.Errorf("lifted %s: %t, %v", id, lifted, err)
		}
	}
	same("after a lift")
	run(t, conn, `update ban set lifted_at = now(), lifted_by = 'me', lift_reason = 'x' where uuid = 'a'`)
	same("after a lift in SQL")
	_, isNew, _, err := s.AddBan(context.Background(), syncer.NewBan{Target: syncer.TargetID("b")})
	if !isNew || err != nil {
		t.Errorf("banned again: %t, %v", isNew, err)
	}
	same("after another ban")
	run(t, conn, `update ban set lifted_at = now(), lifted_by = 'me' where expires_at < now()`)
	same("after another lift in SQL")
	run(t, conn, `update ban set lifted_at = null where expires_at < now()`)
	same("after it was opened in SQL")
}

// Another end would make a ban that expired look lifted by nobody, or stand again as if it always had.
func TestExpiredBanGetsNoOtherEnd(t *testing.T) {
	t.Parallel()
	conn, _ := database(t)
	run(t, conn, `
		insert into ban (uuid, created_at, expires_at, lifted_at, lifted_by) values
			('open', '2020-01-01', '2020-01-03', null, null),
			('closed', '2020-01-01', '2020-01-03', '2020-01-03', null),
			('lifted', '2020-01-01', '2020-01-03', '2020-01-02', 'me'),
			('stands', '2020-01-01', '2050-01-03', null, null)`)
	for _, end := range []string{"null", "'infinity'", "now() + interval '1 day'", "'2020-01-02'", "'2020-01-04'"} {
		for _, id := range []string{"open", "closed"} {
			refusal := refused(t, conn, `update ban set expires_at = `+end+` where uuid = '`+id+`'`)
			if refusal == nil || !strings.Contains(refusal.Message, "is over for ever") || refusal.Hint == "" {
				t.Errorf("%s until %s: %v", id, end, refusal)
			}
		}
		run(t, conn, `update ban set expires_at = `+end+` where uuid = 'lifted'`)
	}
	run(t, conn, `update ban set reason = 'said', expires_at = expires_at`)
	run(t, conn, `update ban set expires_at = '2020-01-04' where uuid = 'stands'`)
	if refusal := refused(t, conn, `update ban set expires_at = null where uuid = 'stands'`); refusal == nil {
		t.Error("a ban that was ended gets another end")
	}
}

func TestUUIDsHaveOneSpellingInSQL(t *testing.T) {
	t.Parallel()
	_, url := open(t, store.Options{Timeout: time.Minute})
	conn := psql(t, url)
	for _, text := range []string{
		"069a79f4-44e9-4726-a5be-fca90e38aaf5", "069A79F4-44E9-4726-A5BE-FCA90E38AAF5",
		"069A79F444E94726A5BEFCA90E38AAF5",
		"{069A79F4-44e9-4726-a5be-fca90e38aaf5}", "urn:uuid:069A79F4-44e9-4726-a5be-fca90e38aaf5",
		"URN:UUID:069a79f4-44e9-4726-a5be-fca90e38aaf5",
		"{069A79F444E94726A5BEFCA90E38AAF5}", "069A79F444E9-4726-A5BE-FCA90E38AAF5",
		"069A79F4-44E9-4726-A5BE-FCA90E38AAFG",
		"0000000000000000000014==", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
	} {
		id, err := syncer.ParsePlayerID(text)
		if err != nil {
			t.Fatal(err)
		}
		for _, table := range []string{"player", "ban"} {
			run(t, conn, `delete from `+table)
			run(t, conn, `insert into `+table+` (uuid) values (`+
				map[string]string{"player": `$1`, "ban": `'uuid:' || $1::text`}[table]+`)`, text)
			expectEqual(t, column[string](t, conn, `select uuid from `+table), []string{string(id)})
		}
		run(t, conn, `update ban set uuid = 'x'`)
		run(t, conn, `update ban set uuid = 'uuid:' || $1::text`, text)
		expectEqual(t, column[string](t, conn, `select uuid from ban`), []string{string(id)})
	}
}

// seedBans makes bans of few targets, so that they overlap, and returns all.
func seedBans(t *testing.T, s *store.Store, url string) []syncer.Ban {
	t.Helper()
	conn := psql(t, url)
	run(t, conn, `select setseed(0.5)`)
	run(t, conn, `
		insert into ban (uuid, ip, banned_by, created_at, expires_at, lifted_at, lifted_by, reason)
		select
			case when i % 3 = 0 then 'p' || i / 3 % 7 end,
			case i % 3
				when 1 then network(set_masklen('10.1.0.0'::inet + (random() * 1024)::bigint, 8 + i % 25))
				when 2 then network(set_masklen('2001:db8::'::inet + (random() * 1024)::bigint, 128 - i % 100))
			end,
			'staff ' || i % 4, date_trunc('second', now()) - interval '1 minute' * (1440 + i % 50),
			case i % 4 when 0 then now() - interval '1 h' when 1 then now() + interval '1 h' when 2 then 'infinity' end,
			case when i % 5 > 0 then now() end,
			case when i % 5 > 0 then 'lifter ' || i % 3 end,
			'100% Griefing_' || i % 6
		from generate_series(1, 300) as i
		on conflict do nothing`)
	all, err := s.ListBans(context.Background(), syncer.BanFilter{}, 1<<62, 1000)
	if err != nil || len(all) < 200 {
		t.Fatalf("%d bans, %v", len(all), err)
	}
	if !slices.IsSortedFunc(all, func(a, b syncer.Ban) int { return int(b.Number - a.Number) }) {
		t.Error("not the newest first")
	}
	return all
}

func TestListBansFiltersAndPages(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	all := seedBans(t, s, url)
	now := time.Now()
	yes, no := true, false
	middle, later := all[len(all)/2].CreatedAt, all[len(all)/3].CreatedAt
	filters := []syncer.BanFilter{
		{},
		{Active: &yes},
		{Active: &no},
		{ID: "p1"},
		{ID: "p1", Active: &no},
		{ID: "nobody"},
		{ID: "p1", IP: "10.1.0.0"},
		{By: "staff 2"},
		{By: "staff 2", IP: "10.0.0.0/8", Active: &no},
		{LiftedBy: "lifter 1"},
		{LiftedBy: "lifter 1", By: "staff 2", Kind: syncer.BanOfPlayer},
		{CreatedFrom: middle},
		{CreatedTo: middle},
		{CreatedFrom: middle, CreatedTo: later},
		{CreatedFrom: later, CreatedTo: middle, ID: "p1"},
		{Reason: "GRIEFING_4"},
		{Reason: "%"},
		{Reason: "g%g"},
		{Reason: "_5", IP: "10.0.0.0/8"},
		{Kind: syncer.BanOfPlayer},
		{Kind: syncer.BanOfAddress},
		{Kind: syncer.BanOfRange, Active: &yes},
		{IP: "0.0.0.0/0"},
		{IP: "::/0"},
		{IP: "2001:db8::/120"},
		{IP: "2001:db8::7"},
		{IP: "255.255.255.255"},
	}
	random := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		address := netip.AddrFrom4([4]byte{10, 1, byte(random.IntN(5)), byte(random.IntN(256))})
		filters = append(filters, syncer.BanFilter{IP: netip.PrefixFrom(address, random.IntN(33)).Masked().String()})
	}
	for _, filter := range filters {
		want := []int64{}
		for _, ban := range all {
			if matches(ban, filter, now) {
				want = append(want, ban.Number)
			}
		}
		got, before := []int64{}, int64(1<<62)
		for {
			page, err := s.ListBans(context.Background(), filter, before, 7)
			if err != nil {
				t.Fatal(err)
			}
			for _, ban := range page {
				got, before = append(got, ban.Number), ban.Number
			}
			if len(page) < 7 {
				break
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("%+v: got %v, want %v", filter, got, want)
		}
	}
	if _, err := s.ListBans(context.Background(), syncer.BanFilter{IP: "x"},
		1<<62, 7); syncer.CodeOf(err) != syncer.CodeInvalid {
		t.Errorf("a filter that is no address: %v", err)
	}
}

func matches(ban syncer.Ban, filter syncer.BanFilter, now time.Time) bool {
	if filter.IP != "" {
		prefix, err := syncer.ParsePrefix(filter.IP)
		if err != nil || !ban.Target.Prefix.IsValid() || !ban.Target.Prefix.Overlaps(prefix) {
			return false
		}
	}
	return (filter.ID == "" || ban.Target.ID == filter.ID) && (filter.By == "" || ban.By == filter.By) &&
		(filter.Active == nil || ban.Applies(now) == *filter.Active) &&
		(filter.LiftedBy == "" || ban.LiftedBy == filter.LiftedBy) &&
		strings.Contains(strings.ToLower(ban.Reason), strings.ToLower(filter.Reason)) &&
		(filter.Kind == "" || kindOf(ban.Target) == filter.Kind) &&
		createdWithin(ban.CreatedAt, filter)
}

func createdWithin(created syncer.Time, filter syncer.BanFilter) bool {
	at, _ := created.Millis()
	from, bounded := filter.CreatedFrom.Millis()
	to, ends := filter.CreatedTo.Millis()
	return (!bounded || at >= from) && (!ends || at < to)
}

func kindOf(target syncer.Target) syncer.BanKind {
	switch {
	case target.ID != "":
		return syncer.BanOfPlayer
	case target.Prefix.IsSingleIP():
		return syncer.BanOfAddress
	default:
		return syncer.BanOfRange
	}
}

func TestBansOfAreThoseThatApply(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{Timeout: time.Minute})
	all := seedBans(t, s, url)
	slices.Reverse(all)
	random := rand.New(rand.NewPCG(1, 1))
	found := 0
	for i := range 200 {
		var id syncer.PlayerID
		var address netip.Addr
		if i%3 > 0 {
			id = syncer.PlayerID(fmt.Sprint("p", random.IntN(8)))
		}
		if i%3 < 2 {
			address = netip.AddrFrom4([4]byte{10, 1, byte(random.IntN(5)), byte(random.IntN(256))})
		}
		if i%6 == 0 {
			address = netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", random.IntN(1024)))
		}
		want := []int64{}
		for _, ban := range all {
			hit := id != "" && ban.Target.ID == id ||
				address.IsValid() && ban.Target.Prefix.IsValid() && ban.Target.Prefix.Contains(address)
			if hit && ban.Applies(time.Now()) {
				want = append(want, ban.Number)
			}
		}
		rows, err := s.BansOf(context.Background(), id, address)
		if err != nil {
			t.Fatal(err)
		}
		got := []int64{}
		for _, ban := range rows {
			got = append(got, ban.Number)
		}
		if found += len(got); !slices.Equal(got, want) {
			t.Errorf("%q %v: got %v, want %v", id, address, got, want)
		}
	}
	if found < 50 {
		t.Errorf("only %d bans found", found)
	}
}
