package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

func (a *app) printBans(bans []syncer.Ban, now time.Time) error {
	return a.print(wire.BansOf(bans, now), func(w io.Writer) {
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
			strconv.FormatInt(b.Number, 10), b.Target.String(), banState(b, now), clock(b.CreatedAt, ""), b.By,
			b.Reason,
		}
	}
	table(w, []string{"ID", "TARGET", "STATE", "BANNED", "BY", "REASON"}, rows)
}

// banState says whether and how long a ban forbids joining.
func banState(b syncer.Ban, now time.Time) string {
	expires, ends := b.ExpiresAt.Instant()
	switch {
	case !b.LiftedAt.IsZero():
		return "lifted " + clock(b.LiftedAt, "") + byWhom(b.LiftedBy)
	case !ends:
		return "until lifted"
	case !b.Applies(now):
		return "expired " + clock(b.ExpiresAt, "")
	default:
		return fmt.Sprintf("until %s (%s)", clock(b.ExpiresAt, ""), remaining(expires.Sub(now)))
	}
}

// byWhom says who did something; nothing if nobody is named.
func byWhom(person string) string {
	if person == "" {
		return ""
	}
	return " by " + person
}

// bannedInWords says what keeps a player out.
func bannedInWords(bans []syncer.Ban, now time.Time) string {
	if len(bans) == 0 {
		return "no"
	}
	words := make([]string, len(bans))
	for i, ban := range bans {
		words[i] = fmt.Sprintf("%s, by ban %d of %s", banState(ban, now), ban.Number, ban.Target)
	}
	return strings.Join(words, "; ")
}
