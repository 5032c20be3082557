package store_test

import (
	"math"
	"slices"
	"testing"

	"playersync/syncer"
	"playersync/syncer/store"
)

// Bans of a player are those of the id, of each address that is known of the player, and
// of the ranges around them, in force and over.
func TestBansThatMeetAPlayer(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `
		insert into player (uuid) values ('a'), ('b'), ('c');
		insert into player_address (uuid, server, ip) values
		('a', 'pvp', '198.51.100.7'), ('a', 'pvp', '2001:db8::5'), ('a', 'attack', '198.51.100.7'),
		('b', 'pvp', '198.51.100.8');
		insert into ban (uuid, ip, lifted_at) values
		('a', null, now()), ('a', null, null), ('b', null, null),
		(null, '198.51.100.7', now()), (null, '198.51.100.7', null), (null, '198.51.100.8', null),
		(null, '198.51.100.0/24', null), (null, '2001:db8::/32', null), (null, '0.0.0.0/0', now()),
		(null, '203.0.113.0/24', null)`)
	for player, want := range map[syncer.PlayerID][]int64{
		"a": {9, 8, 7, 5, 4, 2, 1}, "b": {9, 7, 6, 3}, "c": nil, "nobody": nil,
	} {
		bans, err := s.ListBans(t.Context(), syncer.BanFilter{Meets: player}, math.MaxInt64, 50)
		if err != nil {
			t.Fatal(err)
		}
		var got []int64
		for _, ban := range bans {
			got = append(got, ban.Number)
		}
		if !slices.Equal(got, want) {
			t.Errorf("of %s: %v, want %v", player, got, want)
		}
	}
	active := true
	bans, err := s.ListBans(t.Context(), syncer.BanFilter{Meets: "b", Active: &active}, 7, 50)
	if err != nil || len(bans) != 2 || bans[0].Number != 6 || bans[1].Number != 3 {
		t.Errorf("in force, behind 7: %+v, %v", bans, err)
	}
}
