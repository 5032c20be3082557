package store_test

import (
	"context"
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// fillVisits adds the visits of a network with 20 000 players, and ten days of
// player counts of two servers.
const fillVisits = `
set session_replication_role = replica;
insert into player (uuid, name) select 'p' || i, left(md5(i::text), 8) from generate_series(1, 14000) as i;
insert into player_visit (uuid, server, joins) select 'p' || i, 'pvp', i from generate_series(1, 14000) as i;
insert into player_name (uuid, server, name)
select 'p' || i, 'pvp', left(md5(i::text), 8) from generate_series(1, 14000) as i;
insert into player_address (uuid, server, ip)
select 'p' || i, 'pvp', '10.0.0.0'::inet + i / 2 from generate_series(1, 14000) as i;
insert into player_count (server, slot, players)
select server, '2020-01-01 00:00+00'::timestamptz + i * interval '4 minutes', 1
from generate_series(0, 360 * 10) as i cross join (values ('pvp'), ('attack')) as s (server);
insert into currency (name) values ('coins'), ('gems');
insert into balance (uuid, currency, amount)
select 'p' || i, currency, i / 100
from generate_series(1, 14000) as i cross join (values ('coins'), ('gems')) as c (currency);
select gin_clean_pending_list('player_name_name_idx'); -- as autovacuum does
analyze player, player_visit, player_name, player_address, player_count, balance`

func TestVisitQueriesUseIndexes(t *testing.T) {
	t.Parallel()
	conn, address := database(t)
	simple(t, conn, fillVisits)
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		s, explained := openExplained(t, address, mode)
		day, err := syncer.CountRange{From: someDay, To: someDay.AddDate(0, 0, 1), Sum: true}.Normalize()
		if err != nil {
			t.Fatal(err)
		}
		for name, ask := range map[string]func(context.Context) error{
			"player_name": func(ctx context.Context) error {
				_, _, err := s.InfoByName(ctx, "c4ca42", 50, "")
				return err
			},
			"player_address": func(ctx context.Context) error {
				_, _, err := s.InfoByAddress(ctx, netip.MustParsePrefix("10.0.1.0/24"), 50, "")
				return err
			},
			"player_address sharing": func(ctx context.Context) error {
				_, _, err := s.SharingAccounts(ctx, "p7", 50, "")
				return err
			},
			"player_visit": func(ctx context.Context) error { _, err := s.PlayerInfo(ctx, "p7"); return err },
			"player_visit save": func(ctx context.Context) error {
				batch := newBatch(map[syncer.PlayerID]merge.Edit{})
				for i := range 20 {
					id := syncer.PlayerID(fmt.Sprintf("p%d", 7*i+1))
					batch.Edits[id] = merge.Edit{Visits: []syncer.Visit{visit("pvp", "new "+mode, "192.0.2.1", 1)}}
				}
				_, _, err := s.SaveBatch(ctx, batch)
				return err
			},
			"balance":      func(ctx context.Context) error { return topTwice(ctx, s, "coins") },
			"player_count": func(ctx context.Context) error { _, err := s.PlayerCounts(ctx, day, 1000); return err },
			"player_count report": func(ctx context.Context) error {
				return s.AddPlayerCount(ctx, syncer.CountReport{Server: "pvp", Players: 3, At: syncer.TimeOf(someDay)})
			},
		} {
			explained.take(t)
			if err := ask(context.Background()); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			table, _, _ := strings.Cut(name, " ")
			seen := false
			for _, scan := range explained.take(t) {
				seen = seen || scan.relation == table
				if scan.kind == "Seq Scan" || scan.rows > 2000 {
					t.Errorf("%s, %s looks at %v rows of %s by %s:\n%s", name, mode, scan.rows, scan.relation,
						scan.kind, scan.query)
				}
			}
			if !seen && name != "player_visit save" {
				t.Errorf("%s, %s does not read its table", name, mode)
			}
		}
	}
}

// topTwice reads two pages of the richest, of whom a hundred each have the same.
func topTwice(ctx context.Context, s *store.Store, currency string) error {
	_, next, err := s.TopBalances(ctx, currency, 50, "")
	if err == nil {
		_, _, err = s.TopBalances(ctx, currency, 50, next)
	}
	return err
}
