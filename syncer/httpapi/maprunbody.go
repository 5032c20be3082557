package httpapi

import (
	"encoding/hex"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// CurrentMapRun is a run in progress.
type CurrentMapRun struct {
	Server     string      `json:"server" doc:"The game server."`
	Map        string      `json:"map" doc:"The map's file."`
	Gamemode   string      `json:"gamemode" doc:"The server's gamemode."`
	StartedAt  syncer.Time `json:"startedAt" doc:"When it was first reported."`
	ReportedAt syncer.Time `json:"reportedAt" doc:"When it was last reported."`
	PlayedMs   int64       `json:"playedMs" doc:"Milliseconds played until then, without the time that the game was down."`
	Players    int         `json:"players" doc:"Players at the last report."`
	MaxPlayers int         `json:"maxPlayers" doc:"The most players ever reported of this run."`
	Wave       *int        `json:"wave" doc:"The wave last reported; null: none was."`
}

// CurrentRun is the body of an answer with the run in progress.
type CurrentRun struct {
	Run *CurrentMapRun `json:"run" doc:"The run in progress; null: there is none or, with status 202, the report waits on disk."`
}

// TransformSchema says which members may be null.
func (CurrentRun) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullableMembers(s, "run")
}

// MapRun is a finished run.
type MapRun struct {
	ID         int64             `json:"id" doc:"Number; higher: stored later."`
	Server     string            `json:"server" doc:"The game server."`
	Map        string            `json:"map" doc:"The map's file."`
	Gamemode   string            `json:"gamemode" doc:"The server's gamemode."`
	Outcome    syncer.MapOutcome `json:"outcome" enum:"won,lost,early_rtv,late_rtv" doc:"How it ended: by winner, success and time played."`
	Winner     string            `json:"winner" doc:"The team that won; derelict: nobody."`
	Success    bool              `json:"success" doc:"Whether the players reached the goal."`
	StartedAt  syncer.Time       `json:"startedAt" doc:"When it was first reported."`
	EndedAt    syncer.Time       `json:"endedAt" doc:"When its end was reported."`
	PlayedMs   int64             `json:"playedMs" doc:"Milliseconds played, without the time that the game was down."`
	MaxPlayers int               `json:"maxPlayers" doc:"The most players at a time."`
	Wave       *int              `json:"wave" doc:"The last wave; null: the game has none."`
}

// FinishedRun is the body of a finish's answer.
type FinishedRun struct {
	Run *MapRun `json:"run" doc:"The finished run; null: the end waits on disk."`
}

// TransformSchema says which members may be null.
func (FinishedRun) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullableMembers(s, "run")
}

// MapRunsPage is the body of a listing's answer.
type MapRunsPage struct {
	Runs []MapRun `json:"runs" nullable:"false" doc:"The runs, newest first."`
	Next *string  `json:"next" doc:"The next page's after; null: this is the last."`
}

// MapStats sums up the runs of a map in a gamemode.
type MapStats struct {
	Map         string `json:"map" doc:"The map's file."`
	Gamemode    string `json:"gamemode" doc:"The gamemode."`
	Runs        int64  `json:"runs" doc:"All runs that had players."`
	Significant int64  `json:"significant" doc:"All but the early RTVs."`
	Won         int64  `json:"won" doc:"Runs that were won."`
	Lost        int64  `json:"lost" doc:"Runs that were lost; late RTVs too, but in pvp."`
	EarlyRTVs   int64  `json:"earlyRtvs" doc:"Runs voted away before 3 minutes, in pvp 20."`
	LateRTVs    int64  `json:"lateRtvs" doc:"Runs voted away later."`

	EarlyRTVRate float64 `json:"earlyRtvRate" doc:"earlyRtvs / runs."`
	LateRTVRate  float64 `json:"lateRtvRate" doc:"lateRtvs / runs."`

	AverageMs  *int64 `json:"averageMs" doc:"Average time played of significant runs, in milliseconds as all times here; null: there is none."`
	ShortestMs *int64 `json:"shortestMs" doc:"Time of the shortest significant run."`
	LongestMs  *int64 `json:"longestMs" doc:"Time of the longest significant run."`
	BestMs     *int64 `json:"bestMs" doc:"Time of the shortest run that was won; null: none was."`

	HighestWave       *int64           `json:"highestWave" doc:"The highest wave of significant runs; null: none has waves."`
	AverageWave       *float64         `json:"averageWave" doc:"The average last wave of the significant runs that have one."`
	AverageMaxPlayers *float64         `json:"averageMaxPlayers" doc:"The average of the most players at a time in significant runs."`
	WinsByTeam        map[string]int64 `json:"winsByTeam" nullable:"false" doc:"Runs won, by the team that won."`
	LatestWin         syncer.Time      `json:"latestWin" doc:"When a run was last won; null: none was."`
}

// MapStatsPage is the body of the statistics' answer.
type MapStatsPage struct {
	Stats []MapStats `json:"stats" nullable:"false" doc:"By map and gamemode."`
	Next  *string    `json:"next" doc:"The next page's after; null: this is the last."`
}

func currentMapRunOf(r *syncer.CurrentMapRun) *CurrentMapRun {
	if r == nil {
		return nil
	}
	return &CurrentMapRun{
		Server: r.Server, Map: r.Map, Gamemode: r.Gamemode, StartedAt: r.StartedAt, ReportedAt: r.ReportedAt,
		PlayedMs: r.Played.Milliseconds(), Players: r.Players, MaxPlayers: r.MaxPlayers, Wave: r.Wave,
	}
}

func mapRunOf(r syncer.MapRun) MapRun {
	return MapRun{
		ID: r.Number, Server: r.Server, Map: r.Map, Gamemode: r.Gamemode, Outcome: r.Outcome(), Winner: r.Winner, Success: r.Success,
		StartedAt: r.StartedAt, EndedAt: r.EndedAt, PlayedMs: r.Played.Milliseconds(), MaxPlayers: r.MaxPlayers, Wave: r.Wave,
	}
}

// decodeMapReport reads the body of a report.
func decodeMapReport(v value) syncer.MapReport {
	var report syncer.MapReport
	v.fields(map[string]func(member){
		"map":     func(m member) { report.Map, _ = m.text() },
		"session": func(m member) { report.Session, _ = m.text() },
		"players": func(m member) { report.Players = m.count() },
		"wave":    func(m member) { report.Wave = m.countOrNull() },
	}, "map", "session", "players")
	if len(*v.faults) == 0 {
		v.note(report.Validate())
	}
	return report
}

// decodeMapFinish reads the body of a finish.
func decodeMapFinish(v value) syncer.MapFinish {
	var finish syncer.MapFinish
	v.fields(map[string]func(member){
		"map":     func(m member) { finish.Map, _ = m.text() },
		"session": func(m member) { finish.Session, _ = m.text() },
		"winner":  func(m member) { finish.Winner, _ = m.text() },
		"success": func(m member) { finish.Success, _ = m.boolean() },
		"players": func(m member) { finish.Players = m.countOrNull() },
		"wave":    func(m member) { finish.Wave = m.countOrNull() },
		"key":     func(m member) { finish.Key = m.uuid() },
	}, "map", "session", "winner", "success")
	if len(*v.faults) == 0 {
		v.note(finish.Validate())
	}
	return finish
}

// count reads a whole number, whose range the domain checks.
func (v value) count() int {
	n, _ := v.integer()
	return int(n)
}

func (v value) countOrNull() *int {
	if v.null() {
		return nil
	}
	return new(v.count())
}

// uuid reads an RFC 4122 UUID, null as zero.
func (v value) uuid() (id [16]byte) {
	if v.null() {
		return id
	}
	text, ok := v.text()
	if !ok {
		return id
	}
	digits := strings.ReplaceAll(text, "-", "")
	bytes, err := hex.DecodeString(digits)
	if err != nil || len(bytes) != len(id) || len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		v.fault("must be a UUID such as %s", exampleKey)
		return id
	}
	return [16]byte(bytes)
}

func mapReportSchema() *huma.Schema {
	return objectSchema("A report.", map[string]*huma.Schema{
		"map":     textSchema("The map's file.", exampleMap, syncer.MaxMapLength),
		"session": textSchema("Drawn by the game when it starts.", exampleSession, 64),
		"players": integerSchema("Players now; the most ever reported is kept.", 0, syncer.MaxMapPlayers),
		"wave":    nullableInteger("The wave; absent or null: as before.", syncer.MaxMapWave),
	}, "map", "session", "players")
}

func mapFinishSchema() *huma.Schema {
	return objectSchema("The end of a run.", map[string]*huma.Schema{
		"map":     textSchema("The map's file: the run in progress must be of it.", exampleMap, syncer.MaxMapLength),
		"session": textSchema("As in reports.", exampleSession, 64),
		"winner":  textSchema("The team that won; derelict: nobody.", "sharded", 64),
		"success": booleanSchema("Whether the players reached the goal; without meaning in pvp."),
		"players": nullableInteger("Players now; absent or null: no more than reported.", syncer.MaxMapPlayers),
		"wave":    nullableInteger("The last wave; absent or null: as last reported.", syncer.MaxMapWave),
		"key":     nullableText("A random UUID by which the same end is recognised.", exampleKey, 36),
	}, "map", "session", "winner", "success")
}

func nullableInteger(doc string, maximum float64) *huma.Schema {
	s := integerSchema(doc, 0, maximum)
	s.Nullable = true
	return s
}

// Examples.
const (
	exampleMap     = "Frozen_Forest.msav"
	exampleSession = "2030-01-02 03:00:07"
	exampleKey     = "0f8a0a3e-5c0d-4b60-9c1e-6a5d2f7b9e31"
)

var (
	exampleMapReport = map[string]any{"map": exampleMap, "session": exampleSession, "players": 7, "wave": 31}
	exampleMapFinish = map[string]any{
		"map": exampleMap, "session": exampleSession, "winner": "sharded", "success": true, "players": 5, "wave": 45, "key": exampleKey,
	}
)

func exampleCurrentRun() CurrentRun {
	started, _ := syncer.ParseTime("2030-01-02T02:40:00.000Z")
	reported, _ := syncer.ParseTime(exampleTime)
	return CurrentRun{&CurrentMapRun{
		Server: "survival-1", Map: exampleMap, Gamemode: "survival", StartedAt: started, ReportedAt: reported,
		PlayedMs: 1_320_000, Players: 7, MaxPlayers: 12, Wave: new(31),
	}}
}

func exampleFinishedRun() FinishedRun {
	started, _ := syncer.ParseTime("2030-01-02T02:40:00.000Z")
	ended, _ := syncer.ParseTime(exampleTime)
	return FinishedRun{&MapRun{
		ID: 1204, Server: "survival-1", Map: exampleMap, Gamemode: "survival", Outcome: syncer.MapWon, Winner: "sharded", Success: true,
		StartedAt: started, EndedAt: ended, PlayedMs: 1_320_000, MaxPlayers: 12, Wave: new(45),
	}}
}

func exampleMapRuns() MapRunsPage { return MapRunsPage{Runs: []MapRun{*exampleFinishedRun().Run}} }

func exampleMapStats() MapStatsPage {
	won, _ := syncer.ParseTime(exampleTime)
	return MapStatsPage{Stats: []MapStats{{
		Map: exampleMap, Gamemode: "survival", Runs: 40, Significant: 32, Won: 20, Lost: 12, EarlyRTVs: 8, LateRTVs: 4,
		EarlyRTVRate: 0.2, LateRTVRate: 0.1,
		AverageMs: new(int64(1_530_250)), ShortestMs: new(int64(240_000)), LongestMs: new(int64(5_400_000)), BestMs: new(int64(1_080_000)),
		HighestWave: new(int64(61)), AverageWave: new(38.5), AverageMaxPlayers: new(9.25),
		WinsByTeam: map[string]int64{"sharded": 20}, LatestWin: won,
	}}}
}
