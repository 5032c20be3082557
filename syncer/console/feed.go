package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/sidecar"
)

// registerFeed adds the page that shows every change.
func (c *Console) registerFeed() {
	f := &feed{console: c}
	c.live.seen = append(c.live.seen, f.add)
	c.live.add(c.changes("feed", changefeed.EventTypes...))
	c.handle("GET "+Path+"feed", f.list)
}

const (
	// feedSize is how many changes the page shows.
	feedSize = 100
	// feedLength is how many of those that no audit has are kept in memory.
	feedLength = 500
	// sameMoment is how far apart an event and the change in the audit that it tells of can be.
	sameMoment = 3 * time.Second
)

// feed is every change with who made it and through what: important ones from the audit, the
// others as the events told of them. It is safe for concurrent use.
type feed struct {
	console *Console

	mu    sync.Mutex
	items []feedItem // newest first, of this sidecar's life
}

// feedItem is one change.
type feedItem struct {
	At      time.Time
	Kind    changefeed.EventType
	Subject string // the player, target or server that it is about; written by strangers
	Page    string // of the subject or change, behind Path; "" for none
	What    string // written by strangers too
	By      string // "" if nobody is named
	Through string // a game server or a login; "" if it is not known

	player    syncer.PlayerID
	explained bool // of a balance: by and through were looked for
}

// add takes in an event.
func (f *feed) add(e changefeed.Event) {
	words := inWords(e)
	if words.What == "" || e.Type == changefeed.EventBan || e.Type == changefeed.EventKick { // which the audit has
		return
	}
	item := feedItem{At: time.Now(), Kind: e.Type, Subject: words.Who, What: words.What, player: e.ID}
	if words.More != "" {
		item.What += " " + words.More
	}
	switch {
	case e.Message != nil:
		item.By, item.Through = words.Who, e.Message.Server
	case e.Session != nil:
		item.Through, item.player = e.Session.Server, e.Session.ID
	}
	if item.player != "" {
		item.Page = pathOf(item.player)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.items = append([]feedItem{item}, f.items[:min(len(f.items), feedLength-1)]...)
}

// feedPage is the newest changes.
type feedPage struct {
	Kind, Text, Through string // the filters, as they were given

	Kinds []changefeed.EventType // that can be chosen
	listing[feedItem]
}

func (f *feed) list(w http.ResponseWriter, r *http.Request, s *session) {
	q := r.URL.Query()
	page := feedPage{Kind: q.Get("kind"), Text: q.Get("text"), Through: q.Get("through")}
	page.Kinds = slices.DeleteFunc(slices.Clone(changefeed.EventTypes), func(t changefeed.EventType) bool {
		return t == changefeed.EventResync
	})
	page.listing = list(f.console, r, func(url.Values, sidecar.Page) ([]feedItem, string, error) {
		items, err := f.newest(r.Context())
		return slices.DeleteFunc(items, func(item feedItem) bool { return !page.wants(item) }), "", err
	})
	f.console.render(w, r, s, page.status, "feed", page)
}

// wants reports whether the filters let a change through.
func (p feedPage) wants(item feedItem) bool {
	return (p.Kind == "" || p.Kind == string(item.Kind)) && contains(item.Through, p.Through) &&
		(contains(item.Subject, p.Text) || contains(item.By, p.Text) || contains(item.What, p.Text))
}

// newest returns the changes, newest first.
func (f *feed) newest(ctx context.Context) ([]feedItem, error) {
	changes, _, err := f.console.deps.Audit.List(ctx, syncer.AuditFilter{}, sidecar.Page{Size: feedSize})
	if err != nil {
		return nil, err
	}
	if err := f.explain(ctx); err != nil {
		return nil, err
	}
	f.mu.Lock()
	items := slices.Clone(f.items)
	f.mu.Unlock()
	items = slices.DeleteFunc(items, func(item feedItem) bool {
		return item.Kind == changefeed.EventPlayer && slices.ContainsFunc(changes, func(e syncer.AuditEntry) bool {
			at, _ := e.At.Instant()
			return e.Target.ID == item.player && item.At.Sub(at).Abs() < sameMoment
		})
	})
	for _, e := range changes {
		items = append(items, auditItem(shownChange{e}))
	}
	slices.SortStableFunc(items, func(a, b feedItem) int { return b.At.Compare(a.At) })
	return items[:min(len(items), 2*feedSize)], nil
}

// auditItem is a change of the audit as the feed shows it.
func auditItem(c shownChange) feedItem {
	at, _ := c.At.Instant()
	item := feedItem{
		At: at, Kind: changefeed.EventType(c.Entity), Subject: c.Whose(), What: c.What(), By: c.Who(),
		Through: cmp.Or(c.Server, c.Role), Page: "audit/" + number64(c.Number),
	}
	if c.Field == syncer.AuditKick {
		item.Kind = changefeed.EventKick
	}
	if c.Field != syncer.AuditRow && c.Field != syncer.AuditTable {
		item.What += ": " + cmp.Or(c.Old(), "nothing") + " → " + cmp.Or(c.New(), "nothing")
	}
	return item
}

// mostExplained is for how many balances one request asks the ledger.
const mostExplained = 20

// explain says of balances that changed who changed them, as the ledger has it.
func (f *feed) explain(ctx context.Context) error {
	f.mu.Lock()
	open := []syncer.PlayerID{}
	for _, item := range f.items[:min(len(f.items), feedSize)] {
		if item.Kind == changefeed.EventBalance && !item.explained && len(open) < mostExplained {
			open = append(open, item.player)
		}
	}
	f.mu.Unlock()
	slices.Sort(open)
	for _, id := range slices.Compact(open) {
		entries, err := f.console.deps.Balances.Ledger(ctx, id, "", 0, mostExplained)
		if err != nil {
			return err
		}
		f.explained(id, entries)
	}
	return nil
}

// explained gives each change of a player's balances its entry of the ledger, the newest to the
// newest.
func (f *feed) explained(id syncer.PlayerID, entries []syncer.LedgerEntry) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for i := range f.items {
		item := &f.items[i]
		if item.Kind != changefeed.EventBalance || item.player != id || item.explained {
			continue
		}
		if item.explained = true; len(entries) > 0 {
			e := entries[0]
			entries = entries[1:]
			item.By, item.Through = e.By, cmp.Or(e.Server, e.Role)
			item.What = signed(e.Change) + " " + e.Currency + ", now " + number64(e.Balance)
			if e.Reason != "" {
				item.What += ": " + e.Reason
			}
		}
	}
}
