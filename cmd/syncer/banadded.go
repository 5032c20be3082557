package main

import (
	"cmp"
	"fmt"
	"io"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// standsError says that a ban or a mute stands already, and that it was not changed.
type standsError struct{ text string }

func (e *standsError) Error() string { return e.text }

func banStands(number int64) error {
	return &standsError{fmt.Sprintf("ban %d stands already and nothing was changed; give it this reason and end by "+
		"--replace, or others by: syncer ban change %d", number, number)}
}

// printAdded shows what became of a ban, and whom it meets.
func (a *app) printAdded(asked syncer.NewBan, added syncer.AddedBan, now time.Time) error {
	shown := wire.AddedBanOf(asked, added, now)
	return a.print(shown, func(w io.Writer) {
		ban := added.Ban
		sentence(w, "%s %s, %s", map[syncer.BanOutcome]string{
			syncer.BanMade: "banned", syncer.BanStands: "already banned:", syncer.BanReplaced: "replaced the ban of",
		}[added.Outcome], bannedName(added), banState(ban, now))
		if added.Outcome == syncer.BanStands {
			by := cmp.Or(ban.By, "nobody")
			sentence(w, "by %s on %s: %s", by, clock(ban.CreatedAt, ""), ban.Reason)
		}
		if shown.Warning != nil {
			sentence(w, "%s", *shown.Warning)
		}
		if shown.Line != nil {
			sentence(w, "to ban the whole line: syncer ban add %s", *shown.Line)
		}
		printReach(w, ban.Target, added.Reach, shown.Reach)
	})
}

// bannedName is the target, and the name of a player.
func bannedName(added syncer.AddedBan) string {
	target := added.Ban.Target
	if target.ID != "" && added.Reach != nil && len(added.Reach.Players) > 0 {
		if name := added.Reach.Players[0].Name; name != "" && name != string(target.ID) {
			return fmt.Sprintf("%s (%s)", target, name)
		}
	}
	return target.String()
}

// printReach says whom a ban meets, as far as is known, and who of them has to be kicked.
func printReach(w io.Writer, target syncer.Target, reach *syncer.BanPreview, shown *wire.BanReach) {
	if reach == nil {
		sentence(w, "whom it meets could not be read; see: syncer ban preview %s", target.Text())
		return
	}
	if target.ID == "" {
		sentence(w, "it meets %s known to have joined from there, %d online now, see: syncer ban preview %s",
			syncer.Counted(int(reach.Count), "player"), reach.Online, target)
	}
	for _, player := range shown.Online {
		name := cmp.Or(player.Name, string(player.UUID)) // not stored yet
		sentence(w, "online now: %s on %s", name, strings.Join(player.Servers, ", "))
	}
}

// bansInWords names bans by target and number.
func bansInWords(bans []syncer.Ban) string {
	words := make([]string, len(bans))
	for i, ban := range bans {
		words[i] = fmt.Sprintf("%s (ban %d)", ban.Target, ban.Number)
	}
	return strings.Join(words, " and ")
}
