package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
	"playersync/syncer/sidecar"
)

// Blacklist is what the console needs of the blacklisted addresses; *sidecar.Blacklist is one.
type Blacklist interface {
	Blacklisted(ctx context.Context, text, after string, size int) ([]mindustry.BlacklistedAddress, error)
	Add(ctx context.Context, add []string, by string) error
	Remove(ctx context.Context, address string) error
}

// registerBlacklist adds the page of the blacklisted addresses.
func (c *Console) registerBlacklist() {
	b := &blacklist{console: c}
	c.live.add(c.changes("blacklist", changefeed.EventBlacklist))
	c.handle("GET "+Path+"blacklist", b.list)
	c.handle("POST "+Path+"blacklist", b.add)
	c.handle("POST "+Path+"blacklist/remove", b.remove)
}

// blacklist is the page of the blacklisted addresses.
type blacklist struct{ console *Console }

// blacklistPage is a list of addresses.
type blacklistPage struct {
	Text string // the filter, as it was given

	listing[mindustry.BlacklistedAddress]
	Refused string // what was wrong with a request
	Typed   string
}

func (b *blacklist) list(w http.ResponseWriter, r *http.Request, s *session) { b.show(w, r, s, nil) }

func (b *blacklist) show(w http.ResponseWriter, r *http.Request, s *session, refused error) {
	page := blacklistPage{Text: strings.TrimSpace(r.URL.Query().Get("text"))}
	page.listing = list(b.console, r,
		func(_ url.Values, at sidecar.Page) (rows []mindustry.BlacklistedAddress, next string, err error) {
			found, err := b.console.deps.Blacklist.Blacklisted(r.Context(), page.Text, at.After, at.Size+1)
			if err != nil || len(found) <= at.Size {
				return found, "", err
			}
			return found[:at.Size], found[at.Size-1].Address, nil
		})
	if refused != nil {
		page.status, page.Refused = b.console.problemOf(refused)
		page.Typed, page.Here = r.PostFormValue("addresses"), "blacklist"
	}
	b.console.render(w, r, s, page.status, "blacklist", page)
}

func (b *blacklist) done(w http.ResponseWriter, r *http.Request, s *session, err error) {
	if err != nil {
		b.show(w, r, s, err)
		return
	}
	http.Redirect(w, r, b.console.url("blacklist"), http.StatusSeeOther)
}

func (b *blacklist) add(w http.ResponseWriter, r *http.Request, s *session) {
	addresses := strings.Fields(r.PostFormValue("addresses"))
	if len(addresses) == 0 {
		b.done(w, r, s, syncer.Invalid("addresses", "give at least one"))
		return
	}
	for _, address := range addresses {
		if err := mindustry.CheckBlacklisted("addresses", address); err != nil {
			b.done(w, r, s, err)
			return
		}
	}
	b.done(w, r, s, b.console.deps.Blacklist.Add(r.Context(), addresses, s.name))
}

func (b *blacklist) remove(w http.ResponseWriter, r *http.Request, s *session) {
	err := b.console.deps.Blacklist.Remove(syncer.WithActor(r.Context(), s.name), r.PostFormValue("address"))
	if syncer.CodeOf(err) == syncer.CodeNotFound {
		err = nil // somebody else has removed it
	}
	b.done(w, r, s, err)
}
