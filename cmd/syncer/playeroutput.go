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
	"playersync/syncer/httpapi/wire"
)

// printPlayer shows a player with what all servers and gamemodes know, and the bans in
// force of the id.
func (a *app) printPlayer(p *syncer.Player, bans []syncer.Ban, now time.Time) error {
	return a.print(wire.BannedPlayerOf(*p, bans, now), func(w io.Writer) {
		banned := []string{"banned", bannedInWords(bans, now)}
		table(w, nil, slices.Insert(playerFields(p, now), 2, banned)) // behind the name
		if len(p.Gamemodes) > 0 {
			fmt.Fprintln(w)
			gamemodeTable(w, p.Gamemodes)
		}
		if len(p.History) > 0 {
			fmt.Fprintln(w)
			historyTable(w, p.History)
		}
	})
}

// called is a player's id, and the name if that is another.
func called(p *syncer.Player) string {
	if p.Name == "" || p.Name == string(p.ID) {
		return string(p.ID)
	}
	return fmt.Sprintf("%s (%s)", p.ID, p.Name)
}

// playerFields are what is shown of a player, by name and value.
func playerFields(p *syncer.Player, now time.Time) [][]string {
	fields := slices.Concat([][]string{{"id", string(p.ID)}}, sharedFields(p, now), [][]string{
		{"created", clock(p.CreatedAt, "")},
		{"revision", strconv.FormatInt(p.Revision, 10)},
	})
	return slices.DeleteFunc(fields, func(field []string) bool { return len(field) == 1 })
}

// sharedFields are those that all servers share, always the same ones in the same order. One
// that a player need not have, and has not, is without a value.
func sharedFields(p *syncer.Player, now time.Time) [][]string {
	optional := func(name string, text *string) []string {
		if text == nil {
			return []string{name}
		}
		return []string{name, *text}
	}
	var rainbow *string
	if p.Rainbow != nil {
		rainbow = new(strconv.Itoa(p.Rainbow.Speed))
	}
	return [][]string{
		{"name", p.Name},
		{"rank", p.Rank},
		{"flags", strings.Join(p.Flags, ", ")},
		{"muted", mutedInWords(p, now)},
		{"marked", lasting(p.UnmarkTime, now)},
		{"attributes", string(p.Attributes)},
		{"language", p.Language},
		{"chat strictness", p.ChatStrictness},
		{"rank prefix", shownOrHidden(p.ShowRankPrefix)},
		optional("override name", p.OverrideName),
		optional("highlight", p.Highlight),
		optional("achievements", p.Achievements),
		optional("rainbow speed", rainbow),
	}
}

// mutedInWords says whether and how long a player is muted, and why.
func mutedInWords(p *syncer.Player, now time.Time) string {
	if p.MuteReason == "" || !p.UnmuteTime.After(now) {
		return lasting(p.UnmuteTime, now)
	}
	return lasting(p.UnmuteTime, now) + ": " + p.MuteReason
}

// lasting says whether and how long a mute or mark is in force.
func lasting(until syncer.Time, now time.Time) string {
	at, ends := until.Instant()
	switch {
	case !until.After(now):
		return "no"
	case !ends:
		return "for ever"
	default:
		return fmt.Sprintf("until %s (%s)", clock(until, ""), remaining(at.Sub(now)))
	}
}

func shownOrHidden(shown bool) string {
	if shown {
		return "shown"
	}
	return "hidden"
}

func gamemodeTable(w io.Writer, gamemodes map[string]syncer.GamemodeRecord) {
	var rows [][]string
	for _, mode := range slices.Sorted(maps.Keys(gamemodes)) {
		record := gamemodes[mode]
		var stats []string
		for _, name := range slices.Sorted(maps.Keys(record.Stats)) {
			stats = append(stats, fmt.Sprintf("%s %d", name, record.Stats[name]))
		}
		rows = append(rows, []string{
			mode, clock(record.FirstJoined, "-"), clock(record.LastJoined, "-"), strings.Join(stats, ", "),
		})
	}
	table(w, []string{"GAMEMODE", "FIRST JOINED", "LAST JOINED", "STATS"}, rows)
}
