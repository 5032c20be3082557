package console

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/sidecar"
)

// Audit is what the console needs of the audit; *sidecar.Audit is one.
type Audit interface {
	List(
		ctx context.Context, filter syncer.AuditFilter, page sidecar.Page,
	) (entries []syncer.AuditEntry, next string, err error)
	Revert(ctx context.Context, number int64, by, reason string) (syncer.AuditEntry, error)
}

// registerAudit adds the pages about who changed what.
func (c *Console) registerAudit() {
	a := &audit{console: c, use: c.deps.Audit}
	c.live.add(c.changes("audit", changefeed.EventPlayer, changefeed.EventBan, changefeed.EventKick))
	c.handle("GET "+Path+"audit", a.list)
	c.handle("GET "+Path+"audit/{id}", a.showOne)
	c.handle("POST "+Path+"audit/{id}/revert", a.revert)
}

// audit are the pages about who changed what.
type audit struct {
	console *Console
	use     Audit
}

// auditPage is a list of changes.
type auditPage struct {
	Target, Field, By, Server, From string // the filters, as they were given

	Fields []syncer.AuditField // that can be chosen
	listing[shownChange]
}

// shownChange is a change as pages show it.
type shownChange struct{ syncer.AuditEntry }

// Who is the person, or the login where none was named.
func (c shownChange) Who() string { return cmp.Or(c.By, c.Role) }

// Whose is the target; "" for a whole table and the audit itself.
func (c shownChange) Whose() string {
	if c.Target == (syncer.Target{}) {
		return ""
	}
	return c.Target.String()
}

// What names what was changed.
func (c shownChange) What() string {
	switch {
	case c.Field == syncer.AuditTable:
		return "all of the table truncated"
	case c.Field == syncer.AuditRow && c.AuditEntry.Old == nil:
		return "created"
	case c.Field == syncer.AuditRow:
		return "deleted"
	case c.Field == syncer.AuditLift && c.AuditEntry.New != nil:
		return "lifted"
	case c.Field == syncer.AuditLift:
		return "opened again"
	default:
		return string(c.Field)
	}
}

// Old is the value before, "" for none.
func (c shownChange) Old() string { return string(c.AuditEntry.Old) }

// New is the value after, "" for none.
func (c shownChange) New() string { return string(c.AuditEntry.New) }

// filter reads the filters.
func (p *auditPage) filter(q url.Values, a *audit) (f syncer.AuditFilter, err error) {
	p.Target, p.Field, p.By = strings.TrimSpace(q.Get("target")), q.Get("field"), q.Get("by")
	p.Server, p.From = q.Get("server"), strings.TrimSpace(q.Get("from"))
	f = syncer.AuditFilter{Field: syncer.AuditField(p.Field), By: p.By, Server: p.Server}
	if p.Target != "" {
		target, err := syncer.ReadTarget(p.Target)
		if err != nil {
			return f, err
		}
		f.ID, f.Prefix = target.ID, target.Prefix
	}
	f.Since, err = a.console.sinceOf(p.From)
	return f, err
}

func (a *audit) list(w http.ResponseWriter, r *http.Request, s *session) {
	page := auditPage{Fields: syncer.AuditFields}
	page.listing = list(a.console, r, func(q url.Values, at sidecar.Page) ([]shownChange, string, error) {
		filter, err := page.filter(q, a)
		if err == nil && filter.ID != "" {
			var meant syncer.IdentifiedTarget
			meant, err = a.console.deps.Bans.Identify(r.Context(), syncer.TargetID(filter.ID))
			filter.ID = meant.Target.ID
		}
		if err != nil {
			return nil, "", err
		}
		entries, next, err := a.use.List(r.Context(), filter, at)
		return allChanges(entries), next, err
	})
	a.console.render(w, r, s, page.status, "audit", page)
}

func allChanges(entries []syncer.AuditEntry) []shownChange {
	rows := make([]shownChange, len(entries))
	for i, e := range entries {
		rows[i] = shownChange{e}
	}
	return rows
}

// changePage is one change, and the question whether it is to be taken back.
type changePage struct {
	shownChange
	Told    bool // it was made just now, to take another back
	Problem string
	Reason  string // that was typed and refused
}

func (a *audit) showOne(w http.ResponseWriter, r *http.Request, s *session) { a.show(w, r, s, nil) }

// show answers with the page of a change, and with what was wrong with a request.
func (a *audit) show(w http.ResponseWriter, r *http.Request, s *session, refused error) {
	n := number(r)
	after := sidecar.Page{Size: 1, After: strconv.FormatInt(n+1, 10)}
	entries, _, err := a.use.List(r.Context(), syncer.AuditFilter{}, after)
	switch {
	case err != nil:
		status, problem := a.console.problemOf(err)
		a.console.refuse(w, r, s, status, problem)
		return
	case len(entries) == 0 || entries[0].Number != n:
		a.console.notFound(w, r, s)
		return
	}
	page := changePage{shownChange: shownChange{entries[0]}, Told: r.URL.Query().Get("told") != ""}
	status := http.StatusOK
	if refused != nil {
		status, page.Problem = a.console.problemOf(refused)
		page.Reason = r.PostFormValue("reason")
	}
	a.console.render(w, r, s, status, "change", page)
}

func (a *audit) revert(w http.ResponseWriter, r *http.Request, s *session) {
	entry, err := a.use.Revert(r.Context(), number(r), s.name, r.PostFormValue("reason"))
	if err != nil {
		a.show(w, r, s, err)
		return
	}
	to := "audit/" + strconv.FormatInt(entry.Number, 10) + "?told=reverted"
	http.Redirect(w, r, a.console.url(to), http.StatusSeeOther)
}
