package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// MapRuns is what the console needs of runs of maps; *sidecar.MapRuns is one.
type MapRuns interface {
	Current(ctx context.Context, from syncer.GameServer) (*syncer.CurrentMapRun, error)
	Runs(
		ctx context.Context, filter syncer.MapRunFilter, page sidecar.Page,
	) (runs []syncer.MapRun, next string, err error)
	Stats(
		ctx context.Context, filter syncer.MapStatsFilter, page sidecar.Page,
	) (stats []syncer.MapStats, next string, err error)
}

// mapsEvery is how often the pages ask anew: no event tells of runs.
const mapsEvery = 10 * time.Second

// registerMaps adds the pages about maps.
func (c *Console) registerMaps() {
	m := &mapPages{console: c}
	part := c.changes("maps")
	part.every = mapsEvery
	c.live.add(part)
	c.handle("GET "+Path+"maps", m.list)
	c.handle("GET "+Path+"maps/{id}", m.showOne)
}

// mapPages are the pages about maps.
type mapPages struct{ console *Console }

// mapsPage is the statistics of maps, and what runs now.
type mapsPage struct {
	Map, Gamemode, Sort string // as they were given

	Columns []mapColumn
	Current []syncer.CurrentMapRun
	listing[mapRow]
}

// mapColumn is a column by which the list can be sorted.
type mapColumn struct {
	Name, Title string
	compare     func(a, b syncer.MapStats) int
	Link        string // sorts by it, behind Path
	Sorted      bool
}

// mapColumns are those that can be sorted by: numbers with the highest first.
var mapColumns = []mapColumn{
	{Name: "map", Title: "Map", compare: func(a, b syncer.MapStats) int {
		return cmp.Or(strings.Compare(a.Map, b.Map), strings.Compare(a.Gamemode, b.Gamemode))
	}},
	{Name: "gamemode", Title: "Gamemode", compare: func(a, b syncer.MapStats) int {
		return cmp.Or(strings.Compare(a.Gamemode, b.Gamemode), strings.Compare(a.Map, b.Map))
	}},
	{Name: "runs", Title: "Runs", compare: func(a, b syncer.MapStats) int { return cmp.Compare(b.Runs, a.Runs) }},
	{Name: "won", Title: "Won", compare: byRate(func(s syncer.MapStats) int64 { return s.Won })},
	{Name: "rtv", Title: "RTV", compare: byRate(func(s syncer.MapStats) int64 { return s.EarlyRTVs + s.LateRTVs })},
	{Name: "played", Title: "Played on average", compare: func(a, b syncer.MapStats) int {
		return cmp.Compare(valueOf(b.AverageMs), valueOf(a.AverageMs))
	}},
}

// byRate compares which part of the runs a count is, the largest first.
func byRate(count func(syncer.MapStats) int64) func(a, b syncer.MapStats) int {
	rate := func(s syncer.MapStats) float64 { return float64(count(s)) / float64(max(s.Runs, 1)) }
	return func(a, b syncer.MapStats) int { return cmp.Compare(rate(b), rate(a)) }
}

func valueOf(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

// mapRow is the statistics of a map in a gamemode.
type mapRow struct {
	syncer.MapStats
	Page string // behind Path
	Bars []mapBar
}

// mapBar is a part of a bar that is 100 wide.
type mapBar struct {
	Kind     string // class of its colour
	X, Width float64
}

// mapRowOf returns the row: what was neither won nor voted away was lost.
func mapRowOf(s syncer.MapStats) mapRow {
	row := mapRow{MapStats: s, Page: mapPath(s.Map) + "?" + url.Values{"gamemode": {s.Gamemode}}.Encode()}
	x := 0.0
	for _, part := range []struct {
		kind  string
		count int64
	}{{"won", s.Won}, {"lost", row.LostInPlay()}, {"late", s.LateRTVs}, {"early", s.EarlyRTVs}} {
		width := 100 * float64(part.count) / float64(max(s.Runs, 1))
		row.Bars = append(row.Bars, mapBar{part.kind, x, width})
		x += width
	}
	return row
}

// LostInPlay is the runs that were lost and not voted away.
func (r mapRow) LostInPlay() int64 { return r.Runs - r.Won - r.LateRTVs - r.EarlyRTVs }

// Average is how long a run lasted; "" if none was significant.
func (r mapRow) Average() string { return lasted(r.AverageMs) }

func lasted(ms *int64) string {
	if ms == nil {
		return ""
	}
	return ago(time.Duration(*ms) * time.Millisecond)
}

func mapPath(name string) string { return "maps/" + url.PathEscape(name) }

func (m *mapPages) list(w http.ResponseWriter, r *http.Request, s *session) {
	q := r.URL.Query()
	page := mapsPage{
		Map: strings.TrimSpace(q.Get("map")), Gamemode: q.Get("gamemode"), Sort: cmp.Or(q.Get("sort"), "runs"),
		Columns: slices.Clone(mapColumns),
	}
	chosen := mapColumns[0]
	for i, column := range page.Columns {
		sorted := withQuery(q, "sort", column.Name)
		page.Columns[i].Link = "maps?" + sorted.Encode()
		if column.Name == page.Sort {
			chosen, page.Columns[i].Sorted = column, true
		}
	}
	page.listing = list(m.console, r, func(_ url.Values, at sidecar.Page) ([]mapRow, string, error) {
		stats, err := m.all(r.Context(), page.Gamemode)
		stats = slices.DeleteFunc(stats, func(s syncer.MapStats) bool { return !contains(s.Map, page.Map) })
		slices.SortStableFunc(stats, chosen.compare)
		begin, _ := strconv.Atoi(at.After) // what is none begins at the begin
		begin = min(max(begin, 0), len(stats))
		end, next := min(begin+at.Size, len(stats)), ""
		if end < len(stats) {
			next = strconv.Itoa(end)
		}
		rows := make([]mapRow, 0, end-begin)
		for _, s := range stats[begin:end] {
			rows = append(rows, mapRowOf(s))
		}
		return rows, next, err
	})
	if page.Problem == "" {
		var err error
		if page.Current, err = m.current(r.Context()); err != nil {
			page.status, page.Problem = m.console.problemOf(err)
		}
	}
	m.console.render(w, r, s, page.status, "maps", page)
}

// withQuery returns the query with another value, from the first page on.
func withQuery(q url.Values, name, value string) url.Values {
	out := url.Values{}
	for key, values := range q {
		if key != "after" {
			out[key] = values
		}
	}
	out.Set(name, value)
	return out
}

// mostMaps bounds how many statistics are sorted.
const (
	mostMaps  = 5000
	mapsChunk = 500
)

// all reads the statistics of all maps.
func (m *mapPages) all(ctx context.Context, gamemode string) ([]syncer.MapStats, error) {
	var all []syncer.MapStats
	for after := ""; ; {
		some, next, err := m.console.deps.MapRuns.Stats(ctx, syncer.MapStatsFilter{Gamemode: gamemode},
			sidecar.Page{Size: mapsChunk, After: after})
		if all = append(all, some...); err != nil || next == "" || len(all) >= mostMaps {
			return all, err
		}
		after = next
	}
}

// current returns what each game server runs whose sidecar is alive.
func (m *mapPages) current(ctx context.Context) ([]syncer.CurrentMapRun, error) {
	servers, err := m.console.deps.Presence.Servers(ctx)
	if err != nil {
		return nil, err
	}
	var runs []syncer.CurrentMapRun
	for _, server := range servers {
		if !server.Alive {
			continue
		}
		run, err := m.console.deps.MapRuns.Current(ctx, server.GameServer)
		if err != nil {
			return nil, err
		}
		if run != nil {
			runs = append(runs, *run)
		}
	}
	return runs, nil
}

// mapPage is the runs of one map over time.
type mapPage struct {
	Map, Gamemode string
	Stats         []mapRow // of each gamemode
	Bars          []runBar // oldest first
	Width         int      // of all bars

	listing[syncer.MapRun]
}

// runBar is how long a run was played, beside others, 100 high.
type runBar struct {
	Kind      string // class of its colour
	X         int
	Y, Height float64
}

// runBarWidth is how wide each is, with the gap behind it.
const runBarWidth = 12

func (m *mapPages) showOne(w http.ResponseWriter, r *http.Request, s *session) {
	page := mapPage{Map: r.PathValue("id"), Gamemode: r.URL.Query().Get("gamemode")}
	page.listing = list(m.console, r, func(_ url.Values, at sidecar.Page) ([]syncer.MapRun, string, error) {
		filter := syncer.MapStatsFilter{Map: page.Map, Gamemode: page.Gamemode}
		stats, _, err := m.console.deps.MapRuns.Stats(r.Context(), filter, sidecar.Page{Size: mapsChunk})
		if err != nil {
			return nil, "", err
		}
		for _, one := range stats {
			page.Stats = append(page.Stats, mapRowOf(one))
		}
		return m.console.deps.MapRuns.Runs(r.Context(), syncer.MapRunFilter{Map: page.Map, Gamemode: page.Gamemode}, at)
	})
	page.Bars, page.Width = runBars(page.Rows)
	m.console.render(w, r, s, page.status, "map", page)
}

func runBars(runs []syncer.MapRun) (bars []runBar, width int) {
	longest := time.Minute
	for _, run := range runs {
		longest = max(longest, run.Played)
	}
	for i, run := range slices.Backward(runs) {
		height := max(2, 100*float64(run.Played)/float64(longest))
		kind, _, _ := strings.Cut(string(run.Outcome()), "_")
		bars = append(bars, runBar{kind, (len(runs) - 1 - i) * runBarWidth, 100 - height, height})
	}
	return bars, len(runs) * runBarWidth
}

// outcomes are those of a run, for people.
var outcomes = map[syncer.MapOutcome]string{
	syncer.MapWon: "won", syncer.MapLost: "lost", syncer.MapEarlyRTV: "early RTV", syncer.MapLateRTV: "late RTV",
}
