package syncer

import (
	"time"
)

// Limits of map runs. The database has the same as constraints.
const (
	MaxMapLength  = 255           // characters of a map's file name
	MaxMapPlayers = 1_000_000     // players at a time
	MaxMapWave    = 1_000_000_000 // number of a wave
)

// NoTeam is the winner of a run that nobody won.
const NoTeam = "derelict"

// GamemodePvP is the gamemode in which teams of players win; see [MapRun.Outcome].
const GamemodePvP = "pvp"

// A run that players vote away counts as tried for as long as this.
const (
	earlyRTV    = 3 * time.Minute
	earlyRTVPvP = 20 * time.Minute
)

// MapOutcome is how a run ended.
type MapOutcome string

// The outcomes. RTV is "rock the vote": the players voted for another map.
const (
	MapWon      MapOutcome = "won"
	MapLost     MapOutcome = "lost"
	MapEarlyRTV MapOutcome = "early_rtv" // hardly tried: not significant
	MapLateRTV  MapOutcome = "late_rtv"  // given up: lost too, but in pvp
)

// MapRun is a finished run of a map.
type MapRun struct {
	Number     int64 // higher: stored later
	Server     string
	Map        string // the map's file
	Gamemode   string
	Winner     string // the team that won, or NoTeam
	Success    bool   // whether the players reached the goal; without meaning in pvp
	StartedAt  Time
	EndedAt    Time
	Played     time.Duration // in whole milliseconds, without the time that the game was down
	MaxPlayers int           // the most at a time
	Wave       *int          // the last one; nil: the game has none
}

// Outcome applies the rule, which is the SQL function map_run_outcome too.
//
// In pvp a run is won unless nobody wins: then it is an early RTV before 20 minutes
// of play and a late one from then on. Elsewhere it is won with success; else lost
// if a team wins; else an early RTV before 3 minutes and a late one from then on.
func (r MapRun) Outcome() MapOutcome {
	pvp := r.Gamemode == GamemodePvP
	switch {
	case pvp && r.Winner != NoTeam, !pvp && r.Success:
		return MapWon
	case !pvp && r.Winner != NoTeam:
		return MapLost
	case pvp && r.Played < earlyRTVPvP, !pvp && r.Played < earlyRTV:
		return MapEarlyRTV
	default:
		return MapLateRTV
	}
}

// IsLost reports whether the run counts as lost: a late RTV does, but in pvp.
func (r MapRun) IsLost() bool {
	outcome := r.Outcome()
	return outcome == MapLost || outcome == MapLateRTV && r.Gamemode != GamemodePvP
}

// CurrentMapRun is a run in progress as the game last reported it.
type CurrentMapRun struct {
	Server     string
	Map        string
	Gamemode   string
	StartedAt  Time
	ReportedAt Time
	Played     time.Duration // until ReportedAt, without the time that the game was down
	Players    int
	MaxPlayers int
	Wave       *int
}

// MapReport says what a game server runs at a moment. The run in progress continues
// if it is of the same map and gamemode; else another begins, and the one before
// does not count. The time since the report before counts as played if both are
// of the same session. Storing a report again changes nothing.
type MapReport struct {
	Server   string `json:"server"`
	Gamemode string `json:"gamemode"`
	Map      string `json:"map"`
	Session  string `json:"session"` // drawn by the game when it starts
	Players  int    `json:"players"`
	Wave     *int   `json:"wave"`
	At       Time   `json:"at"` // by the database's clock
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (r MapReport) Validate() error {
	if err := CheckMap("map", r.Map); err != nil {
		return err
	}
	if err := CheckName("session", r.Session); err != nil {
		return err
	}
	return checkMapCounts(&r.Players, r.Wave)
}

// MapFinish says that the run in progress on a server ended.
type MapFinish struct {
	Key     [16]byte `json:"key"` // a random UUID: an end that is sent again is stored once
	Server  string   `json:"server"`
	Map     string   `json:"map"`
	Session string   `json:"session"`
	Winner  string   `json:"winner"`
	Success bool     `json:"success"`
	Players *int     `json:"players"` // at the end; nil: no more than reported before
	Wave    *int     `json:"wave"`    // nil: as last reported
	At      Time     `json:"at"`
}

// Validate returns an [Error] naming the first field that cannot be stored.
func (f MapFinish) Validate() error {
	if err := CheckMap("map", f.Map); err != nil {
		return err
	}
	if err := CheckName("session", f.Session); err != nil {
		return err
	}
	if err := CheckName("winner", f.Winner); err != nil {
		return err
	}
	return checkMapCounts(f.Players, f.Wave)
}

// CheckMap returns an [Error] at field unless a map's file can have the name: 1 to
// 255 printable characters.
func CheckMap(field, name string) error {
	if err := CheckLength(field, name, MaxMapLength); err != nil {
		return err
	}
	return CheckPrintable(field, name)
}

func checkMapCounts(players, wave *int) error {
	if players != nil && (*players < 0 || *players > MaxMapPlayers) {
		return Invalid("players", "must be from 0 to %d, is %d", MaxMapPlayers, *players)
	}
	if wave != nil && (*wave < 0 || *wave > MaxMapWave) {
		return Invalid("wave", "must be from 0 to %d, is %d", MaxMapWave, *wave)
	}
	return nil
}

// MapRunFilter selects finished runs; "" selects all.
type MapRunFilter struct{ Map, Gamemode, Server string }

// MapStatsFilter selects statistics; "" selects all.
type MapStatsFilter struct{ Map, Gamemode string }

// MapStats sums up the finished runs of a map in a gamemode. Runs without players
// do not count. Times, waves and players are those of significant runs; they are
// nil where there is none. A rate is a part of Runs, from 0 to 1.
type MapStats struct {
	Map         string
	Gamemode    string
	Runs        int64
	Significant int64 // all but the early RTVs
	Won         int64
	Lost        int64 // late RTVs too, but in pvp
	EarlyRTVs   int64
	LateRTVs    int64

	EarlyRTVRate float64
	LateRTVRate  float64

	// Milliseconds played.
	AverageMs  *int64
	ShortestMs *int64
	LongestMs  *int64
	BestMs     *int64 // of the shortest run that was won

	HighestWave       *int64
	AverageWave       *float64 // of the last waves
	AverageMaxPlayers *float64
	WinsByTeam        map[string]int64
	LatestWin         Time
}
