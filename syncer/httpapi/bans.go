package httpapi

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// registerBans adds the operations on bans.
func (s *Server) registerBans() {
	register(s, s.banOperation())
	register(s, s.checkOperation())
	register(s, s.liftOperation())
	register(s, s.bansOperation())
}

// Lifted is the body of a lift's answer.
type Lifted struct {
	Lifted bool `json:"lifted" doc:"Whether a ban stood and was lifted."`
	Ban    *Ban `json:"ban" doc:"The ban that was lifted; null if none stood."`
}

// TransformSchema says which members may be null.
func (Lifted) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullableMembers(s, "ban")
}

// BansPage is the body of a listing's answer.
type BansPage struct {
	Bans []Ban   `json:"bans" nullable:"false" doc:"The bans, newest first."`
	Next *string `json:"next" doc:"The next page's after; null: this is the last."`
}

func (s *Server) banOperation() operation[syncer.NewBan, plain[Ban]] {
	schema := banSchema("Whom to ban: either uuid or ip. Null says as much as absent.", "uuid", "ip", "reason", "by", "expiresAt", "duration")
	return operation[syncer.NewBan, plain[Ban]]{
		doc: document{
			method: http.MethodPost, path: "/v1/bans", id: "add-ban", tag: tagBans,
			summary:     "Ban a player id, an address or a range",
			description: "At most one ban of a target stands at a time: if one does already, it is returned as it is.",
			request:     jsonBody("The ban.", true, schema, exampleNewBan),
			replies: []reply{
				{http.StatusCreated, "The new ban.", reflect.TypeFor[Ban](), exampleBan(), nil, ""},
				{http.StatusOK, "The ban that already stands.", reflect.TypeFor[Ban](), exampleBan(), nil, ""},
			},
			refusals: append([]int{http.StatusConflict}, stored...),
		},
		decode: body(s, func(_ *call, v value) syncer.NewBan { return decodeNewBan(v, s.deps.Players.Now()) }),
		handle: func(ctx context.Context, _ *call, in syncer.NewBan) (plain[Ban], error) {
			ban, created, err := s.deps.Bans.AddBan(ctx, in)
			status := http.StatusOK
			if created {
				status = http.StatusCreated
			}
			return plain[Ban]{status, ban.View(s.deps.Players.Now())}, err
		},
	}
}

func (s *Server) checkOperation() operation[banQuestion, checkAnswer] {
	return operation[banQuestion, checkAnswer]{
		doc: document{
			method: http.MethodPost, path: "/v1/bans/check", id: "check-bans", tag: tagBans,
			summary:     "Ask whether bans forbid joining",
			description: "The bans of the player id, of the address and of every range that contains it. The verdict comes from memory.",
			request:     jsonBody("Whom to ask about.", true, banSchema("A uuid, an ip or both.", "uuid", "ip"), exampleQuestion),
			replies:     []reply{{http.StatusOK, "The verdict.", reflect.TypeFor[Checked](), exampleChecked(), nil, ""}},
		},
		decode: body(s, func(_ *call, v value) banQuestion { return decodeBanQuestion(v) }),
		handle: func(ctx context.Context, _ *call, in banQuestion) (checkAnswer, error) {
			bans, err := s.deps.Bans.CheckBans(ctx, in.id, in.address)
			if err != nil || len(bans) == 0 {
				return checkAnswer{}, err
			}
			return checkAnswer{bans: bans, now: s.deps.Players.Now()}, nil
		},
	}
}

func (s *Server) liftOperation() operation[liftRequest, plain[Lifted]] {
	schema := banSchema("Whose ban to lift: either uuid or ip.", "uuid", "ip", "by", "reason")
	return operation[liftRequest, plain[Lifted]]{
		doc: document{
			method: http.MethodPost, path: "/v1/bans/lift", id: "lift-ban", tag: tagBans,
			summary:     "Lift a ban",
			description: "The ban stays as history. Exactly the given target is meant: a range that contains it stays banned.",
			request:     jsonBody("The target.", true, schema, exampleLift),
			replies:     []reply{{http.StatusOK, "Whether a ban stood.", reflect.TypeFor[Lifted](), exampleLifted(), nil, ""}},
			refusals:    stored,
		},
		decode: body(s, func(_ *call, v value) liftRequest { return decodeLift(v) }),
		handle: func(ctx context.Context, _ *call, in liftRequest) (plain[Lifted], error) {
			ban, lifted, err := s.deps.Bans.LiftBan(ctx, in.target, in.by, in.reason)
			answer := Lifted{Lifted: lifted}
			if lifted {
				b := ban.View(s.deps.Players.Now())
				answer.Ban = &b
			}
			return plain[Lifted]{http.StatusOK, answer}, err
		},
	}
}

// bansInput is what to list.
type bansInput struct {
	filter syncer.BanFilter
	page   sidecar.Page
}

func (s *Server) bansOperation() operation[bansInput, plain[BansPage]] {
	return operation[bansInput, plain[BansPage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/bans", id: "list-bans", tag: tagBans,
			summary:     "List bans",
			description: "Bans open and lifted, from the database.",
			parameters: append([]*huma.Param{
				queryParameter("uuid", "Only of this player id.", textSchema("", exampleID, 64), false),
				queryParameter("ip", "Only of addresses and ranges that overlap this one.", textSchema("", "198.51.100.7", 64), false),
				queryParameter("by", "Only by this author.", textSchema("", "Steve", 512), false),
				queryParameter("liftedBy", "Only those that this person lifted.", textSchema("", "Alice", 512), false),
				queryParameter("active", "Only those in force now, or only those not.", booleanSchema(""), false),
				queryParameter("kind", "Only of player ids, single addresses or ranges.", enumSchema("", "player", "address", "range"), false),
				queryParameter("reason", "Only those whose reason contains this, whatever the case.", textSchema("", "grief", syncer.MaxReasonLength), false),
				queryParameter("from", "Only those made at this time or later, RFC 3339.", instantParameter(), false),
				queryParameter("to", "Only those made before this time, RFC 3339.", instantParameter(), false),
			}, pageParameters()...),
			replies:  []reply{{http.StatusOK, "One page.", reflect.TypeFor[BansPage](), exampleBansPage(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: decodeBans,
		handle: func(ctx context.Context, _ *call, in bansInput) (plain[BansPage], error) {
			bans, next, err := s.deps.Bans.ListBans(ctx, in.filter, in.page)
			return plain[BansPage]{http.StatusOK, BansPage{syncer.ViewBans(bans, s.deps.Players.Now()), optional(next)}}, inQueryIfAny(err)
		},
	}
}

// instantParameter describes a time in the query.
func instantParameter() *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Examples: []any{exampleTime}}
}

func decodeBans(c *call) (in bansInput, err error) {
	q, err := parameters(c.r, "uuid", "ip", "by", "liftedBy", "active", "kind", "reason", "from", "to", "limit", "after")
	if err != nil {
		return in, err
	}
	in.page = q.page()
	in.filter = q.banFilter()
	return in, q.err()
}

// banFilter reads which bans are wanted.
func (q *query) banFilter() (f syncer.BanFilter) {
	f.By, f.LiftedBy, f.Reason = q.text("by"), q.text("liftedBy"), q.text("reason")
	f.CreatedFrom, f.CreatedTo = q.instant("from"), q.instant("to")
	var err error
	if q.values.Has("uuid") {
		f.ID, err = syncer.ParsePlayerID(q.values.Get("uuid"))
		q.note("uuid", err)
	}
	if q.values.Has("ip") {
		prefix, err := syncer.ParsePrefix(q.values.Get("ip"))
		q.note("ip", err)
		f.IP = syncer.Target{Prefix: prefix}.IP()
	}
	if q.values.Has("kind") {
		f.Kind, err = syncer.ParseBanKind(q.values.Get("kind"))
		q.note("kind", err)
	}
	switch active := q.values.Get("active"); {
	case active == "true" || active == "false":
		f.Active = new(active == "true")
	case q.values.Has("active"):
		q.fault("active", "must be true or false")
	}
	return f
}

// text reads a text that PostgreSQL takes.
func (q *query) text(name string) string {
	text := q.values.Get(name)
	if !storableText(text) {
		q.fault(name, "must be UTF-8 without NUL")
	}
	return text
}

// instant reads an RFC 3339 time, or none.
func (q *query) instant(name string) syncer.Time {
	if !q.values.Has(name) {
		return syncer.Time{}
	}
	at, err := syncer.ParseTime(q.values.Get(name))
	if err != nil || at.IsForever() {
		q.fault(name, "must be an RFC 3339 time such as "+exampleTime+"; write + as %2B")
	}
	return at
}

// note takes over a fault that the domain found.
func (q *query) note(name string, err error) {
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		q.fault(name, e.Message)
	}
}
