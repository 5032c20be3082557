package store_test

import (
	"context"
	"net/netip"
	"testing"

	"playersync/syncer"
	"playersync/syncer/store"
)

func TestPreviewBan(t *testing.T) {
	t.Parallel()
	s, url := open(t, store.Options{})
	conn := psql(t, url)
	run(t, conn, `insert into player (uuid, name) values ('a', 'Alice'), ('s', 'Steve'), ('o', 'other')`)
	run(t, conn, `
		insert into player_address (uuid, server, ip, times, last_seen) values
			('a', 'x', '192.0.2.0', 2, now() + interval '3 s'),
			('a', 'y', '192.0.2.0', 3, now() + interval '1 s'),
			('a', 'y', '192.0.2.255', 1, now() + interval '2 s'),
			('s', 'x', '192.0.2.7', 1, now() + interval '4 s'),
			('o', 'x', '192.0.3.0', 1, now()),
			('o', 'x', '192.0.1.255', 1, now()),
			('o', 'x', '2001:db8::1', 1, now())`)
	run(t, conn,
		`insert into ban (ip, lifted_at)
		values ('192.0.2.9', null), ('192.0.0.0/16', null), ('192.0.2.8', now()), ('192.0.3.0', null)`)
	run(t, conn,
		`insert into server (name, gamemode, address) values ('x', 'x', 'x'), ('y', 'y', 'y'), ('dead', 'y', 'z')`)
	run(t, conn,
		`insert into server_lease (server, run, expires_at)
		select name, gen_random_uuid(), now() + interval '1 h' * case name when 'dead' then -1 else 1 end
		from server`)
	run(t, conn, `
		insert into session (server, uuid, run, gamemode, since)
		select server, uuid, run, 'pvp', now() + length(uuid || server) * interval '1 s'
		from server_lease
		join (values ('x', 's'), ('y', 's'), ('y', 'o'), ('dead', 'a')) as v (server, uuid) using (server)`)
	preview := func(cidr string, size int) syncer.BanPreview {
		p, err := s.PreviewBan(context.Background(), syncer.Target{Prefix: netip.MustParsePrefix(cidr)}, size)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	p := preview("192.0.2.0/24", 10)
	if p.Count != 2 || len(p.Players) != 2 || len(p.Bans) != 2 {
		t.Fatalf("preview %+v", p)
	}
	expectEqual(t, []string{string(p.Players[0].ID), p.Players[1].Name}, []string{"s", "Alice"})
	expectEqual(t, p.Players[1].Latest, []string{"192.0.2.0", "192.0.2.255"})
	if alice := p.Players[1]; alice.Times != 6 || alice.Addresses != 2 || alice.LastSeen.IsZero() {
		t.Errorf("seen %+v", alice)
	}
	if p.Online != 1 { // the server of the other is dead
		t.Errorf("%d are online", p.Online)
	}
	expectEqual(t, p.Players[0].Servers, []string{"x", "y"})
	expectEqual(t, p.Players[1].Servers, nil)
	if p := preview("192.0.2.0/24", 1); p.Count != 2 || len(p.Players) != 1 {
		t.Errorf("preview of one %+v", p)
	}
	for cidr, want := range map[string]int64{
		"192.0.2.7/32": 1, "192.0.2.8/32": 0, "0.0.0.0/0": 3, "2001:db8::/32": 1, "::/0": 1, "192.0.2.128/25": 1,
	} {
		if p := preview(cidr, 10); p.Count != want {
			t.Errorf("%s: %d players, want %d", cidr, p.Count, want)
		}
	}
}
