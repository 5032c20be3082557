package httpapi

import (
	"context"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// MapRuns is what the API needs of the use-cases about map runs; *sidecar.MapRuns
// is one.
type MapRuns interface {
	Report(ctx context.Context, from syncer.GameServer, report syncer.MapReport) (*syncer.CurrentMapRun, error)
	Finish(ctx context.Context, from syncer.GameServer, finish syncer.MapFinish) (*syncer.MapRun, error)
	Abandon(ctx context.Context, from syncer.GameServer) error
	Current(ctx context.Context, from syncer.GameServer) (*syncer.CurrentMapRun, error)
	Runs(ctx context.Context, filter syncer.MapRunFilter, page sidecar.Page) (runs []syncer.MapRun, next string, err error)
	Stats(ctx context.Context, filter syncer.MapStatsFilter, page sidecar.Page) (stats []syncer.MapStats, next string, err error)
}

// registerMapRuns adds the operations on map runs.
func (s *Server) registerMapRuns() {
	register(s, s.reportMapOperation())
	register(s, s.finishMapOperation())
	register(s, s.abandonMapOperation())
	register(s, s.currentMapOperation())
	register(s, s.mapRunsOperation())
	register(s, s.mapStatsOperation())
}

func (s *Server) reportMapOperation() operation[syncer.MapReport, plain[CurrentRun]] {
	return operation[syncer.MapReport, plain[CurrentRun]]{
		doc: document{
			method: http.MethodPost, path: "/v1/map-run", id: "report-map-run", tag: tagMaps, asServer: true,
			summary: "Report the map that this server runs",
			description: "To be sent when a map is loaded, after a restart, when somebody joins, and every 10 to 60 seconds. The run in progress goes on if it is of " +
				"the same map and gamemode; else another begins, and the one before does not count. `session` is any text that the game draws when it " +
				"starts: the time since the report before counts as played if that was of the same session, so the time that the game was down does not.",
			request: jsonBody("What runs.", true, mapReportSchema(), exampleMapReport),
			replies: []reply{
				{http.StatusOK, "The run in progress.", reflect.TypeFor[CurrentRun](), exampleCurrentRun(), nil, ""},
				{http.StatusAccepted, "The database is away: the report waits on disk.", reflect.TypeFor[CurrentRun](), CurrentRun{}, nil, ""},
			},
			refusals: []int{http.StatusGatewayTimeout},
		},
		decode: body(s, func(_ *call, v value) syncer.MapReport { return decodeMapReport(v) }),
		handle: func(ctx context.Context, c *call, report syncer.MapReport) (plain[CurrentRun], error) {
			run, err := s.deps.MapRuns.Report(ctx, c.from, report)
			return plain[CurrentRun]{storedOrWaits(run != nil), CurrentRun{currentMapRunOf(run)}}, err
		},
	}
}

func (s *Server) finishMapOperation() operation[syncer.MapFinish, plain[FinishedRun]] {
	return operation[syncer.MapFinish, plain[FinishedRun]]{
		doc: document{
			method: http.MethodPost, path: "/v1/map-run/finish", id: "finish-map-run", tag: tagMaps, asServer: true,
			summary: "End the run in progress",
			description: "It counts in the statistics from now on. Give a `key`, a random UUID, to send the end again without fear: the same key returns " +
				"the same run. While the database is away the end waits on disk and is stored once.",
			request: jsonBody("How it ended.", true, mapFinishSchema(), exampleMapFinish),
			replies: []reply{
				{http.StatusOK, "The finished run.", reflect.TypeFor[FinishedRun](), exampleFinishedRun(), nil, ""},
				{http.StatusAccepted, "The database is away: the end waits on disk.", reflect.TypeFor[FinishedRun](), FinishedRun{}, nil, ""},
			},
			refusals: []int{http.StatusConflict, http.StatusGatewayTimeout},
		},
		decode: body(s, func(_ *call, v value) syncer.MapFinish { return decodeMapFinish(v) }),
		handle: func(ctx context.Context, c *call, finish syncer.MapFinish) (plain[FinishedRun], error) {
			run, err := s.deps.MapRuns.Finish(ctx, c.from, finish)
			answer := FinishedRun{}
			if run != nil {
				answer.Run = new(mapRunOf(*run))
			}
			return plain[FinishedRun]{storedOrWaits(run != nil), answer}, err
		},
	}
}

// storedOrWaits is the status for what is stored or waits on disk.
func storedOrWaits(stored bool) int {
	if stored {
		return http.StatusOK
	}
	return http.StatusAccepted
}

func (s *Server) abandonMapOperation() operation[struct{}, nothing] {
	return operation[struct{}, nothing]{
		doc: document{
			method: http.MethodPost, path: "/v1/map-run/abandon", id: "abandon-map-run", tag: tagMaps, asServer: true,
			summary:     "Forget the run in progress",
			description: "It does not count, and the next report begins another, of the same map too. Without a run in progress nothing happens.",
			replies:     []reply{{http.StatusNoContent, "No run is in progress.", nil, nil, nil, ""}},
			refusals:    stored,
		},
		handle: func(ctx context.Context, c *call, _ struct{}) (nothing, error) {
			return nothing{}, s.deps.MapRuns.Abandon(ctx, c.from)
		},
	}
}

func (s *Server) currentMapOperation() operation[struct{}, plain[CurrentRun]] {
	return operation[struct{}, plain[CurrentRun]]{
		doc: document{
			method: http.MethodGet, path: "/v1/map-run", id: "get-map-run", tag: tagMaps, asServer: true,
			summary:     "Read the run in progress on this server",
			description: "From the database, as it was last reported.",
			replies:     []reply{{http.StatusOK, "The run; null: none is in progress.", reflect.TypeFor[CurrentRun](), exampleCurrentRun(), nil, ""}},
			refusals:    stored,
		},
		handle: func(ctx context.Context, c *call, _ struct{}) (plain[CurrentRun], error) {
			run, err := s.deps.MapRuns.Current(ctx, c.from)
			return plain[CurrentRun]{http.StatusOK, CurrentRun{currentMapRunOf(run)}}, err
		},
	}
}

// mapRunsInput is what to list.
type mapRunsInput struct {
	filter syncer.MapRunFilter
	page   sidecar.Page
}

func (s *Server) mapRunsOperation() operation[mapRunsInput, plain[MapRunsPage]] {
	return operation[mapRunsInput, plain[MapRunsPage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/map-runs", id: "list-map-runs", tag: tagMaps,
			summary:     "List finished runs",
			description: "Of all servers, newest first, from the database. Runs that waited for the database stand where they were stored.",
			parameters: append([]*huma.Param{
				queryParameter("map", "Only of this map.", textSchema("", exampleMap, syncer.MaxMapLength), false),
				queryParameter("gamemode", "Only in this gamemode.", textSchema("", "survival", 64), false),
				queryParameter("server", "Only on this server.", textSchema("", "survival-1", 64), false),
			}, pageParameters()...),
			replies:  []reply{{http.StatusOK, "One page.", reflect.TypeFor[MapRunsPage](), exampleMapRuns(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: func(c *call) (in mapRunsInput, err error) {
			q, err := parameters(c.r, "map", "gamemode", "server", "limit", "after")
			if err != nil {
				return in, err
			}
			in.filter = syncer.MapRunFilter{
				Map:      q.filter("map", syncer.CheckMap),
				Gamemode: q.filter("gamemode", syncer.CheckServerName),
				Server:   q.filter("server", syncer.CheckServerName),
			}
			in.page = q.page()
			return in, q.err()
		},
		handle: func(ctx context.Context, _ *call, in mapRunsInput) (plain[MapRunsPage], error) {
			runs, next, err := s.deps.MapRuns.Runs(ctx, in.filter, in.page)
			page := MapRunsPage{Runs: make([]MapRun, len(runs)), Next: optional(next)}
			for i, run := range runs {
				page.Runs[i] = mapRunOf(run)
			}
			return plain[MapRunsPage]{http.StatusOK, page}, inQueryIfAny(err)
		},
	}
}

// mapStatsInput is what to sum up.
type mapStatsInput struct {
	filter syncer.MapStatsFilter
	page   sidecar.Page
}

func (s *Server) mapStatsOperation() operation[mapStatsInput, plain[MapStatsPage]] {
	return operation[mapStatsInput, plain[MapStatsPage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/map-stats", id: "list-map-stats", tag: tagMaps,
			summary: "Read statistics of maps",
			description: "The finished runs of all servers, summed up by map and gamemode, from the database. Runs without players do not count; times, " +
				"waves and players are those of significant runs. With `map`, all of it comes in one page.",
			parameters: append([]*huma.Param{
				queryParameter("map", "Only of this map.", textSchema("", exampleMap, syncer.MaxMapLength), false),
				queryParameter("gamemode", "Only in this gamemode.", textSchema("", "survival", 64), false),
			}, pageParameters()...),
			replies:  []reply{{http.StatusOK, "One page.", reflect.TypeFor[MapStatsPage](), exampleMapStats(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: func(c *call) (in mapStatsInput, err error) {
			q, err := parameters(c.r, "map", "gamemode", "limit", "after")
			if err != nil {
				return in, err
			}
			in.filter = syncer.MapStatsFilter{Map: q.filter("map", syncer.CheckMap), Gamemode: q.filter("gamemode", syncer.CheckServerName)}
			in.page = q.page()
			return in, q.err()
		},
		handle: func(ctx context.Context, _ *call, in mapStatsInput) (plain[MapStatsPage], error) {
			stats, next, err := s.deps.MapRuns.Stats(ctx, in.filter, in.page)
			page := MapStatsPage{Stats: make([]MapStats, len(stats)), Next: optional(next)}
			for i, line := range stats {
				page.Stats[i] = MapStats(line)
			}
			return plain[MapStatsPage]{http.StatusOK, page}, inQueryIfAny(err)
		},
	}
}

// filter reads a parameter that check must accept if it is given.
func (q *query) filter(name string, check func(field, text string) error) string {
	text := q.values.Get(name)
	if q.values.Has(name) {
		q.note(name, check(name, text))
	}
	return text
}
