package console

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	headerToken = "X-Csrf-Token"
	fieldToken  = "csrf"

	// rightsLast is how long rights count before they are asked for again, for somebody who
	// only looks. Who changes something is asked for at once.
	rightsLast = time.Minute
)

// contentPolicy lets a page run and show what this server sends, and nothing else.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// guardHeaders sets what every answer carries.
func guardHeaders(h http.Header) {
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Frame-Options", "DENY")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "same-origin")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Cache-Control", "no-store")
}

// admit returns the session of a request, or answers why there is none.
func (c *Console) admit(w http.ResponseWriter, r *http.Request) *session {
	changes := r.Method != http.MethodGet && r.Method != http.MethodHead
	s := c.sessionOf(r, r.Header.Get("Hx-Request") == "" || changes)
	if s == nil {
		c.askToSignIn(w, r)
		return nil
	}
	if changes && !c.isOurs(r, s) {
		c.refuse(w, r, s, http.StatusForbidden,
			"This request did not come from a page of the console. Load the page anew.")
		return nil
	}
	if !c.refreshRights(r.Context(), s, changes) {
		c.sessions.end(s)
		c.askToSignIn(w, r)
		return nil
	}
	if rights := s.Rights(); changes && !rights.Act && r.URL.Path != Path+"sign-out" {
		c.refuse(w, r, s, http.StatusForbidden,
			"Your login may look, but not change anything: it is no member of playersync_app.")
		return nil
	}
	return s
}

func (c *Console) sessionOf(r *http.Request, used bool) *session {
	cookie, err := r.Cookie(cookieName(r))
	if err != nil {
		return nil
	}
	return c.sessions.find(cookie.Value, used)
}

// isOurs reports whether a request that changes something was made by a page of this server.
func (c *Console) isOurs(r *http.Request, s *session) bool {
	if c.origins.Check(r) != nil {
		return false
	}
	token := r.Header.Get(headerToken)
	if token == "" {
		token = r.PostFormValue(fieldToken)
	}
	return s.carries(token)
}

// refreshRights asks the database again what a person may do, and reports whether he may see
// anything still. While the database is away what was known last counts: nothing can be
// changed then.
func (c *Console) refreshRights(ctx context.Context, s *session, now bool) bool {
	s.mu.Lock()
	due := !s.owner && (now || time.Since(s.checked) >= rightsLast)
	s.mu.Unlock()
	if due {
		if rights, err := c.deps.SignIn.Rights(ctx, s.name); err == nil {
			s.mu.Lock()
			s.rights, s.checked = rights, time.Now()
			s.mu.Unlock()
		}
	}
	return s.Rights().See
}

// askToSignIn answers somebody who is not signed in: a page leads to where he can, a part of
// a page says so by its status.
func (c *Console) askToSignIn(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Hx-Request") != "" || r.Method != http.MethodGet || r.URL.Path == Path+"live" {
		http.Error(w, "sign in first", http.StatusUnauthorized)
		return
	}
	if _, err := r.Cookie(cookieName(r)); err != nil && r.Header.Get("Sec-Fetch-Site") == "cross-site" {
		// A link in another page: the browser keeps the cookie back, and sends it to ourselves.
		w.Header().Set("Refresh", "0")
		w.WriteHeader(http.StatusOK)
		return
	}
	page := strings.TrimPrefix(r.URL.Path, Path)
	if r.URL.RawQuery != "" {
		page += "?" + r.URL.RawQuery
	}
	target := c.url("sign-in")
	if page != "" {
		target += "?" + url.Values{"to": {page}}.Encode()
	}
	http.Redirect(w, r, target, http.StatusSeeOther)
}

// isSecure reports whether the browser speaks TLS, with us or with a proxy in front.
func isSecure(r *http.Request) bool {
	return r.TLS != nil || strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
}

// cookieName differs between the ports of a host, whose cookies browsers do not keep apart.
func cookieName(r *http.Request) string {
	name := "syncer-console"
	if _, port, err := net.SplitHostPort(r.Host); err == nil {
		name += "-" + port
	}
	return name
}

func (c *Console) setCookie(w http.ResponseWriter, r *http.Request, token string) {
	cookie := &http.Cookie{
		Name: cookieName(r), Value: token, Path: c.url(""), HttpOnly: true, Secure: isSecure(r),
		SameSite: http.SameSiteStrictMode, MaxAge: int(c.config.Absolute.Seconds()),
	}
	if token == "" {
		cookie.MaxAge = -1
	}
	http.SetCookie(w, cookie)
}
