package console

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"playersync/syncer"
	"playersync/syncer/mindustry"
	"playersync/syncer/sidecar"
)

// USIDs is what the console needs of rejected proofs of identity; *sidecar.USIDs is one.
type USIDs interface {
	RejectedUSIDs(ctx context.Context, size int) ([]mindustry.RejectedUSID, error)
	ApproveUSID(ctx context.Context, code, address string) (mindustry.RejectedUSID, error)
}

// usidsEvery is how often the page asks anew: no event tells of a rejection.
const usidsEvery = 5 * time.Second

// registerUSIDs adds the page of rejected proofs of identity.
func (c *Console) registerUSIDs() {
	u := &usids{console: c}
	part := c.changes("usids")
	part.every = usidsEvery
	c.live.add(part)
	c.handle("GET "+Path+"usids", u.list)
	c.handle("POST "+Path+"usids", u.approve)
}

// usids is the page of rejected proofs of identity.
type usids struct{ console *Console }

// usidsPage is the rejections that nobody has approved, newest first.
type usidsPage struct {
	listing[mindustry.RejectedUSID]
	Refused string // why a code was not approved
}

func (u *usids) list(w http.ResponseWriter, r *http.Request, s *session) { u.show(w, r, s, nil) }

func (u *usids) show(w http.ResponseWriter, r *http.Request, s *session, refused error) {
	page := usidsPage{listing: list(u.console, r,
		func(_ url.Values, at sidecar.Page) ([]mindustry.RejectedUSID, string, error) {
			rejected, err := u.console.deps.USIDs.RejectedUSIDs(r.Context(), at.Size)
			return rejected, "", err
		})}
	if refused != nil {
		page.status, page.Refused = u.console.problemOf(refused)
	}
	u.console.render(w, r, s, page.status, "usids", page)
}

func (u *usids) approve(w http.ResponseWriter, r *http.Request, s *session) {
	code := r.PostFormValue("code")
	err := mindustry.CheckRejectionCode(code)
	if err == nil {
		ctx := syncer.WithActor(r.Context(), s.name)
		_, err = u.console.deps.USIDs.ApproveUSID(ctx, code, r.PostFormValue("address"))
	}
	if err != nil {
		u.show(w, r, s, err)
		return
	}
	http.Redirect(w, r, u.console.url("usids"), http.StatusSeeOther)
}
