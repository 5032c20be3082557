package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// Audit is what the API needs of the audit; *sidecar.Audit is one.
type Audit interface {
	List(ctx context.Context, filter syncer.AuditFilter, page sidecar.Page) (entries []syncer.AuditEntry, next string, err error)
	Revert(ctx context.Context, number int64, by, reason string) (syncer.AuditEntry, error)
}

// registerAudit adds the operations on the audit.
func (s *Server) registerAudit() {
	register(s, s.auditOperation())
	register(s, s.revertOperation())
}

// AuditPage is the body of a listing's answer.
type AuditPage struct {
	Entries []syncer.AuditView `json:"entries" nullable:"false" doc:"The changes, newest first."`
	Next    *string            `json:"next" doc:"The next page's after; null: this is the last."`
}

// auditInput is what to list.
type auditInput struct {
	filter syncer.AuditFilter
	page   sidecar.Page
}

func (s *Server) auditOperation() operation[auditInput, plain[AuditPage]] {
	return operation[auditInput, plain[AuditPage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/audit", id: "list-audit", tag: tagAudit,
			summary: "List changes of important fields and bans",
			description: "Who changed what of which player or ban, from what to what, through the API or in SQL: from the database, newest first. " +
				"Old changes are forgotten after audit.retention.",
			parameters: append([]*huma.Param{
				queryParameter("uuid", "Only of this player, and of bans of this id.", textSchema("", exampleID, 64), false),
				queryParameter("ip", "Only of bans of addresses and ranges that overlap this one; not with uuid.", textSchema("", "198.51.100.7", 64), false),
				queryParameter("field", "Only of this field.", enumSchema("", auditFields()...), false),
				queryParameter("by", "Only by this person or, where none was named, this database login.", textSchema("", "Steve", syncer.MaxHistoryText), false),
				queryParameter("server", "Only through this game server.", textSchema("", "survival-1", 64), false),
				queryParameter("from", "Not before this time.", instantParameter(), false),
				queryParameter("to", "Before this time.", instantParameter(), false),
			}, pageParameters()...),
			replies:  []reply{{http.StatusOK, "One page.", reflect.TypeFor[AuditPage](), exampleAuditPage(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: decodeAudit,
		handle: func(ctx context.Context, _ *call, in auditInput) (plain[AuditPage], error) {
			entries, next, err := s.deps.Audit.List(ctx, in.filter, in.page)
			page := AuditPage{Entries: make([]syncer.AuditView, len(entries)), Next: optional(next)}
			for i, e := range entries {
				page.Entries[i] = e.View()
			}
			return plain[AuditPage]{http.StatusOK, page}, inQueryIfAny(err)
		},
	}
}

func decodeAudit(c *call) (in auditInput, err error) {
	q, err := parameters(c.r, "uuid", "ip", "field", "by", "server", "from", "to", "limit", "after")
	if err != nil {
		return in, err
	}
	in.page = q.page()
	if uuid := q.values.Get("uuid"); q.values.Has("uuid") {
		in.filter.ID, err = syncer.ParsePlayerID(uuid)
		q.note("uuid", err)
	}
	if ip := q.values.Get("ip"); q.values.Has("ip") {
		in.filter.Prefix, err = syncer.ParsePrefix(ip)
		q.note("ip", err)
	}
	for name, into := range map[string]*string{"by": &in.filter.By, "server": &in.filter.Server, "field": (*string)(&in.filter.Field)} {
		if *into = q.values.Get(name); *into == "" && q.values.Has(name) {
			q.fault(name, "must not be empty; leave it out")
		}
	}
	in.filter.Since, in.filter.Until = q.instant("from"), q.instant("to")
	return in, q.err()
}

func auditFields() []string {
	fields := make([]string, len(syncer.AuditFields))
	for i, field := range syncer.AuditFields {
		fields[i] = string(field)
	}
	return fields
}

// revertInput says which change to take back, for whom and why.
type revertInput struct {
	number     int64
	by, reason string
}

func (s *Server) revertOperation() operation[revertInput, plain[syncer.AuditView]] {
	schema := objectSchema("Who does it and why.", map[string]*huma.Schema{
		"by":     nullableText("For whom; absent: what Syncer-By says.", "Steve", syncer.MaxHistoryText),
		"reason": nullableText("Why; kept where the revert lifts a ban.", "a slip", syncer.MaxReasonLength),
	})
	decode := optionalBody(s, func(_ *call, v value) revertInput { return decodeRevert(v) })
	return operation[revertInput, plain[syncer.AuditView]]{
		doc: document{
			method: http.MethodPost, path: "/v1/audit/{number}/revert", id: "revert-change", tag: tagAudit,
			summary: "Take a change back",
			description: "Restores what was before, as a change of its own that reaches every server like any other: a field gets its old value, " +
				"a new ban is lifted, a lifted one stands again, a deleted row comes back, a player without history, usids, balances and visits. " +
				"409 with the code changed_since: the value is no longer the one that the change left, and stays; what was changed and changed back counts as unchanged. " +
				"409 with the code conflict: truncated tables and new players cannot be taken back, nor what does not fit the rest of the row any more.",
			parameters: []*huma.Param{numberParameter("Number of the change.", 17)},
			request:    jsonBody("Who and why.", false, schema, map[string]any{"by": "Steve", "reason": "a slip"}),
			replies:    []reply{{http.StatusOK, "The new change.", reflect.TypeFor[syncer.AuditView](), exampleAudit(), nil, ""}},
			refusals:   append([]int{http.StatusNotFound, http.StatusConflict}, stored...),
		},
		decode: func(c *call) (revertInput, error) {
			in, err := decode(c)
			if err != nil {
				return in, err
			}
			in.number, err = c.number("must be the number of a change")
			return in, err
		},
		handle: func(ctx context.Context, _ *call, in revertInput) (plain[syncer.AuditView], error) {
			entry, err := s.deps.Audit.Revert(ctx, in.number, in.by, in.reason)
			return plain[syncer.AuditView]{http.StatusOK, entry.View()}, err
		},
	}
}

func decodeRevert(v value) (in revertInput) {
	text := func(into *string) func(member) {
		return func(m member) {
			if !m.null() {
				*into, _ = m.text()
			}
		}
	}
	v.fields(map[string]func(member){"by": text(&in.by), "reason": text(&in.reason)})
	return in
}

func exampleAudit() syncer.AuditView {
	at, _ := syncer.ParseTime(exampleTime)
	return syncer.AuditEntry{
		Number: 18, At: at, Entity: syncer.EntityPlayer, Target: syncer.TargetID(exampleID), Field: "rank",
		Old: json.RawMessage(`"admin"`), New: json.RawMessage(`"player"`), By: "Steve", Server: "survival-1", Role: "syncer", Reverts: 17,
	}.View()
}

func exampleAuditPage() AuditPage { return AuditPage{Entries: []syncer.AuditView{exampleAudit()}} }
