package store_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/merge"
	"playersync/syncer/store"
)

// fillTables adds 40 000 players and bans, of the kinds that a sidecar finds in a
// large network: a third of the bans lifted, some expired, some ranges.
const fillTables = `
set maintenance_work_mem = '256MB';
select bare('player'), bare('ban');
insert into player (uuid, name) select 'p' || i, left(md5(i::text), 8) from generate_series(1, 40000) as i;
insert into player_history (uuid, action) select 'p' || i, 'warned' from generate_series(1, 40000, 10) as i;
insert into ban (uuid, ip, banned_by, created_at, expires_at, lifted_at)
select
    case when i % 2 = 0 then 'p' || i end,
    case
        when i % 20 = 1 then network(set_masklen('1.0.0.0'::inet + i * 256, 24))
        when i % 2 = 1 then '10.0.0.0'::inet + i
    end,
    'staff ' || i % 1000,
    now() - interval '1 year',
    case when i % 10 < 2 then now() + interval '1 day' * (1 + i % 100) end,
    case when i % 3 = 0 then now() end
from generate_series(1, 40000) as i;
insert into change (xid, entity, key, at)
select (3 + i % 100)::text::xid8, 'player', 'p' || i, now() from generate_series(1, 40000) as i;
insert into ban_note (ban, text) select 7, 'a' from generate_series(1, 20);
insert into ban_note (ban, text) select i, 'a' from generate_series(1, 5000) as i;
insert into player_address (uuid, server, ip)
select 'p500', 'pvp', '10.0.0.0'::inet + i * 1000 from generate_series(1, 20) as i;
insert into save_batch (id) select md5(i::text)::uuid from generate_series(1, 40000) as i;
select dress('player'), dress('ban');
analyze`

// undress makes two functions for loading: one takes triggers and secondary
// indexes from a table, the other puts them back as the migrations made them.
const undress = `
create table taken (relation regclass, index text);
create function bare(relation regclass) returns void language plpgsql as $$
declare
    taking record;
begin
    execute format('alter table %s disable trigger user', relation);
    for taking in
        select indexrelid, pg_get_indexdef(indexrelid) as index
        from pg_index
        where indrelid = relation and not indisprimary
    loop
        insert into taken values (relation, taking.index);
        execute format('drop index %s', taking.indexrelid::regclass);
    end loop;
end
$$;
create function dress(given regclass) returns void language plpgsql as $$
declare
    statement text;
begin
    for statement in
        select index from taken where relation = given
        union all
        select format('alter table %s enable always trigger %I', given, tgname)
        from pg_trigger
        where tgrelid = given and not tgisinternal
    loop
        execute statement;
    end loop;
end
$$`

// scan is how a plan read a table.
type scan struct {
	kind, relation, query string
	rows                  float64 // looked at, wanted or not
}

// plans gathers the plans of all statements that a store runs, those inside
// functions and triggers too.
type plans struct {
	mu    sync.Mutex
	scans []scan
	err   error
}

func (p *plans) add(_ *pgconn.PgConn, notice *pgconn.Notice) {
	_, text, ok := strings.Cut(notice.Message, "plan:\n")
	if !ok {
		return
	}
	var explained struct {
		Query string `json:"Query Text"`
		Plan  map[string]any
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := json.Unmarshal([]byte(text), &explained); err != nil {
		p.err = fmt.Errorf("%s: %w", text, err)
		return
	}
	p.walk(explained.Query, explained.Plan)
}

func (p *plans) walk(query string, node map[string]any) {
	if relation, ok := node["Relation Name"].(string); ok {
		rows := 0.0
		for _, key := range []string{"Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck"} {
			count, _ := node[key].(float64)
			rows += count
		}
		loops, _ := node["Actual Loops"].(float64)
		p.scans = append(p.scans, scan{node["Node Type"].(string), relation, query, rows * loops})
	}
	children, _ := node["Plans"].([]any)
	for _, child := range children {
		p.walk(query, child.(map[string]any))
	}
}

// take returns the scans since the last call.
func (p *plans) take(t *testing.T) []scan {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.err != nil {
		t.Fatal(p.err)
	}
	scans := p.scans
	p.scans = nil
	return scans
}

// openExplained opens a store whose sessions tell how they run their statements.
func openExplained(t *testing.T, address, mode string) (*store.Store, *plans) {
	t.Helper()
	parsed, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	parameters := parsed.Query()
	for name, value := range map[string]string{
		"session_preload_libraries":          "auto_explain",
		"auto_explain.log_min_duration":      "0",
		"auto_explain.log_nested_statements": "on",
		"auto_explain.log_analyze":           "on",
		"auto_explain.log_timing":            "off",
		"auto_explain.log_format":            "json",
		"auto_explain.log_level":             "notice",
		"plan_cache_mode":                    mode,
	} {
		parameters.Set(name, value)
	}
	parsed.RawQuery = parameters.Encode()
	s, err := store.Open(context.Background(), parsed.String(), store.Options{Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	var explained plans
	if err := s.OnNotice(explained.add); err != nil {
		t.Fatal(err)
	}
	return s, &explained
}

// TestHotQueriesUseIndexes runs everything that happens while players play, with
// twenty times more players and bans than a query may look at, and looks at the plans
// that were carried out.
func TestHotQueriesUseIndexes(t *testing.T) {
	t.Parallel()
	conn, address := databaseAlone(t)
	simple(t, conn, undress)
	simple(t, conn, fillTables)
	for _, mode := range []string{"auto", "force_custom_plan", "force_generic_plan"} {
		t.Run(mode, func(t *testing.T) {
			s, explained := openExplained(t, address, mode)
			for _, test := range hotQueries(t, s) {
				explained.take(t)
				if err := test.run(context.Background()); err != nil {
					t.Fatalf("%s: %v", test.name, err)
				}
				scans := explained.take(t)
				seen := false
				for _, scan := range scans {
					seen = seen || scan.relation == test.relation
					if large[scan.relation] && (scan.kind == "Seq Scan" || scan.rows > 2000) {
						t.Errorf("%s looks at %v rows of %s by %s:\n%s", test.name, scan.rows, scan.relation, scan.kind,
							scan.query)
					}
				}
				if !seen {
					t.Errorf("%s does not read %s: %v", test.name, test.relation, scans)
				}
			}
		})
	}
}

// large are the tables that grow.
var large = map[string]bool{
	"player": true, "player_history": true, "ban": true, "ban_note": true, "change": true, "save_batch": true,
}

type hotQuery struct {
	name, relation string
	run            func(context.Context) error
}

func hotQueries(t *testing.T, s *store.Store) []hotQuery {
	t.Helper()
	feed := follow(t, s)
	cursor := poll(t, feed, changefeed.Snapshot{}).Snapshot
	ids := make([]syncer.PlayerID, 256)
	batch := newBatch(map[syncer.PlayerID]merge.Edit{"new " + syncer.PlayerID(t.Name()): {}})
	for i := range ids {
		ids[i] = syncer.PlayerID(fmt.Sprintf("p%d", 10*i+1))
		batch.Edits[ids[i]] = merge.Edit{
			Gamemodes: map[string]merge.GamemodeEdit{"pvp": {Stats: map[string]int64{"wins": 1}}},
			History:   []syncer.HistoryEntry{{Action: "kicked", By: t.Name(), Time: syncer.Millis(1)}},
		}
	}
	rank := merge.Edit{
		Scalars: merge.Scalars{Rank: syncer.Some(t.Name())},
		History: []syncer.HistoryEntry{{Action: "promoted", Time: syncer.Millis(2)}},
	}
	address := netip.MustParseAddr("198.51.100.7")
	id, ip := syncer.TargetID(syncer.PlayerID(t.Name())), syncer.TargetAddress(address)
	active := true
	return []hotQuery{
		{
			"read players", "player_history",
			func(ctx context.Context) error { _, err := s.ReadPlayers(ctx, ids); return err },
		},
		{
			"edit player", "player",
			func(ctx context.Context) error { _, _, err := s.EditPlayer(ctx, "p7", rank, nil); return err },
		},
		{
			"edit players", "player_history",
			func(ctx context.Context) error {
				_, _, err := s.EditPlayers(ctx, []merge.PlayerEdit{{ID: "p7", Edit: rank}, {ID: "p8", Edit: rank}})
				return err
			},
		},
		{
			"save batch", "player_history",
			func(ctx context.Context) error { _, _, err := s.SaveBatch(ctx, batch); return err },
		},
		{"ban id", "ban", ban(s, id)},
		{"ban id again", "ban", ban(s, id)},
		{"ban address", "ban", ban(s, ip)},
		{"ban address again", "ban", ban(s, ip)},
		{"bans of", "ban", func(ctx context.Context) error { _, err := s.BansOf(ctx, id.ID, address); return err }},
		{
			"bans of id", "ban",
			func(ctx context.Context) error { _, err := s.BansOf(ctx, id.ID, netip.Addr{}); return err },
		},
		{
			"bans of address", "ban",
			func(ctx context.Context) error { _, err := s.BansOf(ctx, "", address); return err },
		},
		{"lift id", "ban", lift(s, id)},
		{"lift address", "ban", lift(s, ip)},
		{"list bans", "ban", list(s, syncer.BanFilter{})},
		{"list bans in force", "ban", list(s, syncer.BanFilter{Active: &active})},
		{"list bans of id", "ban", list(s, syncer.BanFilter{ID: "p500"})},
		{"list bans of address", "ban", list(s, syncer.BanFilter{IP: "10.0.0.1"})},
		{"list bans of range", "ban", list(s, syncer.BanFilter{IP: "10.0.0.0/24"})},
		{"list bans that meet a player", "ban", list(s, syncer.BanFilter{Meets: "p500"})},
		{"list bans by", "ban", list(s, syncer.BanFilter{By: "staff 7"})},
		{"list bans by nobody", "ban", list(s, syncer.BanFilter{By: "nobody"})},
		{"list bans lifted by nobody", "ban", list(s, syncer.BanFilter{LiftedBy: "nobody"})},
		{
			"list bans of a period", "ban",
			list(s, syncer.BanFilter{CreatedFrom: syncer.TimeOf(time.Now().Add(-time.Minute))}),
		},
		{"list ranges in force", "ban", list(s, syncer.BanFilter{Active: &active, Kind: syncer.BanOfRange})},
		{"preview ban", "ban", func(ctx context.Context) error {
			_, err := s.PreviewBan(ctx, syncer.Target{Prefix: netip.MustParsePrefix("10.0.0.0/24")}, 50)
			return err
		}},
		{"ban by number", "ban_note", func(ctx context.Context) error { _, err := s.Ban(ctx, 7); return err }},
		{"import bans", "ban", func(ctx context.Context) error {
			_, err := s.ImportBans(ctx, []syncer.BanRecord{
				{Target: id, CreatedAt: syncer.Millis(1)}, {Target: ip, CreatedAt: syncer.Millis(1)},
			})
			return err
		}},
		{"search", "player", search(s, "c4ca4238")},
		{"search rare", "player", search(s, "zzz")},
		{"list players", "player", search(s, "")},
		{"poll", "change", func(ctx context.Context) error { _, err := feed.Poll(ctx, cursor, 1000); return err }},
		{
			"feed reads players", "player",
			func(ctx context.Context) error { _, err := feed.ReadPlayers(ctx, ids); return err },
		},
		{"feed reads bans", "ban", func(ctx context.Context) error {
			_, _, err := feed.ReadBans(ctx, []syncer.Target{id, ip})
			return err
		}},
		{"prune", "change", func(ctx context.Context) error { return feed.Prune(ctx, time.Hour) }},
	}
}

func ban(s *store.Store, target syncer.Target) func(context.Context) error {
	return func(ctx context.Context) error {
		_, _, _, err := s.AddBan(ctx, syncer.NewBan{Target: target})
		return err
	}
}

func lift(s *store.Store, target syncer.Target) func(context.Context) error {
	return func(ctx context.Context) error {
		_, _, _, err := s.LiftBan(ctx, target, "", "")
		return err
	}
}

func list(s *store.Store, filter syncer.BanFilter) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := s.ListBans(ctx, filter, 1<<62, 50)
		return err
	}
}

func search(s *store.Store, name string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, _, err := s.SearchPlayers(ctx, name, 50, "")
		return err
	}
}
