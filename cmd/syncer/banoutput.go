package main

import (
	"fmt"
	"io"
	"strconv"
	"time"

	"playersync/syncer"
)

// banJSON is a ban as the API writes it too.
type banJSON struct {
	ID         int64            `json:"id"`
	UUID       *syncer.PlayerID `json:"uuid"`
	IP         *string          `json:"ip"`
	Reason     string           `json:"reason"`
	By         string           `json:"by"`
	CreatedAt  syncer.Time      `json:"createdAt"`
	ExpiresAt  syncer.Time      `json:"expiresAt"`
	LiftedAt   syncer.Time      `json:"liftedAt"`
	LiftedBy   string           `json:"liftedBy"`
	LiftReason string           `json:"liftReason"`
	Active     bool             `json:"active"`
}

func banJSONOf(b syncer.Ban, now time.Time) banJSON {
	out := banJSON{
		ID: b.Number, Reason: b.Reason, By: b.By, CreatedAt: b.CreatedAt, ExpiresAt: b.ExpiresAt,
		LiftedAt: b.LiftedAt, LiftedBy: b.LiftedBy, LiftReason: b.LiftReason, Active: b.Applies(now),
	}
	if b.Target.ID != "" {
		out.UUID = &b.Target.ID
	} else {
		out.IP = new(b.Target.IP())
	}
	return out
}

func bansJSON(bans []syncer.Ban, now time.Time) []banJSON {
	out := make([]banJSON, len(bans))
	for i, b := range bans {
		out[i] = banJSONOf(b, now)
	}
	return out
}

func (a *app) printBans(bans []syncer.Ban, now time.Time) error {
	return a.print(bansJSON(bans, now), func(w io.Writer) {
		if len(bans) == 0 {
			fmt.Fprintln(w, "no bans")
			return
		}
		banTable(w, bans, now)
	})
}

func banTable(w io.Writer, bans []syncer.Ban, now time.Time) {
	rows := make([][]string, len(bans))
	for i, b := range bans {
		rows[i] = []string{
			strconv.FormatInt(b.Number, 10), b.Target.String(), banState(b, now), clock(b.CreatedAt, ""), b.By, b.Reason,
		}
	}
	table(w, []string{"ID", "TARGET", "STATE", "BANNED", "BY", "REASON"}, rows)
}

// banState says whether and how long a ban forbids joining.
func banState(b syncer.Ban, now time.Time) string {
	expires, ends := b.ExpiresAt.Instant()
	switch {
	case !b.LiftedAt.IsZero():
		return "lifted " + clock(b.LiftedAt, "") + " by " + b.LiftedBy
	case !ends:
		return "until lifted"
	case !b.Applies(now):
		return "expired " + clock(b.ExpiresAt, "")
	default:
		return fmt.Sprintf("until %s (%s)", clock(b.ExpiresAt, ""), remaining(expires.Sub(now)))
	}
}
