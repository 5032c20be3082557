package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

// So many of each list an overview shows to people, and reads.
const (
	overviewRows = 10
	overviewRead = 100
)

// playerOverview is everything that is known of a player, the newest of each kind.
type playerOverview struct {
	player   *syncer.Player
	online   []syncer.Session
	lastSeen []syncer.LastSeen
	balances syncer.Balances
	info     syncer.PlayerInfo
	accounts []syncer.SharingAccount // that share an address
	bans     []syncer.NotedBan       // that meet the player or did
	audit    []syncer.AuditEntry     // of the player and of bans of the id
}

// readOverview reads what is known of a player.
func readOverview(ctx context.Context, u *useCases, p *syncer.Player) (o playerOverview, err error) {
	o.player = p
	online, err := u.store.Online(ctx, "")
	if err != nil {
		return o, err
	}
	o.online = slices.DeleteFunc(online, func(s syncer.Session) bool { return s.ID != p.ID })
	if o.lastSeen, err = u.store.LastSeen(ctx, p.ID); err != nil {
		return o, err
	}
	if o.balances, _, err = u.balances.Of(ctx, p.ID); err != nil {
		return o, err
	}
	if o.info, err = u.store.PlayerInfo(ctx, p.ID); err != nil {
		return o, err
	}
	if o.accounts, _, err = u.store.SharingAccounts(ctx, p.ID, overviewRead, ""); err != nil {
		return o, err
	}
	if o.bans, err = u.store.NotedBans(ctx, syncer.BanFilter{Meets: p.ID}, math.MaxInt64, overviewRead); err != nil {
		return o, err
	}
	o.audit, _, err = u.audit.List(ctx, syncer.AuditFilter{ID: p.ID}, sidecar.Page{Size: overviewRead})
	return o, err
}

// message returns an overview as --json prints it.
func (o playerOverview) message(now time.Time) wire.PlayerOverview {
	bans := make([]wire.NotedBan, len(o.bans))
	for i, ban := range o.bans {
		bans[i] = wire.NotedBanOf(ban, now)
	}
	return wire.PlayerOverview{
		Player: wire.PlayerOf(*o.player), PlayerPresence: wire.PlayerPresenceOf(o.online, o.lastSeen),
		Balances: o.balances, Info: wire.PlayerInfoOf(o.info, now),
		Accounts: wire.AccountsPageOf(o.accounts, "").Accounts, Bans: bans, Audit: wire.AuditEntriesOf(o.audit),
	}
}

// print writes an overview for people: what stands now, then the newest of each list.
func (o playerOverview) print(w io.Writer, now time.Time) {
	fields := slices.Insert(playerFields(o.player, now), 2, // behind the name
		[]string{"online", o.whereInWords(now)}, []string{"banned", bannedInWords(o.info.Bans, now)})
	if len(o.balances) > 0 {
		fields = append(fields, []string{"balances", balancesText(&o.balances)})
	}
	table(w, nil, fields)
	if len(o.player.Gamemodes) > 0 {
		fmt.Fprintln(w)
		gamemodeTable(w, o.player.Gamemodes)
	}
	who := string(o.player.ID)
	section(w, o.info.Names, "syncer info get "+who, func(names []syncer.Seen) { seenTable(w, "NAME", names) })
	section(w, o.info.Addresses, "syncer info get "+who,
		func(addresses []syncer.Seen) { seenTable(w, "ADDRESS", addresses) })
	section(w, o.accounts, "syncer info accounts "+who,
		func(accounts []syncer.SharingAccount) { accountTable(w, accounts, false) })
	section(w, o.bans, "syncer ban list --player "+who, func(bans []syncer.NotedBan) { notedBanTable(w, bans, now) })
	section(w, o.events(), "syncer player history "+who+", syncer audit --uuid "+who,
		func(events [][]string) { table(w, []string{"TIME", "BY", "ACTION"}, events) })
}

// section writes the first of a list, if it has any, and where the rest is.
func section[E any](w io.Writer, list []E, rest string, write func(first []E)) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintln(w)
	write(list[:min(len(list), overviewRows)])
	if len(list) > overviewRows {
		sentence(w, "and more, see: %s", rest)
	}
}

// whereInWords says where a player is, or was last.
func (o playerOverview) whereInWords(now time.Time) string {
	if len(o.online) > 0 {
		words := make([]string, len(o.online))
		for i, s := range o.online {
			since, _ := s.Since.Instant()
			words[i] = fmt.Sprintf("on %s for %s", s.Server, remaining(max(now.Sub(since), 0)))
		}
		return strings.Join(words, ", ")
	}
	if len(o.lastSeen) > 0 {
		return fmt.Sprintf("no, left %s %s", o.lastSeen[0].Server, clock(o.lastSeen[0].At, ""))
	}
	return "no"
}

// notedBanTable writes bans, and below them what was noted on them.
func notedBanTable(w io.Writer, bans []syncer.NotedBan, now time.Time) {
	plain := make([]syncer.Ban, len(bans))
	for i, ban := range bans {
		plain[i] = ban.Ban
	}
	banTable(w, plain, now)
	for _, ban := range bans {
		for _, note := range ban.Notes {
			said := fmt.Sprintf("noted on ban %d %s%s: %s", ban.Number, clock(note.At, ""), byWhom(note.By), note.Text)
			said = clean(strings.Join(strings.Fields(said), " "))
			fmt.Fprintln(w, strings.Join(wrapped(said, screenWidth(w)-4), "\n    "))
		}
	}
}

// events are the history of a player and the audit in one list, the newest first.
func (o playerOverview) events() [][]string {
	type event struct {
		at       syncer.Time
		by, what string
	}
	events := make([]event, 0, len(o.player.History)+len(o.audit))
	for _, entry := range o.player.History {
		events = append(events, event{entry.Time, entry.By, entry.Action})
	}
	own := "player " + string(o.player.ID)
	for _, e := range o.audit {
		what := strings.TrimPrefix(strings.TrimPrefix(auditWhat(e), own), ": ")
		events = append(events, event{e.At, cmp.Or(e.By, "login "+e.Role), strings.TrimSpace(what)})
	}
	slices.SortStableFunc(events, func(a, b event) int {
		earlier, _ := a.at.Instant()
		later, _ := b.at.Instant()
		return later.Compare(earlier)
	})
	rows := make([][]string, len(events))
	for i, e := range events {
		rows[i] = []string{clock(e.at, ""), e.by, e.what}
	}
	return rows
}
