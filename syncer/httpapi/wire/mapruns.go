package wire

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"

	"playersync/syncer"
)

// MapReport says what a game server runs.
type MapReport struct {
	Map     string `json:"map" minLength:"1" maxLength:"255" example:"Frozen_Forest.msav" doc:"The map's file."`
	Session string `json:"session" minLength:"1" maxLength:"64" example:"2030-01-02 03:00:07" doc:"Drawn by the game when it starts."`
	Players int    `json:"players" minimum:"0" maximum:"1000000" example:"7" doc:"Players now; the most ever reported is kept."`
	Wave    *int   `json:"wave,omitzero" minimum:"0" maximum:"1000000000" example:"31" doc:"The wave; absent or null: as before."`
}

// Report returns the report, without the server and the time.
func (r MapReport) Report() (syncer.MapReport, error) {
	report := syncer.MapReport{Map: r.Map, Session: r.Session, Players: r.Players, Wave: r.Wave}
	return report, report.Validate()
}

// MapFinish says how the run in progress ended.
type MapFinish struct {
	Map     string  `json:"map" minLength:"1" maxLength:"255" example:"Frozen_Forest.msav" doc:"The map's file: the run in progress must be of it."`
	Session string  `json:"session" minLength:"1" maxLength:"64" example:"2030-01-02 03:00:07" doc:"As in reports."`
	Winner  string  `json:"winner" minLength:"1" maxLength:"64" example:"sharded" doc:"The team that won; derelict: nobody."`
	Success bool    `json:"success" example:"true" doc:"Whether the players reached the goal; without meaning in pvp."`
	Players *int    `json:"players,omitzero" minimum:"0" maximum:"1000000" example:"5" doc:"Players now; absent or null: no more than reported."`
	Wave    *int    `json:"wave,omitzero" minimum:"0" maximum:"1000000000" example:"45" doc:"The last wave; absent or null: as last reported."`
	Key     *string `json:"key,omitzero" minLength:"1" maxLength:"128" example:"0f8a0a3e-5c0d-4b60-9c1e-6a5d2f7b9e31" doc:"By which the same end is recognised in the whole network, best a random UUID."`
}

// Finish returns the end, without the server and the time.
func (f MapFinish) Finish() (syncer.MapFinish, error) {
	finish := syncer.MapFinish{
		Map:     f.Map,
		Session: f.Session,
		Winner:  f.Winner,
		Success: f.Success,
		Players: f.Players,
		Wave:    f.Wave,
	}
	if f.Key != nil {
		if err := syncer.CheckKey("key", *f.Key); err != nil {
			return finish, err
		}
		finish.Key = runKey(*f.Key)
	}
	return finish, finish.Validate()
}

// runKey returns the key that is stored: a UUID as it is, of any other text a digest.
func runKey(text string) (key [16]byte) {
	digits, err := hex.DecodeString(strings.ReplaceAll(text, "-", ""))
	if err == nil && len(digits) == len(key) && len(text) == 36 {
		return [16]byte(digits)
	}
	sum := sha256.Sum256([]byte(text))
	return [16]byte(sum[:len(key)])
}

// CurrentMapRun is a run in progress.
type CurrentMapRun struct {
	Server     string      `json:"server" example:"survival-1" doc:"The game server."`
	Map        string      `json:"map" example:"Frozen_Forest.msav" doc:"The map's file."`
	Gamemode   string      `json:"gamemode" example:"survival" doc:"The server's gamemode."`
	StartedAt  syncer.Time `json:"startedAt" example:"2030-01-02T02:40:00.000Z" doc:"When it was first reported."`
	ReportedAt syncer.Time `json:"reportedAt" example:"2030-01-02T03:04:05.000Z" doc:"When it was last reported."`
	PlayedMs   int64       `json:"playedMs" example:"1320000" doc:"Milliseconds played until then, without the time that the game was down."`
	Players    int         `json:"players" example:"7" doc:"Players at the last report."`
	MaxPlayers int         `json:"maxPlayers" example:"12" doc:"The most players ever reported of this run."`
	Wave       *int        `json:"wave" example:"31" doc:"The wave last reported; null: none was."`
}

// CurrentRun holds the run in progress.
type CurrentRun struct {
	Run *CurrentMapRun `json:"run" doc:"The run in progress; null: there is none or, with status 202, the report waits on disk."`
}

// CurrentRunOf returns the run; nil: there is none, or it is not known.
func CurrentRunOf(r *syncer.CurrentMapRun) CurrentRun {
	if r == nil {
		return CurrentRun{}
	}
	return CurrentRun{&CurrentMapRun{
		Server: r.Server, Map: r.Map, Gamemode: r.Gamemode, StartedAt: r.StartedAt, ReportedAt: r.ReportedAt,
		PlayedMs: r.Played.Milliseconds(), Players: r.Players, MaxPlayers: r.MaxPlayers, Wave: r.Wave,
	}}
}

// MapRun is a finished run.
type MapRun struct {
	ID         int64             `json:"id" example:"1204" doc:"Number; higher: stored later."`
	Server     string            `json:"server" example:"survival-1" doc:"The game server."`
	Map        string            `json:"map" example:"Frozen_Forest.msav" doc:"The map's file."`
	Gamemode   string            `json:"gamemode" example:"survival" doc:"The server's gamemode."`
	Outcome    syncer.MapOutcome `json:"outcome" enum:"won,lost,early_rtv,late_rtv" doc:"How it ended: by winner, success and time played."`
	Winner     string            `json:"winner" example:"sharded" doc:"The team that won; derelict: nobody."`
	Success    bool              `json:"success" example:"true" doc:"Whether the players reached the goal."`
	StartedAt  syncer.Time       `json:"startedAt" example:"2030-01-02T02:40:00.000Z" doc:"When it was first reported."`
	EndedAt    syncer.Time       `json:"endedAt" example:"2030-01-02T03:04:05.000Z" doc:"When its end was reported."`
	PlayedMs   int64             `json:"playedMs" example:"1320000" doc:"Milliseconds played, without the time that the game was down."`
	MaxPlayers int               `json:"maxPlayers" example:"12" doc:"The most players at a time."`
	Wave       *int              `json:"wave" example:"45" doc:"The last wave; null: the game has none."`
}

// MapRunOf returns the run.
func MapRunOf(r syncer.MapRun) MapRun {
	return MapRun{
		ID:         r.Number,
		Server:     r.Server,
		Map:        r.Map,
		Gamemode:   r.Gamemode,
		Outcome:    r.Outcome(),
		Winner:     r.Winner,
		Success:    r.Success,
		StartedAt:  r.StartedAt,
		EndedAt:    r.EndedAt,
		PlayedMs:   r.Played.Milliseconds(),
		MaxPlayers: r.MaxPlayers,
		Wave:       r.Wave,
	}
}

// FinishedRun holds a run that was just finished.
type FinishedRun struct {
	Run *MapRun `json:"run" doc:"The finished run; null: the end waits on disk."`
}

// FinishedRunOf returns the run; nil: its end waits.
func FinishedRunOf(r *syncer.MapRun) FinishedRun {
	if r == nil {
		return FinishedRun{}
	}
	return FinishedRun{new(MapRunOf(*r))}
}

// MapRunsPage is one page of finished runs.
type MapRunsPage struct {
	Runs []MapRun `json:"runs" doc:"The runs, newest first."`
	Next *string  `json:"next" doc:"The next page's after; null: this is the last."`
}

// MapRunsPageOf returns the page behind which the next one begins at next, "" for none.
func MapRunsPageOf(runs []syncer.MapRun, next string) MapRunsPage {
	page := MapRunsPage{Runs: make([]MapRun, len(runs)), Next: Next(next)}
	for i, run := range runs {
		page.Runs[i] = MapRunOf(run)
	}
	return page
}

// MapStats sums up the runs of a map in a gamemode.
type MapStats struct {
	Map         string `json:"map" example:"Frozen_Forest.msav" doc:"The map's file."`
	Gamemode    string `json:"gamemode" example:"survival" doc:"The gamemode."`
	Runs        int64  `json:"runs" example:"40" doc:"All runs that had players."`
	Significant int64  `json:"significant" example:"32" doc:"All but the early RTVs."`
	Won         int64  `json:"won" example:"20" doc:"Runs that were won."`
	Lost        int64  `json:"lost" example:"12" doc:"Runs that were lost; late RTVs too, but in pvp."`
	EarlyRTVs   int64  `json:"earlyRtvs" example:"8" doc:"Runs voted away before 3 minutes, in pvp 20."`
	LateRTVs    int64  `json:"lateRtvs" example:"4" doc:"Runs voted away later."`

	EarlyRTVRate float64 `json:"earlyRtvRate" example:"0.2" doc:"earlyRtvs / runs."`
	LateRTVRate  float64 `json:"lateRtvRate" example:"0.1" doc:"lateRtvs / runs."`

	AverageMs  *int64 `json:"averageMs" example:"1530250" doc:"Average time played of significant runs, in milliseconds as all times here; null: there is none."`
	ShortestMs *int64 `json:"shortestMs" example:"240000" doc:"Time of the shortest significant run."`
	LongestMs  *int64 `json:"longestMs" example:"5400000" doc:"Time of the longest significant run."`
	BestMs     *int64 `json:"bestMs" example:"1080000" doc:"Time of the shortest run that was won; null: none was."`

	HighestWave       *int64           `json:"highestWave" example:"61" doc:"The highest wave of significant runs; null: none has waves."`
	AverageWave       *float64         `json:"averageWave" example:"38.5" doc:"The average last wave of the significant runs that have one."`
	AverageMaxPlayers *float64         `json:"averageMaxPlayers" example:"9.25" doc:"The average of the most players at a time in significant runs."`
	WinsByTeam        map[string]int64 `json:"winsByTeam" example:"{\"sharded\":20}" doc:"Runs won, by the team that won."`
	LatestWin         syncer.Time      `json:"latestWin" example:"2030-01-02T03:04:05.000Z" doc:"When a run was last won; null: none was."`
}

// MapStatsPage is one page of statistics.
type MapStatsPage struct {
	Stats []MapStats `json:"stats" doc:"By map and gamemode."`
	Next  *string    `json:"next" doc:"The next page's after; null: this is the last."`
}

// MapStatsPageOf returns the page behind which the next one begins at next, "" for none.
func MapStatsPageOf(stats []syncer.MapStats, next string) MapStatsPage {
	page := MapStatsPage{Stats: make([]MapStats, len(stats)), Next: Next(next)}
	for i, line := range stats {
		page.Stats[i] = MapStats(line)
	}
	return page
}
