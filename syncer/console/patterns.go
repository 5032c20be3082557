package console

import (
	"context"
	"net/http"
	"net/url"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/mindustry"
	"playersync/syncer/sidecar"
)

// Patterns is what the console needs of the patterns of bots' names; *sidecar.Patterns is one.
type Patterns interface {
	AntibotPatterns(ctx context.Context) ([]mindustry.AntibotPattern, error)
	SetPattern(
		ctx context.Context, kind mindustry.PatternKind, pattern, by string,
	) (mindustry.AntibotPattern, error)
	ClearPattern(ctx context.Context, kind mindustry.PatternKind) error
}

// registerPatterns adds the page of the patterns of bots' names.
func (c *Console) registerPatterns() {
	p := &patterns{console: c}
	c.live.add(c.changes("patterns", changefeed.EventAntibot))
	c.handle("GET "+Path+"patterns", p.list)
	c.handle("POST "+Path+"patterns/{kind}", p.set)
}

// patterns is the page of the patterns of bots' names.
type patterns struct{ console *Console }

// patternsPage is both patterns, set or not.
type patternsPage struct {
	listing[mindustry.AntibotPattern]
	Refused string // what was wrong with a pattern
	Kind    string // of which kind
	Typed   string
}

func (p *patterns) list(w http.ResponseWriter, r *http.Request, s *session) { p.show(w, r, s, nil) }

func (p *patterns) show(w http.ResponseWriter, r *http.Request, s *session, refused error) {
	var page patternsPage
	page.listing = list(p.console, r, func(url.Values, sidecar.Page) ([]mindustry.AntibotPattern, string, error) {
		both := []mindustry.AntibotPattern{{Kind: mindustry.PatternBlacklist}, {Kind: mindustry.PatternGraylist}}
		set, err := p.console.deps.Patterns.AntibotPatterns(r.Context())
		for _, one := range set {
			for i := range both {
				if both[i].Kind == one.Kind {
					both[i] = one
				}
			}
		}
		return both, "", err
	})
	if refused != nil {
		page.status, page.Refused = p.console.problemOf(refused)
		page.Kind, page.Typed = r.PathValue("kind"), r.PostFormValue("pattern")
	}
	page.Here = "patterns"
	p.console.render(w, r, s, page.status, "patterns", page)
}

// set sets a pattern, or clears it where nothing is given.
func (p *patterns) set(w http.ResponseWriter, r *http.Request, s *session) {
	kind, err := mindustry.ParsePatternKind(r.PathValue("kind"))
	pattern := r.PostFormValue("pattern")
	switch {
	case err != nil:
	case pattern != "":
		_, err = p.console.deps.Patterns.SetPattern(r.Context(), kind, pattern, s.name)
	default:
		err = p.console.deps.Patterns.ClearPattern(syncer.WithActor(r.Context(), s.name), kind)
		if syncer.CodeOf(err) == syncer.CodeNotFound {
			err = nil // none is set, as was asked for
		}
	}
	if err != nil {
		p.show(w, r, s, err)
		return
	}
	http.Redirect(w, r, p.console.url("patterns"), http.StatusSeeOther)
}
