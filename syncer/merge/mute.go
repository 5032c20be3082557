package merge

import (
	"time"
	"unicode/utf8"

	"playersync/syncer"
)

// Mute returns the edit by which somebody mutes a player until a time, with the entry of
// the history that says so. The reason may be empty; now is the database's clock.
func Mute(until syncer.Time, reason, by string, now time.Time) Edit {
	action := "muted"
	if at, ends := until.Instant(); ends {
		action += " until " + at.UTC().Format("2006-01-02 15:04 MST")
	}
	if reason != "" {
		action += ": " + reason
	}
	return muted(until, reason, action, by, now)
}

// Unmute returns the edit by which somebody unmutes a player, with the entry of the
// history that says so. Now is the database's clock.
func Unmute(by string, now time.Time) Edit { return muted(syncer.Time{}, "", "unmuted", by, now) }

func muted(until syncer.Time, reason, action, by string, now time.Time) Edit {
	for utf8.RuneCountInString(action) > syncer.MaxHistoryText {
		_, size := utf8.DecodeLastRuneInString(action)
		action = action[:len(action)-size]
	}
	return Edit{
		Scalars: Scalars{UnmuteTime: syncer.Some(until), MuteReason: syncer.Some(reason)},
		History: []syncer.HistoryEntry{{Action: action, By: by, Time: syncer.TimeOf(now)}},
	}
}
