package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

// registerMapRuns adds the operations on map runs.
func (s *Server) registerMapRuns() {
	declare(s, route{
		http.MethodPost, "/v1/map-run", "report-map-run", tagMaps,
		"Report the map that this server runs",
		"To be sent when a map is loaded, after a restart, when somebody joins, and every 10 to 60 seconds. " +
			"The run in progress goes on if it is of the same map and gamemode; else another begins, " +
			"and the one before does not count. " +
			"`session` is any text that the game draws when it starts: the time since the report before counts " +
			"as played if that was of the same session, so the time that the game was down does not.",
		replies{200: "The run in progress.", 202: "The database is away: the report waits on disk."},
		[]int{http.StatusGatewayTimeout},
	}, s.reportMap)
	declare(s, route{
		http.MethodPost, "/v1/map-run/finish", "finish-map-run", tagMaps,
		"End the run in progress",
		"It counts in the statistics from now on. " +
			"Give a `key`, best a random UUID, to send the end again without fear: the same key returns the same " +
			"run. " +
			"While the database is away the end waits on disk and is stored once.",
		replies{200: "The finished run.", 202: "The database is away: the end waits on disk."},
		[]int{http.StatusConflict, http.StatusGatewayTimeout},
	}, s.finishMap)
	declare(s, route{
		http.MethodPost, "/v1/map-run/abandon", "abandon-map-run", tagMaps,
		"Forget the run in progress",
		"It does not count, and the next report begins another, of the same map too. " +
			"Without a run in progress nothing happens.",
		replies{204: "No run is in progress."},
		stored,
	}, s.abandonMap)
	declare(s, route{
		http.MethodGet, "/v1/map-run", "get-map-run", tagMaps,
		"Read the run in progress on this server",
		"From the database, as it was last reported.",
		replies{200: "The run; null: none is in progress."},
		stored,
	}, s.currentMap)
	s.registerMapLists()
}

func (s *Server) registerMapLists() {
	declare(s, route{
		http.MethodGet, "/v1/map-runs", "list-map-runs", tagMaps,
		"List finished runs",
		"Of all servers, newest first, from the database. " +
			"Runs that waited for the database stand where they were stored.",
		replies{200: "One page."},
		stored,
	}, s.listMapRuns)
	declare(s, route{
		http.MethodGet, "/v1/map-stats", "list-map-stats", tagMaps,
		"Read statistics of maps",
		"The finished runs of all servers, summed up by map and gamemode, from the database. " +
			"Runs without players do not count; times, waves and players are those of significant runs. " +
			"With `map`, all of it comes in one page.",
		replies{200: "One page."},
		stored,
	}, s.listMapStats)
}

// MapRuns is what the API needs of the use-cases about map runs; *sidecar.MapRuns
// is one.
type MapRuns interface {
	Report(ctx context.Context, from syncer.GameServer, report syncer.MapReport) (*syncer.CurrentMapRun, error)
	Finish(ctx context.Context, from syncer.GameServer, finish syncer.MapFinish) (*syncer.MapRun, error)
	Abandon(ctx context.Context, from syncer.GameServer) error
	Current(ctx context.Context, from syncer.GameServer) (*syncer.CurrentMapRun, error)
	Runs(
		ctx context.Context, filter syncer.MapRunFilter, page sidecar.Page,
	) (runs []syncer.MapRun, next string, err error)
	Stats(
		ctx context.Context, filter syncer.MapStatsFilter, page sidecar.Page,
	) (stats []syncer.MapStats, next string, err error)
}

type reportMapInput struct {
	Acting
	Body wire.MapReport `doc:"What runs."`
}

func (s *Server) reportMap(ctx context.Context, in *reportMapInput) (*resultAs[wire.CurrentRun], error) {
	report, err := in.Body.Report()
	if err != nil {
		return nil, err
	}
	run, err := s.deps.MapRuns.Report(ctx, in.from, report)
	return &resultAs[wire.CurrentRun]{storedOrWaits(run != nil), wire.CurrentRunOf(run)}, err
}

type finishMapInput struct {
	Acting
	Body wire.MapFinish `doc:"How it ended."`
}

func (s *Server) finishMap(ctx context.Context, in *finishMapInput) (*resultAs[wire.FinishedRun], error) {
	finish, err := in.Body.Finish()
	if err != nil {
		return nil, err
	}
	run, err := s.deps.MapRuns.Finish(ctx, in.from, finish)
	return &resultAs[wire.FinishedRun]{storedOrWaits(run != nil), wire.FinishedRunOf(run)}, err
}

// storedOrWaits is the status for what is stored or waits on disk.
func storedOrWaits(stored bool) int {
	if stored {
		return http.StatusOK
	}
	return http.StatusAccepted
}

func (s *Server) abandonMap(ctx context.Context, in *Acting) (*struct{}, error) {
	return &struct{}{}, s.deps.MapRuns.Abandon(ctx, in.from)
}

func (s *Server) currentMap(ctx context.Context, in *Asking) (*result[wire.CurrentRun], error) {
	run, err := s.deps.MapRuns.Current(ctx, in.from)
	return &result[wire.CurrentRun]{wire.CurrentRunOf(run)}, err
}

type listMapRunsInput struct {
	Map      mapName    `query:"map" minLength:"1" maxLength:"255" example:"Frozen_Forest.msav" doc:"Only of this map."`
	Gamemode serverName `query:"gamemode" minLength:"1" maxLength:"64" example:"survival" doc:"Only in this gamemode."`
	Server   serverName `query:"server" minLength:"1" maxLength:"64" example:"survival-1" doc:"Only on this server."`
	Page
}

func (s *Server) listMapRuns(ctx context.Context, in *listMapRunsInput) (*result[wire.MapRunsPage], error) {
	filter := syncer.MapRunFilter{Map: in.Map.string, Gamemode: in.Gamemode.string, Server: in.Server.string}
	runs, next, err := s.deps.MapRuns.Runs(ctx, filter, in.selection())
	return &result[wire.MapRunsPage]{wire.MapRunsPageOf(runs, next)}, inQueryIfAny(err)
}

type listMapStatsInput struct {
	Map      mapName    `query:"map" minLength:"1" maxLength:"255" example:"Frozen_Forest.msav" doc:"Only of this map."`
	Gamemode serverName `query:"gamemode" minLength:"1" maxLength:"64" example:"survival" doc:"Only in this gamemode."`
	Page
}

func (s *Server) listMapStats(ctx context.Context, in *listMapStatsInput) (*result[wire.MapStatsPage], error) {
	stats, next, err := s.deps.MapRuns.Stats(ctx,
		syncer.MapStatsFilter{Map: in.Map.string, Gamemode: in.Gamemode.string}, in.selection())
	return &result[wire.MapStatsPage]{wire.MapStatsPageOf(stats, next)}, inQueryIfAny(err)
}
