package console

import (
	"context"
	"net/http"
	"net/url"
	"strings"

	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
	"playersync/syncer/sidecar"
)

// ModLog is what the console needs of the moderation log; *sidecar.ModLog is one.
type ModLog interface {
	List(
		ctx context.Context, filter mindustry.ModLogFilter, page sidecar.Page,
	) (entries []mindustry.ModEntry, next string, err error)
}

// registerModLog adds the page of the moderation log.
func (c *Console) registerModLog() {
	c.live.add(c.changes("moderation", changefeed.EventModeration))
	c.handle("GET "+Path+"moderation", c.showModLog)
}

// modLogPage is a part of the moderation log.
type modLogPage struct {
	Source, Text, From string // the filters, as they were given

	listing[mindustry.ModEntry]
}

func (c *Console) showModLog(w http.ResponseWriter, r *http.Request, s *session) {
	var page modLogPage
	page.listing = list(c, r, func(q url.Values, at sidecar.Page) ([]mindustry.ModEntry, string, error) {
		page.Source, page.Text, page.From = q.Get("source"), q.Get("text"), strings.TrimSpace(q.Get("from"))
		since, err := c.sinceOf(page.From)
		if err != nil {
			return nil, "", err
		}
		return c.deps.ModLog.List(r.Context(),
			mindustry.ModLogFilter{Source: page.Source, Text: page.Text, Since: since}, at)
	})
	c.render(w, r, s, page.status, "moderation", page)
}
