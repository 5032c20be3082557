package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

// registerAudit adds the operations on the audit.
func (s *Server) registerAudit() {
	declare(s, route{
		http.MethodGet, "/v1/audit", "list-audit", tagAudit,
		"List changes of important fields and bans",
		"Who changed what of which player or ban, from what to what, through the API or in SQL: from the database, " +
			"newest first. " +
			"Old changes are forgotten after audit.retention.",
		replies{200: "One page."},
		stored,
	}, s.listAudit)
	declare(s, route{
		http.MethodPost, "/v1/audit/{id}/revert", "revert-change", tagAudit,
		"Take a change back",
		"Restores what was before, as a change of its own that reaches every server like any other: " +
			"a field gets its old value, a new ban is lifted, a lifted one stands again, a deleted row comes back, " +
			"a player without history, usids, balances and visits. " +
			"409 with the code changed_since: the value is no longer the one that the change left, and stays; " +
			"what was changed and changed back counts as unchanged. " +
			"409 with the code conflict: truncated tables and new players cannot be taken back, " +
			"nor what does not fit the rest of the row any more.",
		replies{200: "The new change."},
		storedOr(http.StatusNotFound, http.StatusConflict),
	}, s.revertChange)
}

// Audit is what the API needs of the audit; *sidecar.Audit is one.
type Audit interface {
	List(
		ctx context.Context, filter syncer.AuditFilter, page sidecar.Page,
	) (entries []syncer.AuditEntry, next string, err error)
	Revert(ctx context.Context, number int64, by, reason string) (syncer.AuditEntry, error)
}

type listAuditInput struct {
	UUID   bannedPlayer `query:"uuid" minLength:"1" maxLength:"69" example:"abcdefghijklmnopqrstuv==" doc:"Only of this player id or, where nobody has it, of the one player of that name; and of bans of it."`
	IP     network      `query:"ip" minLength:"1" maxLength:"64" example:"198.51.100.7" doc:"Only of bans of addresses and ranges that overlap this one; not with uuid."`
	Field  auditField   `query:"field" minLength:"1" doc:"Only of this field."`
	By     string       `query:"by" minLength:"1" maxLength:"512" example:"Steve" doc:"Only by this person or, where none was named, this database login."`
	Server string       `query:"server" minLength:"1" maxLength:"64" example:"survival-1" doc:"Only through this game server."`
	From   moment       `query:"from" minLength:"1" maxLength:"64" example:"2030-01-02T03:04:05.000Z" doc:"Not before this time: RFC 3339, or how long ago, such as 7d."`
	To     moment       `query:"to" minLength:"1" maxLength:"64" example:"2030-01-03T03:04:05.000Z" doc:"Before this time."`
	Page
}

func (s *Server) listAudit(ctx context.Context, in *listAuditInput) (*result[wire.AuditPage], error) {
	now := s.deps.Players.Now()
	identified, err := s.deps.Bans.Identify(ctx, syncer.Target{ID: in.UUID.PlayerID})
	if err != nil {
		return nil, inQueryIfAny(err)
	}
	entries, next, err := s.deps.Audit.List(ctx, syncer.AuditFilter{
		ID: identified.Target.ID, Prefix: in.IP.Prefix, Field: in.Field.AuditField, By: in.By, Server: in.Server,
		Since: in.From.At(now), Until: in.To.At(now),
	}, in.selection())
	page := wire.AuditPage{Entries: wire.AuditEntriesOf(entries), Next: wire.Next(next)}
	return &result[wire.AuditPage]{page}, inQueryIfAny(err)
}

type revertChangeInput struct {
	Number int64 `path:"id" minimum:"1" maximum:"9007199254740991" example:"17" doc:"Number of the change."`
	Author
	Body *wire.Revert `doc:"Who does it and why."`
}

func (s *Server) revertChange(ctx context.Context, in *revertChangeInput) (*result[wire.AuditEntry], error) {
	by, reason := in.Body.Attribution()
	entry, err := s.deps.Audit.Revert(ctx, in.Number, by, reason)
	return &result[wire.AuditEntry]{wire.AuditEntryOf(entry)}, err
}
