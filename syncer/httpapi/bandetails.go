package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// registerBanDetails adds the operations on one ban, and on one that may be made.
func (s *Server) registerBanDetails() {
	declare(s, route{
		http.MethodGet, "/v1/bans/{id}", "get-ban", tagBans,
		"Read a ban and its notes",
		"A ban open or over, from the database. Notes are for the staff: no verdict and no event carries them.",
		replies{200: "The ban."},
		storedOr(http.StatusNotFound),
	}, s.getBan)
	declare(s, route{
		http.MethodPatch, "/v1/bans/{id}", "change-ban", tagBans,
		"Change the reason or the end of a ban",
		"Of a ban in force: one that is over stays as it is. " +
			"An expiresAt of null or infinity lets it last until it is lifted; a duration counts from now. " +
			"With If-Match nothing happens unless the revision is still the one given.",
		replies{200: "The ban as it is now."},
		storedOr(http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed),
	}, s.changeBan)
	declare(s, route{
		http.MethodPost, "/v1/bans/{id}/notes", "add-ban-note", tagBans,
		"Note something on a ban",
		"For the staff: players never see it. A ban that is over can be noted on too. A ban has at most 1000 notes.",
		replies{201: "The note as it is stored."},
		storedOr(http.StatusNotFound),
	}, s.addBanNote)
	declare(s, route{
		http.MethodGet, "/v1/bans/preview", "preview-ban", tagBans,
		"Ask whom a ban would keep out",
		"The player of an id, or the players who joined from an address or range before, " +
			"as far as that is remembered, and where they are now. Nothing is banned.",
		replies{200: "The preview."},
		stored,
	}, s.previewBan)
}

// BanDetails is what the API needs of the use-cases about single bans and their
// notes; *sidecar.Bans is one.
type BanDetails interface {
	Ban(ctx context.Context, number int64) (syncer.NotedBan, error)
	ChangeBan(ctx context.Context, number int64, change syncer.BanChange) (syncer.Ban, error)
	AddBanNote(ctx context.Context, ban int64, note syncer.BanNote) (syncer.BanNote, error)
	PreviewBan(ctx context.Context, target syncer.Target, size int) (syncer.BanPreview, error)
}

// OneBan is part of the input of an operation on one ban.
type OneBan struct {
	Number int64 `path:"id" minimum:"1" maximum:"9007199254740991" example:"7" doc:"The ban's id."`
}

func (s *Server) getBan(ctx context.Context, in *OneBan) (*banResult[wire.NotedBan], error) {
	ban, err := s.deps.BanDetails.Ban(ctx, in.Number)
	return &banResult[wire.NotedBan]{etag(ban.Revision), wire.NotedBanOf(ban, s.deps.Players.Now())}, err
}

// banResult is an answer with one ban.
type banResult[T any] struct {
	ETag string `header:"ETag" example:"\"42\"" doc:"The revision in quotes. Notes do not change it."`
	Body T
}

type changeBanInput struct {
	Author
	Condition
	OneBan
	Body wire.BanChange `doc:"The changes."`
}

func (s *Server) changeBan(ctx context.Context, in *changeBanInput) (*banResult[wire.Ban], error) {
	change, err := in.Body.Change(s.deps.Players.Now())
	if err != nil {
		return nil, err
	}
	change.Expected = in.revision
	ban, err := s.deps.BanDetails.ChangeBan(ctx, in.Number, change)
	if syncer.CodeOf(err) == syncer.CodeStale {
		return nil, staleProblem(err, func() (revision int64, err error) {
			current, err := s.deps.BanDetails.Ban(ctx, in.Number)
			return current.Revision, err
		})
	}
	return &banResult[wire.Ban]{etag(ban.Revision), wire.BanOf(ban, s.deps.Players.Now())}, err
}

type addBanNoteInput struct {
	Author
	OneBan
	Body wire.NewBanNote `doc:"The note."`
}

func (s *Server) addBanNote(ctx context.Context, in *addBanNoteInput) (*result[wire.BanNote], error) {
	note, err := in.Body.Note()
	if err != nil {
		return nil, err
	}
	note, err = s.deps.BanDetails.AddBanNote(ctx, in.Number, note)
	return &result[wire.BanNote]{wire.BanNoteOf(note)}, err
}

type previewBanInput struct {
	UUID bannedPlayer `query:"uuid" minLength:"1" maxLength:"69" example:"abcdefghijklmnopqrstuv==" doc:"Player id or, where nobody has that id, the name of one player. Either this or ip."`
	IP   network      `query:"ip" minLength:"1" maxLength:"64" example:"198.51.100.0/24" doc:"Address or CIDR range."`
	PageSize
}

// Resolve demands one of the two.
func (in *previewBanInput) Resolve(ctx huma.Context) []error {
	url := ctx.URL()
	switch query := url.Query(); {
	case query.Has("uuid") && query.Has("ip"):
		return []error{FieldError{In: inQuery, Field: "ip", Message: "must not be given together with uuid"}}
	case !query.Has("uuid") && !query.Has("ip"):
		return []error{FieldError{In: inQuery, Field: "ip", Message: "is missing; give an ip or a uuid"}}
	default:
		return nil
	}
}

func (s *Server) previewBan(ctx context.Context, in *previewBanInput) (*result[wire.BanPreview], error) {
	identified, err := s.deps.Bans.Identify(ctx, syncer.Target{ID: in.UUID.PlayerID, Prefix: in.IP.Prefix})
	if err != nil {
		return nil, inQueryIfAny(err)
	}
	preview, err := s.deps.BanDetails.PreviewBan(ctx, identified.Target, in.Limit)
	return &result[wire.BanPreview]{wire.BanPreviewOf(preview, s.deps.Players.Now())}, err
}
