package merge

import (
	"time"
	"unicode/utf8"

	"playersync/syncer"
)

// Mute returns the edit that mutes a player, with the entry of the history that says so.
// Now is the database's clock.
func Mute(m syncer.NewMute, now time.Time) Edit {
	action := "muted"
	if at, ends := m.Until.Instant(); ends {
		action += " until " + at.UTC().Format("2006-01-02 15:04 MST")
	}
	if m.Reason != "" {
		action += ": " + m.Reason
	}
	return muted(m.Until, m.Reason, action, m.By, now)
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
