package console

import (
	"cmp"
	"context"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/sidecar"
)

// Players is what the console needs of players; *sidecar.Players is one.
type Players interface {
	Record(ctx context.Context, id syncer.PlayerID) (*syncer.Player, sidecar.Source, error)
	Search(ctx context.Context, name string, page sidecar.Page) (players []syncer.PlayerSummary, next string, err error)
}

// Visits is what the console needs of players' visits; *sidecar.Info is one.
type Visits interface {
	Info(ctx context.Context, id syncer.PlayerID) (syncer.PlayerInfo, error)
	InfoByName(ctx context.Context, name string, page sidecar.Page) (matches []syncer.InfoMatch, next string, err error)
	InfoByAddress(
		ctx context.Context, ip netip.Prefix, page sidecar.Page,
	) (matches []syncer.InfoMatch, next string, err error)
	SharingAccounts(
		ctx context.Context, id syncer.PlayerID, page sidecar.Page,
	) (accounts []syncer.SharingAccount, next string, err error)
}

// registerPlayers adds the pages about players.
func (c *Console) registerPlayers() {
	p := &players{console: c}
	c.live.add(c.changes("players", changefeed.EventPresence, changefeed.EventPlayer))
	c.handle("GET "+Path+"players", p.list)
	c.handle("GET "+Path+"players/{id}", p.showOne)
	c.handle("POST "+Path+"players/{id}/change", p.change)
	c.handle("POST "+Path+"players/{id}/mute", p.mute)
	c.handle("POST "+Path+"players/{id}/unmute", p.unmute)
	c.handle("POST "+Path+"players/{id}/note", p.note)
	c.handle("POST "+Path+"players/{id}/pay", p.pay)
	c.handle("POST "+Path+"players/{id}/kick", p.kick)
}

// players are the pages about players.
type players struct{ console *Console }

// Ways to look for players by a text.
const (
	byName     = ""       // those who are called so now, or have that id
	byPastName = "past"   // those who ever joined under such a name
	byOnline   = "online" // those who are on a server now
)

// playersPage is a list of players.
type playersPage struct {
	Text, By, Server string // the filters, as they were given

	Servers []syncer.OnlineCount // that can be chosen
	listing[playerRow]
}

// playerRow is a player as the list shows him.
type playerRow struct {
	ID    syncer.PlayerID
	Name  string
	Rank  string
	On    []string    // servers where he is now
	As    []string    // names or addresses that were looked for
	Last  syncer.Time // seen with them
	Joins int64       // with them
}

func (p *players) list(w http.ResponseWriter, r *http.Request, s *session) {
	q := r.URL.Query()
	page := playersPage{Text: strings.TrimSpace(q.Get("text")), By: q.Get("by"), Server: q.Get("server")}
	_, page.Servers = p.console.deps.Presence.Counts()
	page.listing = list(p.console, r, func(_ url.Values, at sidecar.Page) ([]playerRow, string, error) {
		return p.find(r.Context(), page, at, s.Rights().Addresses)
	})
	p.addWhere(page.Rows)
	p.console.render(w, r, s, page.status, "players", page)
}

// find returns the players of a page of the list.
func (p *players) find(
	ctx context.Context, page playersPage, at sidecar.Page, addresses bool,
) ([]playerRow, string, error) {
	if page.By == byOnline || page.Server != "" {
		return p.online(page, at)
	}
	target, err := syncer.ReadTarget(page.Text)
	if err == nil && target.ID == "" {
		if !addresses {
			return nil, "", syncer.Invalid("", "your login may not see from which addresses players come")
		}
		matches, next, err := p.console.deps.Visits.InfoByAddress(ctx, target.Prefix, at)
		return matchRows(matches), next, err
	}
	if page.By == byPastName && page.Text != "" {
		matches, next, err := p.console.deps.Visits.InfoByName(ctx, page.Text, at)
		return matchRows(matches), next, err
	}
	found, next, err := p.console.deps.Players.Search(ctx, page.Text, at)
	if err != nil {
		return nil, "", err
	}
	rows := make([]playerRow, len(found))
	for i, one := range found {
		rows[i] = playerRow{ID: one.ID, Name: one.Name, Rank: one.Rank}
	}
	if target.ID == "" || at.After != "" {
		return rows, next, nil
	}
	switch one, _, err := p.console.deps.Players.Record(ctx, target.ID); {
	case err == nil:
		rows = slices.DeleteFunc(rows, func(row playerRow) bool { return row.ID == one.ID })
		return slices.Insert(rows, 0, playerRow{ID: one.ID, Name: one.Name, Rank: one.Rank}), next, nil
	case syncer.CodeOf(err) != syncer.CodeNotFound:
		return nil, "", err
	}
	return rows, next, nil
}

func matchRows(matches []syncer.InfoMatch) []playerRow {
	rows := make([]playerRow, len(matches))
	for i, m := range matches {
		rows[i] = playerRow{ID: m.ID, Name: m.Name, As: m.Matched, Last: m.At, Joins: m.Joins}
	}
	return rows
}

// online returns who is online, from memory: those first who are there the longest.
func (p *players) online(page playersPage, at sidecar.Page) ([]playerRow, string, error) {
	var after int64
	if at.After != "" {
		var err error
		if after, err = strconv.ParseInt(at.After, 10, 64); err != nil {
			return nil, "", syncer.Invalid("after", "is not a position that a page returned as next")
		}
	}
	rows := []playerRow{}
	for {
		sessions, next := p.console.deps.Presence.Online(page.Server, after, at.Size)
		for i, session := range sessions {
			if !contains(session.Name, page.Text) && !contains(string(session.ID), page.Text) {
				continue
			}
			rows = append(rows, playerRow{ID: session.ID, Name: session.Name})
			if len(rows) == at.Size && (next != 0 || i < len(sessions)-1) {
				return rows, strconv.FormatInt(session.Revision, 10), nil
			}
		}
		if next == 0 {
			return rows, "", nil
		}
		after = next
	}
}

// contains reports whether a text contains another, whatever the case.
func contains(text, part string) bool {
	return strings.Contains(strings.ToLower(text), strings.ToLower(part))
}

// addWhere says of each player on which servers he is.
func (p *players) addWhere(rows []playerRow) {
	on := map[syncer.PlayerID][]string{}
	sessions, _ := p.console.deps.Presence.Online("", 0, mostOnline)
	for _, session := range sessions {
		on[session.ID] = append(on[session.ID], session.Server)
	}
	for i := range rows {
		rows[i].On = on[rows[i].ID]
	}
}

// mostOnline is more than can be online.
const mostOnline = 1 << 30

// pathOf returns the page of a player, behind [Path].
func pathOf(id syncer.PlayerID) string { return "players/" + url.PathEscape(string(id)) }

// Title is how the player is called: the id, where there is no name.
func (r playerRow) Title() string { return cmp.Or(r.Name, string(r.ID)) }
