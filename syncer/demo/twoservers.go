package demo

import (
	"context"
	"fmt"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// playTwoServers plays the documents' table of a player who is on two servers at
// once. Both games send back, when he leaves, the record that they got when he
// joined: old by then in rank and flags.
func playTwoServers(ctx context.Context, s *Stage) error {
	s.Say("Each server changes something, then he leaves both. Below each step stands what each syncer then holds " +
		"in memory. " +
		"When he leaves, the game sends back his whole record as it was when he joined: out of date by then, " +
		"and yet nothing is undone. Times count from the request.")
	s.Blank()
	if err := s.welcomeSteve(ctx); err != nil {
		return err
	}
	t := &twoServers{Stage: s}
	s.page.columns(survival, pvp, styleOf(survival), styleOf(pvp))
	s.page.columns(strings.Repeat("─", columnWidth), strings.Repeat("─", columnWidth), dim, dim)
	for _, play := range []func(context.Context) error{t.joins, t.setRank, t.addFlag, t.leavePvP, t.leaveSurvival} {
		if err := play(ctx); err != nil {
			return err
		}
	}
	s.Blank()
	return t.verify(ctx)
}

// twoServers is the state of the table: what each game got when Steve joined.
type twoServers struct {
	*Stage
	joined            int // the first of the servers
	onSurvival, onPvP wire.Record
	knownOnPvP        string // of Steve, before his flag is added there
}

// row prints one step in its column, and below it what both hold.
func (t *twoServers) row(ctx context.Context, left, right string) error {
	t.page.columns(left, right, plain, plain)
	var held [2]string
	for i, server := range t.GameServers()[:t.joined] {
		record, source, err := server.Player(ctx, steve)
		if err != nil {
			return err
		}
		held[i] = "  " + rankAndFlags(record)
		if n := len(record.History); n > 0 {
			held[i] += fmt.Sprintf(", history of %d", n)
		}
		if source != "memory" {
			held[i] += ", from " + source
		}
	}
	t.page.columns(held[0], held[1], dim, dim)
	return nil
}

func (t *twoServers) joins(ctx context.Context) error {
	for _, entry := range []struct {
		server *GameServer
		copied *wire.Record
	}{{t.Survival, &t.onSurvival}, {t.PvP, &t.onPvP}} {
		began := time.Now()
		joined, err := entry.server.Join(ctx, steve, steveName, steveIP)
		if err != nil {
			return err
		}
		if joined.Player == nil {
			return fmt.Errorf("%s got no record of Steve when he joined", entry.server.Name)
		}
		*entry.copied = *joined.Player
		t.joined++
		took := time.Since(began)
		t.record(entry.server.Name, "Steve joins", took)
		cell := timed("Steve joins", Millis(took).String())
		if entry.server == t.PvP {
			return t.row(ctx, "", cell)
		}
		if err := t.row(ctx, cell, ""); err != nil {
			return err
		}
	}
	return nil
}

func (t *twoServers) setRank(ctx context.Context) error {
	patched, told, err := t.change(ctx, t.Survival, t.PvP, "rank mod", map[string]any{"rank": "mod"},
		steveRanked("mod"))
	if err != nil {
		return err
	}
	record, source, err := t.PvP.Player(ctx, steve)
	if err != nil {
		return err
	}
	t.knownOnPvP = rankAndFlags(record) + ", from " + source
	return t.row(ctx, timed("sets rank mod", patched), timed("is told of it", told))
}

func (t *twoServers) addFlag(ctx context.Context) error {
	hasFlag := steveWhose(func(r wire.Record) bool { return flagsOf(r) == "member" })
	add := map[string]any{"flags": map[string]any{"add": []string{"member"}}}
	patched, told, err := t.change(ctx, t.PvP, t.Survival, "flag member", add, hasFlag)
	if err != nil {
		return err
	}
	return t.row(ctx, timed("is told of it", told), timed("adds flag member", patched))
}

// change lets one server change Steve and waits until the other was told.
func (t *twoServers) change(
	ctx context.Context, by, other *GameServer, what string, fields map[string]any, match func(Event) bool,
) (patched, told string, err error) {
	mark := other.Mark()
	began := time.Now()
	if _, err := by.Patch(ctx, steve, fields); err != nil {
		return "", "", err
	}
	stored := time.Since(began)
	at, err := mark.Until(ctx, what, match)
	if err != nil {
		return "", "", err
	}
	t.record(by.Name, "sets "+what, stored)
	t.record(other.Name, "is told of "+what, at.Sub(began))
	return Millis(stored).String(), Millis(at.Sub(began)).String(), nil
}

func (t *twoServers) leavePvP(ctx context.Context) error {
	t.onPvP.Stats = map[string]int64{"kills": 3}
	took, err := t.leave(ctx, t.PvP, t.onPvP, "warned")
	if err != nil {
		return err
	}
	return t.row(ctx, "", timed("Steve leaves: warned, 3 kills", took))
}

func (t *twoServers) leaveSurvival(ctx context.Context) error {
	t.onSurvival.Stats = map[string]int64{"blocksBroken": 120}
	took, err := t.leave(ctx, t.Survival, t.onSurvival, "muted")
	if err != nil {
		return err
	}
	return t.row(ctx, timed("Steve leaves: muted, 120 blocks", took), "")
}

// leave sends back the record of the join with what happened since on that server,
// and waits until both know the new history.
func (t *twoServers) leave(ctx context.Context, server *GameServer, record wire.Record, action string) (string, error) {
	record.History = append(record.History, wire.HistoryEntry{
		Action: action, By: wire.Person(server.Name), Time: syncer.TimeOf(time.Now()),
	})
	marks := []Mark{t.Survival.Mark(), t.PvP.Mark()}
	began := time.Now()
	if err := server.Leave(ctx, record); err != nil {
		return "", err
	}
	took := time.Since(began)
	t.record(server.Name, "Steve leaves", took)
	knows := steveWhose(func(r wire.Record) bool { return strings.Contains(historyOf(r), action) })
	for _, mark := range marks {
		if _, err := mark.Until(ctx, "history with "+action+" by "+server.Name, knows); err != nil {
			return "", err
		}
	}
	return Millis(took).String(), nil
}

// historyOf names the actions in a record's history.
func historyOf(r wire.Record) string {
	actions := make([]string, len(r.History))
	for i, entry := range r.History {
		actions[i] = entry.Action + " by " + string(entry.By)
	}
	return strings.Join(actions, ", ")
}

// verify compares the row, and what both hold, with what must have come of it.
func (t *twoServers) verify(ctx context.Context) error {
	var rank, flags, history, kills, blocks string
	err := t.Psql.Row(ctx, `select rank, array_to_string(flags, ', '),
		(select string_agg(action || ' by ' || by, ', ' order by time) from player_history where uuid = 'steve'),
		coalesce(gamemodes #>> '{pvp,stats}', ''), coalesce(gamemodes #>> '{survival,stats}', '')
		from player where uuid = 'steve'`, &rank, &flags, &history, &kills, &blocks)
	if err != nil {
		return err
	}
	t.Check("pvp knew the new rank before it added the flag", t.knownOnPvP, "rank mod, no flags, from memory")
	t.Check("the row has the rank that survival set and the flag that pvp added", "rank "+rank+", "+flags,
		"rank mod, member")
	t.Check("the histories of both servers are united", history, "warned by pvp, muted by survival")
	t.Check("each gamemode has counters of its own", kills+" "+blocks, `{"kills": 3} {"blocksBroken": 120}`)
	return t.checkBothHold(ctx, "holds the same", "rank mod, member, warned by pvp, muted by survival",
		func(r wire.Record) string {
			return rankAndFlags(r) + ", " + historyOf(r)
		})
}
