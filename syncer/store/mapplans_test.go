package store_test

import (
	"context"
	"testing"
	"time"

	"playersync/syncer"
	"playersync/syncer/store"
)

// fillMapRuns adds finished runs of a hundred maps, on eight servers of as many
// gamemodes.
const fillMapRuns = `
insert into map_run (server, map, gamemode, winner, success, started_at, ended_at, played_ms, max_players, wave)
select
    'server-' || i % 8, 'Map_' || i % 100 || '.msav',
    case i % 8 when 0 then 'pvp' when 1 then 'attack' else 'survival' end,
    case when h % 5 = 0 then 'derelict' when h % 3 = 0 then 'crux' else 'sharded' end, h % 2 = 0,
    t, t + interval '1 ms' * (h % 3600000), h % 3600000, h % 30, h % 80
from (
    select i, abs(hashint8(i)::bigint) as h, '2026-01-01 00:00+00'::timestamptz + i * interval '30 s' as t
    from generate_series(1, $1::bigint) as i
) as n`

// One map's statistics are answered from the index alone.
func TestMapStatsReadOnlyTheIndex(t *testing.T) {
	t.Parallel()
	conn, address := databaseAlone(t)
	if _, err := conn.Exec(context.Background(), fillMapRuns, 15_000); err != nil {
		t.Fatal(err)
	}
	run(t, conn, `vacuum analyze map_run`)
	for _, mode := range []string{"force_custom_plan", "force_generic_plan"} {
		s, explained := openExplained(t, address, mode)
		for _, filter := range []syncer.MapStatsFilter{{Map: "Map_7.msav"}, {Map: "Map_7.msav", Gamemode: "survival"}} {
			explained.take(t)
			if _, _, err := s.MapStats(context.Background(), filter, 1, ""); err != nil {
				t.Fatal(err)
			}
			scans := explained.take(t)
			if len(scans) != 1 || scans[0].kind != "Index Only Scan" || scans[0].rows > 600 {
				t.Errorf("%s: %+v is answered by %+v", mode, filter, scans)
			}
		}
		for _, filter := range []syncer.MapRunFilter{{}, {Map: "Map_7.msav"}, {Server: "server-3"}} {
			explained.take(t)
			if _, err := s.ListMapRuns(context.Background(), filter, 12_000, 50); err != nil {
				t.Fatal(err)
			}
			for _, scan := range explained.take(t) {
				if scan.kind == "Seq Scan" || scan.rows > 600 {
					t.Errorf("%s: listing %+v looks at %v rows by %s", mode, filter, scan.rows, scan.kind)
				}
			}
		}
	}
}

// BenchmarkMapStats asks for the statistics of one map among a million runs of a
// hundred maps.
func BenchmarkMapStats(b *testing.B) {
	s, url := open(b, store.Options{Timeout: time.Minute})
	conn := psql(b, url)
	if _, err := conn.Exec(context.Background(), fillMapRuns, 1_000_000); err != nil {
		b.Fatal(err)
	}
	run(b, conn, `vacuum analyze map_run`)
	for b.Loop() {
		stats, _, err := s.MapStats(context.Background(), syncer.MapStatsFilter{Map: "Map_7.msav"}, 1, "")
		if err != nil || len(stats) == 0 {
			b.Fatal(stats, err)
		}
	}
	b.ReportMetric(value[float64](b, conn, `select pg_total_relation_size('map_run') / 1e6`), "B/run")
}
