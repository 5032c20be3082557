package httpapi

import (
	"cmp"
	"context"
	"net/http"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
	"playersync/syncer/sidecar"
)

// registerModLog adds the operations on the moderation log.
func (s *Server) registerModLog() {
	declare(s, route{
		http.MethodGet, "/v1/moderation-log", "list-moderation-log", tagStaff,
		"Read the moderation log",
		"What game servers report of moderation: from the database, newest first. It is kept until somebody " +
			"deletes it. An event of the type `moderation` tells of each new entry.",
		replies{200: "One page."},
		stored,
	}, s.listModLog)
	declare(s, route{
		http.MethodPost, "/v1/moderation-log", "add-moderation-entry", tagStaff,
		"Write into the moderation log",
		"The same again within five seconds is the same. During an outage of the database the entry waits on disk. " +
			"It goes to the webhook too.",
		replies{204: "Stored, or kept on disk until it can be."},
		nil,
	}, s.addModEntry)
}

// ModLog is what the API needs of the moderation log; *sidecar.ModLog is one.
type ModLog interface {
	List(
		ctx context.Context, filter mindustry.ModLogFilter, page sidecar.Page,
	) (entries []mindustry.ModEntry, next string, err error)
	Add(ctx context.Context, source, message string) error
}

type listModLogInput struct {
	Source string `query:"source" minLength:"1" maxLength:"512" example:"survival-1" doc:"Only what was reported from there."`
	Text   string `query:"text" minLength:"1" maxLength:"512" example:"stopped" doc:"Only entries that contain this text, in any case."`
	From   moment `query:"from" minLength:"1" maxLength:"64" example:"2030-01-02T03:04:05.000Z" doc:"Not before this time: RFC 3339, or how long ago, such as 7d."`
	To     moment `query:"to" minLength:"1" maxLength:"64" example:"2030-01-03T03:04:05.000Z" doc:"Before this time."`
	Page
}

func (s *Server) listModLog(ctx context.Context, in *listModLogInput) (*result[wire.ModLogPage], error) {
	now := s.deps.Players.Now()
	entries, next, err := s.deps.ModLog.List(ctx, mindustry.ModLogFilter{
		Source: in.Source, Text: in.Text, Since: in.From.At(now), Until: in.To.At(now),
	}, in.selection())
	page := wire.ModLogPage{Entries: wire.ModEntriesOf(entries), Next: wire.Next(next)}
	return &result[wire.ModLogPage]{page}, inQueryIfAny(err)
}

type addModEntryInput struct {
	Acting
	Body wire.NewModEntry `doc:"The entry."`
}

func (s *Server) addModEntry(ctx context.Context, in *addModEntryInput) (*struct{}, error) {
	source := cmp.Or(in.Body.Source, in.from.Name)
	if own, bound := s.deps.Servers.Named(speaker(ctx)); bound && source != own.Name {
		return nil, foreignServer(own, notThisServer(inBody, "source", own.Name))
	}
	return &struct{}{}, s.deps.ModLog.Add(ctx, source, in.Body.Message)
}
