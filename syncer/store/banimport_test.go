package store_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"playersync/syncer"
	"playersync/syncer/store"
)

func importBans(t *testing.T, s *store.Store, records ...syncer.BanRecord) []syncer.ImportOutcome {
	t.Helper()
	imported, err := s.ImportBans(context.Background(), records)
	if err != nil {
		t.Fatal(err)
	}
	outcomes := make([]syncer.ImportOutcome, len(imported))
	for i, ban := range imported {
		if outcomes[i] = ban.Outcome; ban.Number == 0 {
			t.Errorf("ban %d has no number", i)
		}
	}
	return outcomes
}

func TestImportBans(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `insert into ban (uuid, reason) values ('standing', 'here')`)
	now := time.Now()
	ago := func(d time.Duration) syncer.Time { return syncer.TimeOf(now.Add(-d)) }
	id := func(name string) syncer.Target { return syncer.TargetID(syncer.PlayerID(name)) }
	records := []syncer.BanRecord{
		{Target: id("open"), Reason: "r", By: "Alice", CreatedAt: ago(time.Hour), ExpiresAt: ago(-time.Hour)},
		{Target: id("open"), By: "Steve", CreatedAt: ago(time.Minute), ExpiresAt: syncer.Forever},
		{Target: id("standing"), CreatedAt: ago(time.Minute)},
		{
			Target: id("standing"), CreatedAt: ago(time.Hour), LiftedAt: ago(time.Minute), LiftedBy: "Alice",
			LiftReason: "appeal",
		},
		{Target: id("expired"), By: "Alice", CreatedAt: ago(3 * time.Hour), ExpiresAt: ago(2 * time.Hour)},
		{Target: id("expired"), By: "Alice", CreatedAt: ago(time.Hour)},
		{Target: id("expired"), By: "Alice", CreatedAt: ago(time.Hour)},
		{Target: syncer.Target{Prefix: netip.MustParsePrefix("10.0.0.0/8")}, By: "Steve"},
		{Target: syncer.TargetAddress(netip.MustParseAddr("2001:db8::1")), CreatedAt: ago(time.Hour)},
	}
	expectEqual(t, importBans(t, s, records...), []syncer.ImportOutcome{
		"stands", "added", "stands", "added", "added", "added", "known", "added", "added",
	})
	const dump = `
		select concat_ws(' ', coalesce(uuid, ip::text), reason, banned_by,
			lifted_at is null, lifted_at = expires_at, lifted_by, lift_reason)
		from ban order by created_at, id`
	stored := column[string](t, conn, dump)
	expectEqual(t, stored, []string{
		"expired  Alice f t", "standing   f Alice appeal", "expired  Alice t", "2001:db8::1/128   t", "open  Steve t",
		"standing here postgres t", "10.0.0.0/8  Steve t",
	})
	again := importBans(t, s, records...)
	expectEqual(t, again, []syncer.ImportOutcome{
		"stands", "known", "stands", "known", "known", "known", "known", "stands", "known",
	})
	expectEqual(t, column[string](t, conn, dump), stored)
}

func TestImportedBanIsNotOpenedAgain(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	record := syncer.BanRecord{Target: syncer.TargetID("a"), By: "Alice", CreatedAt: syncer.Millis(5000)}
	expectEqual(t, importBans(t, s, record), []syncer.ImportOutcome{"added"})
	conn := psql(t, url)
	run(t, conn, `update ban set lifted_at = now(), reason = 'edited', created_at = created_at + interval '999 us'`)
	expectEqual(t, importBans(t, s, record), []syncer.ImportOutcome{"known"})
	run(t, conn, `update ban set created_at = created_at + interval '1 us'`)
	expectEqual(t, importBans(t, s, record), []syncer.ImportOutcome{"added"})
}

func TestImportAddsTheNotesThatLack(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	note := func(ms int64, text string) syncer.BanNote {
		return syncer.BanNote{At: syncer.Millis(ms), By: "Alice", Text: text}
	}
	record := syncer.BanRecord{
		Target: syncer.TargetID("a"), CreatedAt: syncer.Millis(1), Notes: []syncer.BanNote{note(2, "b"), note(3, "a")},
	}
	other := syncer.BanRecord{Target: syncer.TargetID("b"), CreatedAt: syncer.Millis(1)}
	for range 2 {
		importBans(t, s, other, record)
		expectEqual(t,
			column[string](t, psql(t, url),
				`select uuid || text from ban_note join ban on ban.id = ban order by ban_note.id`), []string{
				"ab", "aa",
			})
	}
	record.Notes = append(record.Notes, note(2, "c"))
	importBans(t, s, other, record)
	expectEqual(t, column[string](t, psql(t, url), `select text from ban_note order by id`), []string{"b", "a", "c"})
}

func TestTrialImportStoresNothing(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	records := []syncer.BanRecord{
		{Target: syncer.TargetID("a")}, {Target: syncer.TargetID("a"), ExpiresAt: syncer.Forever},
	}
	imported, err := s.TryImportBans(context.Background(), records)
	if err != nil || imported[0].Outcome != syncer.ImportAdded || imported[1].Outcome != syncer.ImportKnown {
		t.Errorf("imported %+v, %v", imported, err)
	}
	expectEqual(t, column[int64](t, psql(t, url), `select count(*) from ban`), []int64{0})
}

func TestImportStoresAllOrNone(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	_, err := s.ImportBans(context.Background(), []syncer.BanRecord{
		{Target: syncer.TargetID("a")},
		{Target: syncer.TargetID("b"), CreatedAt: syncer.Millis(2), LiftedAt: syncer.Millis(1)},
	})
	if refused, ok := errors.AsType[*syncer.Error](err); !ok || refused.Code != syncer.CodeInvalid ||
		refused.Field != "liftedAt" {
		t.Errorf("error %v", err)
	}
	expectEqual(t, column[int64](t, psql(t, url), `select count(*) from ban`), []int64{0})
}

// However many: the sidecars are told once.
func TestImportOfManyBansIsOneChange(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	records := make([]syncer.BanRecord, 4000)
	for i := range records {
		records[i] = syncer.BanRecord{
			Target: syncer.TargetID(syncer.PlayerID(fmt.Sprintf("p%d", i))), By: "Alice",
			CreatedAt: syncer.Millis(int64(i)),
		}
		if i%2 == 1 {
			records[i].Target = syncer.TargetAddress(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}))
		}
	}
	count := func(want syncer.ImportOutcome) {
		t.Helper()
		for i, got := range importBans(t, s, records...) {
			if got != want {
				t.Fatalf("ban %d is %s, want %s", i, got, want)
			}
		}
	}
	conn := psql(t, url)
	run(t, conn, `delete from change`)
	count(syncer.ImportAdded)
	expectEqual(t, column[string](t, conn, recorded), []string{"ban *"})
	count(syncer.ImportKnown)
	expectEqual(t, column[string](t, conn, recorded), []string{"ban *"})
}

// What is no id may be a name: of one player, of several, of who is online.
func TestNamesakes(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	const session = "069a79f4-44e9-4726-a5be-fca90e38aaf5"
	run(t, conn, `insert into player (uuid, name)
			values ('a', 'Steve'), ('b', 'Twin'), ('c', 'twin'), ('Known', 'x'), ('e', 'Banned'), ('f', 'É');
		insert into ban (uuid, lifted_at) values ('Banned', now());
		insert into server (name, gamemode, address) values ('pvp', 'pvp', '203.0.113.1:6567');
		insert into server_lease (server, run, expires_at) values ('pvp', '`+session+`', 'infinity');
		insert into session (server, uuid, run, name, gamemode) values ('pvp', 'd', '`+session+`', 'Comer', 'pvp')`)
	got, err := s.Namesakes(t.Context(), []syncer.PlayerID{
		"STEVE", "STEVE", "Twin", "Known", "Banned", "comer", "nobody", "é",
	})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(map[syncer.PlayerID][]string{
		"STEVE": {"a"}, "Twin": {"b", "c"}, "comer": {"d"}, "nobody": {}, "é": {"f"},
	}, got); diff != "" {
		t.Error(diff)
	}
}
