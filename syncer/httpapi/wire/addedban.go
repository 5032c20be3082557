package wire

import (
	"fmt"
	"time"

	"playersync/syncer"
)

// AddedBan is the outcome of a [NewBan]: the ban that stands now, and what to know of it.
type AddedBan struct {
	Ban
	Outcome syncer.BanOutcome `json:"outcome" enum:"made,stands,replaced" example:"made" doc:"made: a new ban; stands: one stood already and is as it was, so that nothing of this request was stored; replaced: it got this reason and end."`
	Known   bool              `json:"known" example:"true" doc:"Whether a player has the id; true for an address. False is often a typing error."`
	Line    *string           `json:"line" example:"2001:db8:1:2::/64" doc:"Of a single IPv6 address, the range that usually belongs to one line, whose devices change addresses in it; else null."`
	Reach   *BanReach         `json:"reach" doc:"Whom the ban keeps out, as far as is known; null if that could not be read."`
	Warning *string           `json:"warning" example:"no player has the id \"Grifer\" yet" doc:"What a person who bans should know; else null."`
}

// BanReach is whom a ban keeps out.
type BanReach struct {
	Players int64          `json:"players" example:"1" doc:"How many players: the one of the id, or those who joined from the address or range before."`
	Online  []BannedOnline `json:"online" doc:"Those who are on a game server now, at most 100: the game has to kick them."`
}

// BannedOnline is a banned player who is on a game server.
type BannedOnline struct {
	UUID    syncer.PlayerID `json:"uuid" example:"abcdefghijklmnopqrstuv==" doc:"Player id."`
	Name    string          `json:"name" example:"Steve" doc:"The current name."`
	Servers []string        `json:"servers" example:"survival-1" doc:"The game servers on which the player is."`
}

// AddedBanOf returns the outcome of a request, at the given time of the database's clock.
func AddedBanOf(asked syncer.NewBan, added syncer.AddedBan, now time.Time) AddedBan {
	out := AddedBan{
		Ban: BanOf(added.Ban, now), Outcome: added.Outcome, Known: added.Known, Warning: Filled(warning(asked, added)),
	}
	if line, ok := added.Ban.Target.LineOf(); ok {
		out.Line = new(line.String())
	}
	if added.Reach != nil {
		out.Reach = &BanReach{Players: added.Reach.Count, Online: []BannedOnline{}}
		for _, player := range added.Reach.Players {
			if len(player.Servers) > 0 {
				online := BannedOnline{UUID: player.ID, Name: player.Name, Servers: player.Servers}
				out.Reach.Online = append(out.Reach.Online, online)
			}
		}
	}
	return out
}

// warning says what a person who bans should know.
func warning(asked syncer.NewBan, added syncer.AddedBan) string {
	ban := added.Ban
	switch line, ok := ban.Target.LineOf(); {
	case added.Outcome == syncer.BanStands && ends(ban.ExpiresAt) && endsLater(asked.ExpiresAt, ban.ExpiresAt):
		return fmt.Sprintf("the ban that stands, %d, ends before the one that was asked for", ban.Number)
	case added.Outcome == syncer.BanStands:
		return fmt.Sprintf("ban %d stands already; nothing was changed", ban.Number)
	case !added.Known:
		return fmt.Sprintf("no player has the id %q yet", ban.Target.ID)
	case ok:
		return fmt.Sprintf("this is one address of 2^64 that one line usually has; all of them are %s", line)
	default:
		return ""
	}
}

func ends(at syncer.Time) bool { return !at.IsZero() && !at.IsForever() }

// endsLater reports whether an end lies behind another one, which is an instant.
func endsLater(end, other syncer.Time) bool {
	instant, _ := other.Instant()
	return !ends(end) || end.After(instant)
}
