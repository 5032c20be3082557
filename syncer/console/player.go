package console

import (
	"cmp"
	"context"
	"crypto/rand"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// playerPage is everything that is known of one player, of each list the newest.
type playerPage struct {
	*syncer.Player
	Here string

	Muted, Marked string // how long still; "" if not
	Online        []syncer.Session
	LastSeen      []syncer.LastSeen
	Balances      []balanceRow
	Currencies    []syncer.Currency // that can be given
	Info          syncer.PlayerInfo // without addresses where they are not to be seen
	Accounts      []syncer.SharingAccount
	Bans          []shownBan
	Modes         []modeRow
	Timeline      []moment

	Key     string // of a payment: it happens once, however often it is sent
	Told    string // what became of the request before
	Problem string
	Form    url.Values // what was typed and refused
}

// balanceRow is what a player has of a currency.
type balanceRow struct {
	Currency string
	Amount   int64
}

// modeRow is what the servers of a gamemode count of a player.
type modeRow struct {
	Name string
	syncer.GamemodeRecord
	Counters []counter
}

type counter struct {
	Name  string
	Value int64
}

// moment is one thing that happened to a player: an action of the staff, or a change of the
// audit.
type moment struct {
	At    syncer.Time
	By    string
	What  string
	Audit int64 // number of the change; 0 for an entry of the history
}

// Of each list so many are shown.
const playerRows = 50

func (p *players) showOne(w http.ResponseWriter, r *http.Request, s *session) { p.show(w, r, s, nil) }

// show answers with the page of a player, and with what was wrong with a request.
func (p *players) show(w http.ResponseWriter, r *http.Request, s *session, refused error) {
	id := syncer.PlayerID(r.PathValue("id"))
	record, _, err := p.console.deps.Players.Record(r.Context(), id)
	if err != nil {
		status, problem := p.console.problemOf(err)
		p.console.refuse(w, r, s, status, problem)
		return
	}
	now := p.console.deps.Now()
	page := playerPage{
		Player: record, Here: pathOf(id), Muted: remaining(record.UnmuteTime, now),
		Marked: remaining(record.UnmarkTime, now), Modes: modeRows(record.Gamemodes), Key: rand.Text(),
		Told: told[r.URL.Query().Get("told")],
	}
	status := http.StatusOK
	if err := p.complete(r.Context(), &page, s.Rights().Addresses); err != nil {
		_, page.Problem = p.console.problemOf(err)
		page.Timeline = timeline(record.History, nil)
	}
	if refused != nil {
		status, page.Problem = p.console.problemOf(refused)
		page.Form = r.PostForm
		page.Key = cmp.Or(r.PostFormValue("key"), page.Key)
	}
	p.console.render(w, r, s, status, "player", page)
}

// complete reads what memory does not have.
func (p *players) complete(ctx context.Context, page *playerPage, addresses bool) (err error) {
	d, at := p.console.deps, sidecar.Page{Size: playerRows}
	if page.Online, page.LastSeen, err = d.Presence.Of(ctx, page.ID); err != nil {
		return err
	}
	balances, _, err := d.Balances.Of(ctx, page.ID)
	if err != nil {
		return err
	}
	for _, currency := range slices.Sorted(maps.Keys(balances)) {
		page.Balances = append(page.Balances, balanceRow{currency, balances[currency]})
	}
	if page.Currencies, err = d.Balances.Currencies(ctx); err != nil {
		return err
	}
	if page.Info, err = d.Visits.Info(ctx, page.ID); err != nil {
		return err
	}
	if addresses {
		if page.Accounts, _, err = d.Visits.SharingAccounts(ctx, page.ID, at); err != nil {
			return err
		}
	} else {
		page.Info.Addresses = nil
	}
	filter := syncer.BanFilter{Meets: page.ID}
	if !addresses { // which bans of addresses meet him tells them
		filter = syncer.BanFilter{ID: page.ID}
	}
	found, _, err := d.Bans.ListBans(ctx, filter, at)
	if err != nil {
		return err
	}
	for _, ban := range found {
		page.Bans = append(page.Bans, shownBan{ban, ban.Applies(d.Now())})
	}
	changes, _, err := d.Audit.List(ctx, syncer.AuditFilter{ID: page.ID}, at)
	page.Timeline = timeline(page.History, changes)
	return err
}

func modeRows(records map[string]syncer.GamemodeRecord) []modeRow {
	rows := make([]modeRow, 0, len(records))
	for _, mode := range slices.Sorted(maps.Keys(records)) {
		row := modeRow{Name: mode, GamemodeRecord: records[mode]}
		for _, name := range slices.Sorted(maps.Keys(row.Stats)) {
			row.Counters = append(row.Counters, counter{name, row.Stats[name]})
		}
		rows = append(rows, row)
	}
	return rows
}

// timeline returns the history and the audit of a player in one list, newest first.
func timeline(history []syncer.HistoryEntry, changes []syncer.AuditEntry) []moment {
	moments := make([]moment, 0, len(history)+len(changes))
	for _, entry := range history {
		moments = append(moments, moment{At: entry.Time, By: entry.By, What: entry.Action})
	}
	for _, e := range changes {
		change := shownChange{e}
		what := change.What()
		if e.Entity == syncer.EntityBan {
			what = "ban: " + what
		}
		if e.Field != syncer.AuditRow {
			what += ": " + cmp.Or(change.Old(), "nothing") + " → " + cmp.Or(change.New(), "nothing")
		}
		moments = append(moments, moment{e.At, change.Who(), what, e.Number})
	}
	slices.SortStableFunc(moments, func(a, b moment) int {
		earlier, _ := a.At.Instant()
		later, _ := b.At.Instant()
		return later.Compare(earlier)
	})
	return moments[:min(len(moments), 2*playerRows)]
}

// remaining says how long something lasts still that ends at the given time; "" if it does
// not any more.
func remaining(end syncer.Time, now time.Time) string {
	if !end.After(now) {
		return ""
	}
	at, ends := end.Instant()
	if !ends {
		return "until it is ended"
	}
	left := at.Sub(now)
	if days := int(left / (24 * time.Hour)); days >= 2 {
		return "for " + strconv.Itoa(days) + " days more"
	}
	return "for " + ago(left) + " more"
}
