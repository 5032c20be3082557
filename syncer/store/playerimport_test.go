package store_test

import (
	"context"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// oldSteve is a player as another database kept him.
func oldSteve() merge.ImportedPlayer {
	return merge.ImportedPlayer{
		ID: "Steve",
		Save: merge.Save{
			Scalars: merge.Scalars{
				Rank: syncer.Some("mod"), UnmuteTime: syncer.Some(syncer.Forever),
				Name: syncer.Some("Old"), Rainbow: syncer.Some(&syncer.Rainbow{Speed: 3}),
				Achievements: syncer.Some(new("[5]")),
			},
			Flags:   syncer.Some([]string{"member", "vip"}),
			History: []syncer.HistoryEntry{{Action: "mute", By: "Alice", Time: syncer.Millis(1000)}},
		},
		Gamemodes: map[string]syncer.GamemodeRecord{
			"pvp": {
				FirstJoined: syncer.Millis(10), LastJoined: syncer.Millis(20),
				Stats: map[string]int64{"wins": 5, "lost": -1},
			},
		},
		Addresses: map[string]syncer.AddressRecord{
			"10.0.0.1:6567": {USID: new("old")}, "10.0.0.2:6567": {USID: new("second")},
		},
	}
}

// everything shows both tables.
const everything = `
	select to_jsonb(p)::text || coalesce((
		select string_agg(to_jsonb(h)::text, ' ' order by h) from player_history as h where h.uuid = p.uuid
	), '')
	from player as p order by uuid`

func importPlayers(
	t *testing.T, s *store.Store, o store.PlayerImportOptions, players ...merge.ImportedPlayer,
) merge.PlayerImport {
	t.Helper()
	done, err := s.ImportPlayers(context.Background(), players, o)
	if err != nil {
		t.Fatal(err)
	}
	return done
}

func TestImportedNewcomerIsStoredAsGiven(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	alice := merge.ImportedPlayer{ID: "Alice"}
	if done := importPlayers(t, s, store.PlayerImportOptions{DryRun: true},
		oldSteve(), alice); done != (merge.PlayerImport{
		Added: 2, History: 1,
	}) {
		t.Errorf("tried: %+v", done)
	}
	if rows := column[string](t, conn, everything); len(rows) > 0 {
		t.Errorf("a dry run stored %v", rows)
	}
	if done := importPlayers(t, s, store.PlayerImportOptions{}, oldSteve(), alice); done != (merge.PlayerImport{
		Added: 2, History: 1,
	}) {
		t.Errorf("imported: %+v", done)
	}
	for _, old := range []merge.ImportedPlayer{oldSteve(), alice} {
		got, want := readOne(t, s, old.ID), old.Newcomer()
		want.Revision, want.CreatedAt = got.Revision, got.CreatedAt
		if want.History = old.Save.History; want.History == nil {
			want.History = []syncer.HistoryEntry{}
		}
		expectEqual(t, got, want, equalPlayers)
	}
}

func TestImportAddsToPlayersWhoAreHere(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	run(t, psql(t, url), `
		insert into player (uuid, rank, flags, name, achievements, gamemodes, addresses)
		values (
			'Steve', 'admin', '{own}', 'New', '[2]',
			'{"pvp": {"firstJoined": 15, "lastJoined": 30, "stats": {"wins": 7}}}',
			'{"10.0.0.1:6567": {"usid": "new"}}'
		)`)
	if done := importPlayers(t, s, store.PlayerImportOptions{}, oldSteve()); done != (merge.PlayerImport{
		Changed: 1, History: 1,
	}) {
		t.Errorf("imported: %+v", done)
	}
	want := syncer.NewPlayer("Steve")
	want.Rank, want.Flags, want.Name, want.Achievements = "admin", []string{"own"}, "New", new("[7]")
	want.History = oldSteve().Save.History
	want.Gamemodes["pvp"] = syncer.GamemodeRecord{
		FirstJoined: syncer.Millis(10), LastJoined: syncer.Millis(30), Stats: map[string]int64{"wins": 7, "lost": 0},
	}
	want.Addresses["10.0.0.1:6567"] = syncer.AddressRecord{USID: new("new")}
	want.Addresses["10.0.0.2:6567"] = syncer.AddressRecord{USID: new("second")}
	got := readOne(t, s, "Steve")
	want.Revision, want.CreatedAt = got.Revision, got.CreatedAt
	expectEqual(t, got, want, equalPlayers)

	if done := importPlayers(t, s, store.PlayerImportOptions{Replace: true}, oldSteve()); done != (merge.PlayerImport{
		Changed: 1,
	}) {
		t.Errorf("replaced: %+v", done)
	}
	want.Rank, want.Flags, want.Name = "mod", []string{"member", "vip"}, "Old"
	want.UnmuteTime, want.Rainbow = syncer.Forever, &syncer.Rainbow{Speed: 3}
	want.Addresses["10.0.0.1:6567"] = syncer.AddressRecord{USID: new("old")}
	got = readOne(t, s, "Steve")
	want.Revision = got.Revision
	expectEqual(t, got, want, equalPlayers)
}

func TestRepeatedImportChangesNothing(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid, name, gamemodes) values ('Alice', 'A', '{"pvp": {"stats": {"wins": 9}}}')`)
	alice := oldSteve()
	alice.ID = "Alice"
	for _, o := range []store.PlayerImportOptions{{}, {Replace: true}} {
		importPlayers(t, s, o, oldSteve(), alice)
		rows, changes := column[string](t, conn, everything), column[int](t, conn, `select count(*) from change`)
		if done := importPlayers(t, s, o, oldSteve(), alice); done != (merge.PlayerImport{Unchanged: 2}) {
			t.Errorf("again: %+v", done)
		}
		expectEqual(t, column[string](t, conn, everything), rows)
		expectEqual(t, column[int](t, conn, `select count(*) from change`), changes)
	}
}

// What the validation lets in, the database takes.
func TestImportTakesWhatIsJustValid(t *testing.T) {
	t.Parallel()
	s, _ := open(t, store.Options{})
	p := merge.ImportedPlayer{
		ID: syncer.PlayerID(strings.Repeat("é", 64)),
		Save: merge.Save{
			Scalars: merge.Scalars{
				Rank: syncer.Some(strings.Repeat("r", 64)),
				Name: syncer.Some(strings.Repeat("é", 512)), OverrideName: syncer.Some(new("\n")),
				Language:   syncer.Some(strings.Repeat("l", 64)),
				UnmuteTime: syncer.Some(syncer.Millis(1 << 62)), UnmarkTime: syncer.Some(syncer.Millis(-1 << 62)),
				Achievements: syncer.Some(new("[-9223372036854775808, 9223372036854775807]")),
			},
			Flags: syncer.Some([]string{"b", "a", "b"}),
			History: []syncer.HistoryEntry{
				{Action: strings.Repeat("é", 512), By: strings.Repeat("b", 512), Time: syncer.Millis(1 << 62)},
			},
		},
		Gamemodes: map[string]syncer.GamemodeRecord{`mode "é"`: {
			FirstJoined: syncer.Millis(-1 << 62), LastJoined: syncer.Millis(1 << 62),
			Stats: map[string]int64{"x.y": syncer.MaxCounter, "z": -syncer.MaxCounter},
		}},
		Addresses: map[string]syncer.AddressRecord{"[::1]:1": {USID: new(strings.Repeat("u", 256))}, "x": {}},
	}
	if err := p.Validate(); err != nil {
		t.Fatal(err)
	}
	importPlayers(t, s, store.PlayerImportOptions{}, p)
	if done := importPlayers(t, s, store.PlayerImportOptions{Replace: true}, p); done != (merge.PlayerImport{
		Unchanged: 1,
	}) {
		t.Errorf("again: %+v", done)
	}
}

func TestImportIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	bad := merge.ImportedPlayer{ID: "Alice", Save: merge.Save{Scalars: merge.Scalars{Rank: syncer.Some("")}}}
	_, err := s.ImportPlayers(t.Context(), []merge.ImportedPlayer{oldSteve(), bad}, store.PlayerImportOptions{})
	if syncer.CodeOf(err) != syncer.CodeInvalid {
		t.Errorf("refused with %v", err)
	}
	if rows := column[string](t, psql(t, url), everything); len(rows) > 0 {
		t.Errorf("stored %v", rows)
	}
}
