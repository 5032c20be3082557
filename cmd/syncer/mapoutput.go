package main

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"playersync/syncer"
)

// mapStatsText shows a line per map, or all there is to say of one.
func mapStatsText(w io.Writer, stats []syncer.MapStats, inFull bool) {
	if len(stats) == 0 {
		fmt.Fprintln(w, "no runs")
		return
	}
	if inFull {
		for i, s := range stats {
			if i > 0 {
				fmt.Fprintln(w)
			}
			table(w, nil, mapStatsInFull(s))
		}
		return
	}
	rows := make([][]string, len(stats))
	for i, s := range stats {
		rows[i] = []string{
			s.Map, s.Gamemode, digits(s.Runs), digits(s.Won), digits(s.Lost), digits(s.EarlyRTVs), digits(s.LateRTVs),
			playedFor(s.AverageMs), playedFor(s.BestMs),
		}
	}
	header := []string{"MAP", "GAMEMODE", "RUNS", "WON", "LOST", "EARLY", "LATE", "AVERAGE", "BEST"}
	if !hasBars(w) {
		table(w, header, rows)
		return
	}
	for i, s := range stats {
		rows[i] = append(rows[i], outcomeBar(s))
	}
	table(w, append(header, barHeader), rows)
	fmt.Fprintln(w, "█ won, ▓ lost, ▒ late RTV, ░ early RTV")
}

func mapStatsInFull(s syncer.MapStats) [][]string {
	wins := make([]string, 0, len(s.WinsByTeam))
	for _, team := range slices.Sorted(maps.Keys(s.WinsByTeam)) {
		wins = append(wins, team+" "+digits(s.WinsByTeam[team]))
	}
	waves := "-"
	if s.HighestWave != nil {
		waves = fmt.Sprintf("%.1f on average, highest %d", *s.AverageWave, *s.HighestWave)
	}
	players := "-"
	if s.AverageMaxPlayers != nil {
		players = fmt.Sprintf("%.1f at most, on average", *s.AverageMaxPlayers)
	}
	return [][]string{
		{"map", s.Map},
		{"gamemode", s.Gamemode},
		{"runs", fmt.Sprintf("%d, %d of them significant", s.Runs, s.Significant)},
		{"won", digits(s.Won)},
		{"lost", digits(s.Lost)},
		{"early RTVs", fmt.Sprintf("%d (%.1f %%)", s.EarlyRTVs, 100*s.EarlyRTVRate)},
		{"late RTVs", fmt.Sprintf("%d (%.1f %%)", s.LateRTVs, 100*s.LateRTVRate)},
		{
			"time",
			fmt.Sprintf("%s on average, %s to %s", playedFor(s.AverageMs), playedFor(s.ShortestMs),
				playedFor(s.LongestMs)),
		},
		{"best time", playedFor(s.BestMs)},
		{"wave", waves},
		{"players", players},
		{"wins by team", strings.Join(wins, ", ")},
		{"latest win", clock(s.LatestWin, "-")},
	}
}

func digits(n int64) string { return strconv.FormatInt(n, 10) }

// wave shows a wave, or that there is none.
func wave(n *int) string {
	if n == nil {
		return "-"
	}
	return strconv.Itoa(*n)
}

func playedFor(ms *int64) string {
	if ms == nil {
		return "-"
	}
	return playTime(time.Duration(*ms) * time.Millisecond)
}

// playTime shows a time played in hours, minutes and seconds.
func playTime(d time.Duration) string {
	d = d.Round(time.Second)
	return fmt.Sprintf("%d:%02d:%02d", int(d.Hours()), int(d.Minutes())%60, int(d.Seconds())%60)
}
