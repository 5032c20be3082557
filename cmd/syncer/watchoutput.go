package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/httpapi/wire"
)

// showChange prints one event.
func (w *watcher) showChange(ctx context.Context, e changefeed.Event) error {
	if w.only != "" && e.Type != w.only && e.Type != changefeed.EventResync {
		return nil
	}
	if e.Type == changefeed.EventPlayer && e.Player == nil && !e.Gone {
		// From now on it is kept, so that the next event brings it along.
		player, _, err := w.players.Read(ctx, e.ID, w.store.ReadPlayers)
		if err != nil && ctx.Err() == nil {
			fmt.Fprintln(w.errs, "syncer:", describeError(err))
		}
		e.Player, e.Gone = player, player == nil && err == nil
	}
	if e.Type == changefeed.EventBalance && e.Balances == nil {
		_, _, err := w.players.Read(ctx, e.ID, w.store.ReadPlayers)
		if balances, held := w.players.Balances(e.ID); held && err == nil {
			e.Balances = &balances
		}
	}
	now := time.Now()
	if w.json {
		return json.NewEncoder(jsonWriter{w.out}).Encode(wire.WatchedChangeOf(e, now))
	}
	_, err := fmt.Fprintf(w.out, "%s  %-10s  %s\n", now.Format("15:04:05.000"), e.Type, clean(w.describe(e, now)))
	return err
}

func (w *watcher) describe(e changefeed.Event, now time.Time) string {
	switch {
	case e.Type == changefeed.EventResync:
		clear(w.known)
		return "anything may have changed"
	case e.Type == changefeed.EventChat:
		return fmt.Sprintf("%s@%s: %s", cmp.Or(e.Message.Name, "?"), e.Message.Server, e.Message.Text)
	case e.Type == changefeed.EventBalance:
		return string(e.ID) + " has " + balancesText(e.Balances)
	case e.Type == changefeed.EventPresence && e.Online:
		return fmt.Sprintf("%s (%s) came to %s", e.Session.Name, e.Session.ID, e.Session.Server)
	case e.Type == changefeed.EventPresence:
		return fmt.Sprintf("%s (%s) left %s", e.Session.Name, e.Session.ID, e.Session.Server)
	case e.Type == changefeed.EventKick:
		return fmt.Sprintf("%s is to be kicked by %s: %s", e.ID, cmp.Or(e.Kick.By, "nobody"),
			cmp.Or(e.Kick.Reason, "no reason"))
	case e.Row != nil:
		return describeRow(e.Row)
	case e.Type == changefeed.EventBan && !e.Banned:
		return e.Target.String() + " unbanned"
	case e.Type == changefeed.EventBan && e.ExpiresAt.IsZero():
		return e.Target.String() + " banned"
	case e.Type == changefeed.EventBan:
		return e.Target.String() + " banned until " + clock(e.ExpiresAt, "")
	case e.Gone:
		delete(w.known, e.ID)
		return string(e.ID) + " deleted"
	case e.Player == nil:
		return string(e.ID) + " changed"
	}
	before := w.known[e.ID]
	if len(w.known) >= watchedPlayers {
		clear(w.known)
	}
	w.known[e.ID] = e.Player
	name := string(e.ID)
	if e.Player.Name != "" {
		name = e.Player.Name + " (" + name + ")"
	}
	return name + "  " + difference(before, e.Player, now)
}

// describeRow says what an event with a row of one game's table tells.
func describeRow(row changefeed.Row) string {
	switch row := wire.EventRowOf(row).(type) {
	case wire.NamePattern:
		if row.Pattern == "" {
			return fmt.Sprintf("%s is cleared", row.Kind)
		}
		return fmt.Sprintf("%s is %s, set by %s", row.Kind, row.Pattern, row.SetBy)
	case wire.BlacklistEvent:
		if row.Listed {
			return row.Address + " is blacklisted"
		}
		return row.Address + " is not blacklisted any more"
	case wire.ModEntry:
		return row.Source + ": " + row.Message
	}
	return "changed"
}

// difference says what changed of a player. One that was not shown before is
// compared with a new one.
func difference(before, after *syncer.Player, now time.Time) string {
	if before == nil {
		fresh := syncer.NewPlayer(after.ID)
		fresh.Name = after.Name
		before = &fresh
	}
	was := sharedFields(before, now)
	var changes []string
	for i, is := range sharedFields(after, now) {
		if old, current := fieldValue(was[i]), fieldValue(is); old != current {
			changes = append(changes, fmt.Sprintf("%s %s → %s", is[0], old, current))
		}
	}
	if added := len(after.History) - len(before.History); added > 0 {
		last := after.History[len(after.History)-1]
		changes = append(changes, "history: "+last.Action+byWhom(last.By))
	}
	if len(changes) == 0 {
		return "changed"
	}
	return strings.Join(changes, ", ")
}

func fieldValue(field []string) string {
	return cmp.Or(strings.Join(field[1:], ""), "nothing")
}

// balancesText lists balances by currency.
func balancesText(balances *syncer.Balances) string {
	if balances == nil {
		return "other balances"
	}
	var parts []string
	for _, currency := range slices.Sorted(maps.Keys(*balances)) {
		parts = append(parts, fmt.Sprintf("%d %s", (*balances)[currency], currency))
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing")
}
