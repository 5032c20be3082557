package console

import (
	"net/http"
	"net/url"
	"strings"

	"playersync/syncer"
)

// signInPage is what the page on which somebody signs in shows.
type signInPage struct {
	To      string // the page to go on to, behind Path
	Name    string
	Problem string
}

func (c *Console) showSignIn(w http.ResponseWriter, r *http.Request) {
	c.render(w, r, nil, http.StatusOK, "sign-in", signInPage{To: ownPage(r.URL.Query().Get("to"))})
}

// signIn begins a session for who knows the password of a login.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 16<<10)
	page := signInPage{Name: r.PostFormValue("name"), To: ownPage(r.PostFormValue("to"))}
	refuse := func(status int, problem string) {
		page.Problem = problem
		c.render(w, r, nil, status, "sign-in", page)
	}
	if c.origins.Check(r) != nil {
		refuse(http.StatusForbidden, "This request came from another site.")
		return
	}
	if !c.tries.take(page.Name, r.RemoteAddr) {
		w.Header().Set("Retry-After", "60")
		refuse(http.StatusTooManyRequests, "Too many wrong passwords: wait a minute.")
		return
	}
	rights, ok, err := c.deps.SignIn.SignIn(r.Context(), page.Name, r.PostFormValue("password"))
	switch {
	case err != nil:
		c.deps.Log.Warn("cannot sign somebody in", "error", err)
		refuse(http.StatusServiceUnavailable, "The database is away, so that nobody can sign in.")
		return
	case !ok:
		c.deps.Log.Warn("wrong password for the console", "peer", r.RemoteAddr)
		refuse(http.StatusUnauthorized, "Name and password do not belong together.")
		return
	case !rights.See:
		refuse(http.StatusForbidden,
			"This login may see nothing: it is a member of neither playersync_readonly nor playersync_app.")
		return
	}
	c.tries.succeeded(page.Name, r.RemoteAddr)
	c.begin(w, r, page.Name, false, rights)
	http.Redirect(w, r, c.url(page.To), http.StatusSeeOther)
}

// begin gives the browser a session of its own; the one it had ends.
func (c *Console) begin(w http.ResponseWriter, r *http.Request, name string, owner bool, rights syncer.Rights) {
	if before := c.sessionOf(r, false); before != nil {
		c.sessions.end(before)
	}
	token, _ := c.sessions.begin(name, owner, rights)
	c.setCookie(w, r, token)
}

func (c *Console) signOut(w http.ResponseWriter, r *http.Request, s *session) {
	c.sessions.end(s)
	c.setCookie(w, r, "")
	http.Redirect(w, r, c.url("sign-in"), http.StatusSeeOther)
}

// Link returns a path that signs the owner of the machine in, once and within a quarter of an
// hour; "" if nobody is configured as such.
func (c *Console) Link() string {
	if c.config.Owner == "" {
		return ""
	}
	return c.url("enter") + "?" + url.Values{"key": {c.keys.draw()}}.Encode()
}

// enter begins a session for who has a one-time link.
func (c *Console) enter(w http.ResponseWriter, r *http.Request) {
	if c.config.Owner == "" || !c.keys.use(r.URL.Query().Get("key")) {
		c.render(w, r, nil, http.StatusForbidden, "sign-in", signInPage{
			Problem: "This link has been used already, or is too old. Sign in with a login, or start syncer anew.",
		})
		return
	}
	c.begin(w, r, c.config.Owner, true, syncer.Rights{See: true, Act: true, Addresses: true})
	http.Redirect(w, r, c.url(""), http.StatusSeeOther)
}

// ownPage returns a page of the console as it is, and "" for what could lead elsewhere.
func ownPage(to string) string {
	parsed, err := url.Parse(to)
	if err != nil || parsed.IsAbs() || parsed.Host != "" || strings.HasPrefix(to, "/") || strings.Contains(to, `\`) ||
		strings.Contains("/"+parsed.Path+"/", "/../") || strings.HasPrefix(to, "sign-") {
		return ""
	}
	return to
}
