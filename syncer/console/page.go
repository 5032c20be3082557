package console

import (
	"bytes"
	"cmp"
	"embed"
	"fmt"
	"html/template"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
	"unicode"

	"playersync/syncer"
)

//go:embed pages/*.html
var pageFiles embed.FS

// view is what every page shows, and its own data.
type view struct {
	Page    string // its name
	Section string // the entry of the menu that it belongs to
	Person  *person
	Status  template.HTML // of the connection to the database, nil on the page to sign in
	Data    any
}

// entry is one of the menu.
type entry struct {
	Section string
	Path    string // behind the console's own
	Title   string
}

// menu is what every page begins with.
var menu = []entry{
	{"overview", "", "Overview"},
	{"players", "players", "Players"},
	{"bans", "bans", "Bans"},
	{"feed", "feed", "Live feed"},
	{"chat", "chat", "Staff chat"},
	{"moderation", "moderation", "Moderation"},
	{"maps", "maps", "Maps"},
	{"audit", "audit", "Audit"},
	{"health", "health", "Health"},
}

// moderation are the pages behind that entry of the menu.
var moderation = []entry{
	{"moderation", "moderation", "Log"},
	{"patterns", "patterns", "Names of bots"},
	{"blacklist", "blacklist", "Blacklist"},
	{"usids", "usids", "Rejected usids"},
}

// sections are the entries of the menu that pages belong to which are none themselves.
var sections = map[string]string{
	"player": "players", "new-ban": "bans", "ban": "bans", "import-bans": "bans", "change": "audit",
	"patterns": "moderation", "blacklist": "moderation", "usids": "moderation",
	"map": "maps",
}

// person is who is signed in, as pages show him.
type person struct {
	Name      string
	CSRF      string
	Act       bool
	Addresses bool
}

// parsePages reads the templates: each page together with the layout and the parts.
func parsePages(functions template.FuncMap) map[string]*template.Template {
	shared := template.New("").Funcs(functions)
	template.Must(shared.ParseFS(pageFiles, "pages/layout.html", "pages/parts.html"))
	pages := map[string]*template.Template{"parts": shared}
	entries, err := pageFiles.ReadDir("pages")
	if err != nil {
		panic(err) // the files are part of the program
	}
	for _, entry := range entries {
		name := strings.TrimSuffix(entry.Name(), path.Ext(entry.Name()))
		if name != "layout" && name != "parts" {
			page := template.Must(shared.Clone())
			pages[name] = template.Must(page.ParseFS(pageFiles, "pages/"+entry.Name()))
		}
	}
	return pages
}

// functions are what templates can call.
func (c *Console) functions() template.FuncMap {
	return template.FuncMap{
		"url":        c.url,
		"menu":       func() []entry { return menu },
		"asset":      func(name string) string { return c.url(c.assets[name].path) },
		"version":    func() string { return c.deps.Version },
		"moderation": func() []entry { return moderation },
		"moment":     func(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") },
		"instant":    func(t syncer.Time) time.Time { at, _ := t.Instant(); return at },
		"mapPath":    mapPath,
		"lasts":      ago,
		"outcome":    func(run syncer.MapRun) string { return outcomes[run.Outcome()] },
		"pathOf":     pathOf,
		"shown":      shown,
		"times":      times,
		"clock":      clock,
		"day":        day,
		"ago":        func(t time.Time) string { return ago(time.Since(t)) },
	}
}

// times says how often something was.
func times(n int64) string {
	switch n {
	case 0:
		return "never"
	case 1:
		return "once"
	}
	return fmt.Sprintf("%d times", n)
}

// render answers with a whole page.
func (c *Console) render(w http.ResponseWriter, r *http.Request, s *session, status int, page string, data any) {
	v := view{Page: page, Section: cmp.Or(sections[page], page), Data: data}
	if s != nil {
		rights := s.Rights()
		v.Person = &person{Name: s.name, CSRF: s.csrf, Act: rights.Act, Addresses: rights.Addresses}
		v.Status = c.statusPart()
		w.Header().Set(headerToken, s.csrf) // for a page that was open before the person signed in again
	}
	var out bytes.Buffer
	if err := c.pages[page].ExecuteTemplate(&out, "layout", v); err != nil {
		c.deps.Log.Error("cannot show a page of the console", "page", page, "error", err)
		http.Error(w, "this page cannot be shown; see the log of syncer", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(out.Bytes()) // a browser that went away is no concern of ours
	}
}

// part returns a part of a page, as its template shows the data.
func (c *Console) part(name string, data any) template.HTML {
	var out bytes.Buffer
	if err := c.pages["parts"].ExecuteTemplate(&out, name, data); err != nil {
		c.deps.Log.Error("cannot show a part of the console", "part", name, "error", err)
		return ""
	}
	return template.HTML(out.String()) //nolint:gosec // html/template has escaped it
}

// problemPage is a page that says why another cannot be shown.
type problemPage struct{ Title, Text string }

// refuse answers that a request was not carried out.
func (c *Console) refuse(w http.ResponseWriter, r *http.Request, s *session, status int, text string) {
	c.render(w, r, s, status, "problem", problemPage{http.StatusText(status), text})
}

func (c *Console) notFound(w http.ResponseWriter, r *http.Request, s *session) {
	c.refuse(w, r, s, http.StatusNotFound, "There is no such page.")
}

// shown returns a text as it can be shown: what would not be seen, or would turn the direction
// of what is read, becomes a mark.
func shown(text string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return '\uFFFD'
		}
		return r
	}, text)
}

// clock returns the time of day in UTC.
func clock(t time.Time) string { return t.UTC().Format("15:04:05") }

// day returns day and time in UTC; "" for none.
func day(t syncer.Time) string {
	at, given := t.Instant()
	if !given {
		return ""
	}
	return at.UTC().Format("2006-01-02 15:04")
}

// number64 returns a number as text.
func number64(n int64) string { return strconv.FormatInt(n, 10) }

// signed returns a number with its sign, also if that is a plus.
func signed(n int64) string {
	if n > 0 {
		return "+" + number64(n)
	}
	return number64(n)
}

// ago says roughly how long something lasted.
func ago(d time.Duration) string {
	switch d = d.Round(time.Second); {
	case d < time.Minute:
		return d.String()
	case d < time.Hour:
		return d.Truncate(time.Minute).String()[:len(d.Truncate(time.Minute).String())-2]
	default:
		return d.Truncate(time.Hour).String()[:len(d.Truncate(time.Hour).String())-4]
	}
}
