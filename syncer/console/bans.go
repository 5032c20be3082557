package console

import (
	"context"
	"errors"
	"html/template"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"playersync/syncer"
	"playersync/syncer/changefeed"
	"playersync/syncer/sidecar"
)

// Bans is what the console needs of bans; *sidecar.Bans is one.
type Bans interface {
	ListBans(ctx context.Context, filter syncer.BanFilter, page sidecar.Page) ([]syncer.Ban, string, error)
	Ban(ctx context.Context, number int64) (syncer.NotedBan, error)
	Identify(ctx context.Context, target syncer.Target) (syncer.IdentifiedTarget, error)
	PreviewBan(ctx context.Context, target syncer.Target, size int) (syncer.BanPreview, error)
	Impose(ctx context.Context, ban syncer.NewBan, strangers bool) (syncer.AddedBan, error)
	ChangeBan(ctx context.Context, number int64, change syncer.BanChange) (syncer.Ban, error)
	RevokeNumbered(ctx context.Context, number int64, by, reason string) (syncer.LiftedBan, error)
	AddBanNote(ctx context.Context, ban int64, note syncer.BanNote) (syncer.BanNote, error)
}

// registerBans adds the pages about bans.
func (c *Console) registerBans() {
	b := &bans{console: c, use: c.deps.Bans}
	c.live.add(c.changes("bans", changefeed.EventBan))
	c.handle("GET "+Path+"bans", b.list)
	c.handle("POST "+Path+"bans", b.add)
	c.handle("GET "+Path+"bans/new", b.showNew)
	c.handle("GET "+Path+"bans/preview", b.preview)
	c.handle("GET "+Path+"bans/{id}", b.showOne)
	c.handle("POST "+Path+"bans/{id}/change", b.change)
	c.handle("POST "+Path+"bans/{id}/lift", b.lift)
	c.handle("POST "+Path+"bans/{id}/notes", b.note)
}

// changesGap is the shortest time in which a page asks anew for what it shows, so that a busy
// network does not have it ask all the time. The first change is told at once.
const changesGap = time.Second

// changes returns a part that says nothing but that something has changed: a page asks anew
// then for what it shows.
func (c *Console) changes(name string, on ...changefeed.EventType) *livePart {
	var count atomic.Int64
	render := func() template.HTML { return numbered(count.Add(1)) }
	return &livePart{name: name, on: on, gap: changesGap, render: render}
}

// bans are the pages about bans.
type bans struct {
	console *Console
	use     Bans
}

// shownBan is a ban as pages show it.
type shownBan struct {
	syncer.Ban
	Active bool
}

// bansPage is a list of bans.
type bansPage struct {
	Target, Kind, State, Reason, By string // the filters, as they were given

	listing[shownBan]
}

// filter reads the filters.
func (p *bansPage) filter(q url.Values) (f syncer.BanFilter, err error) {
	p.Target, p.Kind, p.State = strings.TrimSpace(q.Get("target")), q.Get("kind"), q.Get("state")
	p.Reason, p.By = q.Get("reason"), q.Get("by")
	f.Reason, f.By = p.Reason, p.By
	if p.Target != "" {
		target, err := syncer.ReadTarget(p.Target)
		if err != nil {
			return f, err
		}
		f.ID, f.IP = target.ID, target.IP()
	}
	if p.Kind != "" {
		if f.Kind, err = syncer.ParseBanKind(p.Kind); err != nil {
			return f, err
		}
	}
	switch p.State {
	case "active":
		f.Active = new(true)
	case "over":
		f.Active = new(false)
	}
	return f, nil
}

func (b *bans) list(w http.ResponseWriter, r *http.Request, s *session) {
	var page bansPage
	page.listing = list(b.console, r, func(q url.Values, at sidecar.Page) (rows []shownBan, next string, err error) {
		filter, err := page.filter(q)
		if err != nil {
			return nil, "", err
		}
		found, next, err := b.use.ListBans(r.Context(), filter, at)
		return b.allShown(found), next, err
	})
	b.console.render(w, r, s, page.status, "bans", page)
}

func (b *bans) shown(ban syncer.Ban) shownBan {
	return shownBan{ban, ban.Applies(b.console.deps.Now())}
}

func (b *bans) allShown(bans []syncer.Ban) []shownBan {
	rows := make([]shownBan, len(bans))
	for i, ban := range bans {
		rows[i] = b.shown(ban)
	}
	return rows
}

// newBanPage is the form for a new ban, as far as it is filled in.
type newBanPage struct {
	Target, Reason, Duration string
	Replace                  bool
	Unconfirmed              bool // it must be said that this is meant
	Problem                  string
	Preview                  previewPart
}

func (b *bans) showNew(w http.ResponseWriter, r *http.Request, s *session) {
	page := newBanPage{Target: strings.TrimSpace(r.URL.Query().Get("target"))}
	if s.Rights().Act {
		page.Preview = b.previewOf(r.Context(), page.Target)
	}
	b.console.render(w, r, s, http.StatusOK, "new-ban", page)
}

// previewPart says whom a ban would keep out.
type previewPart struct {
	Target   string // "" if none can be told yet
	Problem  string
	Stranger bool // no player has this id
	syncer.BanPreview
}

// previewSize is how many players a preview names.
const previewSize = 10

func (b *bans) previewOf(ctx context.Context, text string) previewPart {
	if text == "" {
		return previewPart{}
	}
	target, err := syncer.ReadTarget(text)
	if err != nil {
		return previewPart{Target: text, Problem: err.Error()}
	}
	meant, err := b.use.Identify(ctx, target)
	part := previewPart{Target: text, Stranger: !meant.Known}
	if err == nil {
		part.BanPreview, err = b.use.PreviewBan(ctx, meant.Target, previewSize)
	}
	if err != nil {
		_, part.Problem = b.console.problemOf(err)
	}
	return part
}

func (b *bans) preview(w http.ResponseWriter, r *http.Request, s *session) {
	if !s.Rights().Addresses { // players of a range are not for everybody
		http.Error(w, "your login may not see this", http.StatusForbidden)
		return
	}
	part := b.console.part("preview", b.previewOf(r.Context(), strings.TrimSpace(r.URL.Query().Get("target"))))
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write([]byte(part)) // a browser that went away is no concern of ours
}

func (b *bans) add(w http.ResponseWriter, r *http.Request, s *session) {
	page := newBanPage{
		Target: strings.TrimSpace(r.PostFormValue("target")), Reason: r.PostFormValue("reason"),
		Duration: strings.TrimSpace(r.PostFormValue("duration")), Replace: r.PostFormValue("replace") != "",
	}
	added, err := b.impose(r.Context(), page, r.PostFormValue("confirm") != "", s.name)
	if err != nil {
		status, problem := b.console.problemOf(err)
		page.Problem, page.Unconfirmed = problem, syncer.CodeOf(err) == syncer.CodeUnconfirmed
		page.Preview = b.previewOf(r.Context(), page.Target)
		b.console.render(w, r, s, status, "new-ban", page)
		return
	}
	to := "bans/" + strconv.FormatInt(added.Ban.Number, 10)
	if added.Outcome == syncer.BanStands {
		to += "?told=stands"
	}
	http.Redirect(w, r, b.console.url(to), http.StatusSeeOther)
}

func (b *bans) impose(ctx context.Context, page newBanPage, confirmed bool, by string) (syncer.AddedBan, error) {
	target, err := syncer.ReadTarget(page.Target)
	if err != nil {
		return syncer.AddedBan{}, err
	}
	end, err := b.endOf(page.Duration)
	if err != nil {
		return syncer.AddedBan{}, err
	}
	return b.use.Impose(ctx, syncer.NewBan{
		Target: target, MeantID: syncer.IsMeantID(page.Target), Reason: page.Reason, By: by, ExpiresAt: end,
		Replace: page.Replace, Confirmed: confirmed,
	}, true)
}

// endOf returns when what begins now ends; "" or a word for ever: not by itself.
func (b *bans) endOf(duration string) (syncer.Time, error) {
	if duration == "" || syncer.IsForeverWord(duration) {
		return syncer.Time{}, nil
	}
	lasts, err := syncer.ParseDuration(duration)
	if err != nil {
		return syncer.Time{}, syncer.Invalid("duration", "%s", err)
	}
	return syncer.TimeOf(b.console.deps.Now().Add(lasts)), nil
}

// banPage is one ban with what can be done to it.
type banPage struct {
	shownBan
	Notes   []syncer.BanNote
	Told    string // what became of the request before
	Problem string
	Here    string
	Form    url.Values // what was typed and refused
}

// told are what a page can say of the request before.
var told = map[string]string{
	"stands":  "A ban of this target stood already, and is as it was.",
	"changed": "The ban was changed.",
	"lifted":  "The ban was lifted.",
	"over":    "The ban was over already.",
	"noted":   "The note was added.",

	"edited":  "The player was changed.",
	"muted":   "The player is muted.",
	"unmuted": "The player is not muted.",
	"paid":    "It is written to the ledger.",
	"kicked":  "The servers where the player is were told.",
}

func (b *bans) showOne(w http.ResponseWriter, r *http.Request, s *session) {
	b.show(w, r, s, nil)
}

// show answers with the page of a ban, and with what was wrong with a request.
func (b *bans) show(w http.ResponseWriter, r *http.Request, s *session, refused error) {
	number, err := strconv.ParseInt(r.PathValue("id"), 10, 64)
	if err != nil {
		b.console.notFound(w, r, s)
		return
	}
	ban, err := b.use.Ban(r.Context(), number)
	if err != nil {
		status, problem := b.console.problemOf(err)
		b.console.refuse(w, r, s, status, problem)
		return
	}
	page := banPage{
		shownBan: b.shown(ban.Ban), Notes: ban.Notes, Told: told[r.URL.Query().Get("told")],
		Here: "bans/" + strconv.FormatInt(number, 10),
	}
	status := http.StatusOK
	if refused != nil {
		status, page.Problem = b.console.problemOf(refused)
		page.Form = r.PostForm
	}
	b.console.render(w, r, s, status, "ban", page)
}

// done leads back to the page of a ban, or shows it with what was wrong.
func (b *bans) done(w http.ResponseWriter, r *http.Request, s *session, what string, err error) {
	if err != nil {
		b.show(w, r, s, err)
		return
	}
	http.Redirect(w, r, b.console.url("bans/"+r.PathValue("id")+"?told="+what), http.StatusSeeOther)
}

// number returns the number of the ban that a request is about; 0, which no ban has, for none.
func number(r *http.Request) int64 {
	n, _ := strconv.ParseInt(r.PathValue("id"), 10, 64)
	return n
}

func (b *bans) change(w http.ResponseWriter, r *http.Request, s *session) {
	change := syncer.BanChange{By: s.name}
	change.Reason.Value, change.Reason.Set = r.PostFormValue("reason"), true
	revision, err := expected(r)
	change.Expected = revision
	if duration := strings.TrimSpace(r.PostFormValue("duration")); err == nil && duration != "" {
		change.ExpiresAt.Value, err = b.endOf(duration)
		change.ExpiresAt.Set = true
	}
	if err == nil {
		_, err = b.use.ChangeBan(r.Context(), number(r), change)
	}
	b.done(w, r, s, "changed", err)
}

func (b *bans) lift(w http.ResponseWriter, r *http.Request, s *session) {
	lifted, err := b.use.RevokeNumbered(r.Context(), number(r), s.name, r.PostFormValue("reason"))
	what := "over"
	if lifted.Lifted {
		what = "lifted"
	}
	b.done(w, r, s, what, err)
}

func (b *bans) note(w http.ResponseWriter, r *http.Request, s *session) {
	_, err := b.use.AddBanNote(r.Context(), number(r), syncer.BanNote{By: s.name, Text: r.PostFormValue("text")})
	b.done(w, r, s, "noted", err)
}

// expected returns the revision that a form was shown with: who changes something that
// somebody else has changed since is told.
func expected(r *http.Request) (*int64, error) {
	revision, err := strconv.ParseInt(r.PostFormValue("revision"), 10, 64)
	if err != nil {
		return nil, syncer.Invalid("revision", "must be the one that the page shows")
	}
	return &revision, nil
}

// problemOf says what is wrong, for a person, with the status that fits.
func (c *Console) problemOf(err error) (status int, text string) {
	refused, ok := errors.AsType[*syncer.Error](err)
	if !ok {
		c.deps.Log.Error("cannot answer the console", "error", err)
		return http.StatusInternalServerError, "This is a fault of syncer; see its log."
	}
	text = refused.Message
	if refused.Field != "" {
		text = refused.Field + ": " + text
	}
	switch refused.Code {
	case syncer.CodeNotFound:
		return http.StatusNotFound, text
	case syncer.CodeInvalid, syncer.CodeTooLarge:
		return http.StatusUnprocessableEntity, text
	case syncer.CodeStale:
		return http.StatusConflict, "Somebody else has changed it since you opened this page: nothing was stored. " +
			"Look at what stands now, and send it again if you still mean it."
	case syncer.CodeUnavailable:
		return http.StatusServiceUnavailable, "The database is away: nothing was stored. Try again later."
	case syncer.CodeOutcomeUnknown:
		return http.StatusServiceUnavailable, "The connection broke: it may be stored. Look before you repeat it."
	default:
		return http.StatusConflict, text
	}
}
