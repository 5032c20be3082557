package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// BanDetails is what the API needs of the use-cases about single bans and their
// notes; *sidecar.Sidecar is one.
type BanDetails interface {
	Ban(ctx context.Context, number int64) (syncer.NotedBan, error)
	ChangeBan(ctx context.Context, number int64, change syncer.BanChange) (syncer.Ban, error)
	AddBanNote(ctx context.Context, ban int64, note syncer.BanNote) (syncer.BanNote, error)
	PreviewBan(ctx context.Context, target syncer.Target, size int) (syncer.BanPreview, error)
}

// registerBanDetails adds the operations on single bans.
func (s *Server) registerBanDetails() {
	register(s, s.banDetailsOperation())
	register(s, s.changeBanOperation())
	register(s, s.noteOperation())
	register(s, s.previewOperation())
}

// BanNote is what the staff noted on a ban.
type BanNote struct {
	ID   int64       `json:"id" doc:"Number of the note."`
	At   syncer.Time `json:"at" doc:"When."`
	By   string      `json:"by" doc:"Who, empty if not said."`
	Text string      `json:"text" doc:"What."`
}

func noteOf(n syncer.BanNote) BanNote {
	return BanNote{ID: n.Number, At: n.At, By: n.By, Text: n.Text}
}

// NotedBan is one ban with its notes.
type NotedBan struct {
	Ban   Ban       `json:"ban" doc:"The ban."`
	Notes []BanNote `json:"notes" nullable:"false" doc:"What the staff noted on it, oldest first."`
}

func (s *Server) banDetailsOperation() operation[int64, plain[NotedBan]] {
	return operation[int64, plain[NotedBan]]{
		doc: document{
			method: http.MethodGet, path: "/v1/bans/{number}", id: "get-ban", tag: tagBans,
			summary:     "Read a ban and its notes",
			description: "A ban open or over, from the database. Notes are for the staff: no verdict and no event carries them.",
			parameters:  []*huma.Param{banParameter()},
			replies:     []reply{{http.StatusOK, "The ban.", reflect.TypeFor[NotedBan](), exampleNotedBan(), nil, ""}},
			refusals:    append([]int{http.StatusNotFound, http.StatusUnprocessableEntity}, stored...),
		},
		decode: banNumber,
		handle: func(ctx context.Context, _ *call, number int64) (plain[NotedBan], error) {
			ban, err := s.deps.BanDetails.Ban(ctx, number)
			out := NotedBan{Ban: ban.View(s.deps.Players.Now()), Notes: make([]BanNote, len(ban.Notes))}
			for i, note := range ban.Notes {
				out.Notes[i] = noteOf(note)
			}
			return plain[NotedBan]{http.StatusOK, out}, err
		},
	}
}

// numbered is what a request says of the ban of a number.
type numbered[T any] struct {
	number int64
	said   T
}

// numberedBody reads the number and a body.
func numberedBody[T any](s *Server, read func(c *call, v value) T) func(*call) (numbered[T], error) {
	return func(c *call) (in numbered[T], err error) {
		if in.number, err = banNumber(c); err != nil {
			return in, err
		}
		in.said, err = body(s, read)(c)
		return in, err
	}
}

func (s *Server) changeBanOperation() operation[numbered[syncer.BanChange], plain[Ban]] {
	schema := banSchema("What to change; what is absent stays.", "reason", "expiresAt", "duration", "by")
	return operation[numbered[syncer.BanChange], plain[Ban]]{
		doc: document{
			method: http.MethodPatch, path: "/v1/bans/{number}", id: "change-ban", tag: tagBans,
			summary:     "Change the reason or the end of a ban",
			description: "Of a ban in force: one that is over stays as it is. An expiresAt of null or infinity lets it last until it is lifted; a duration counts from now.",
			parameters:  []*huma.Param{banParameter()},
			request:     jsonBody("The changes.", true, schema, map[string]any{"reason": "griefing, again", "duration": "30d", "by": "Steve"}),
			replies:     []reply{{http.StatusOK, "The ban as it is now.", reflect.TypeFor[Ban](), exampleBan(), nil, ""}},
			refusals:    append([]int{http.StatusNotFound, http.StatusConflict}, stored...),
		},
		decode: numberedBody(s, func(_ *call, v value) syncer.BanChange { return decodeBanChange(v, s.deps.Players.Now()) }),
		handle: func(ctx context.Context, _ *call, in numbered[syncer.BanChange]) (plain[Ban], error) {
			ban, err := s.deps.BanDetails.ChangeBan(ctx, in.number, in.said)
			return plain[Ban]{http.StatusOK, ban.View(s.deps.Players.Now())}, err
		},
	}
}

// decodeBanChange reads the body that changes a ban. Other than in the body that
// bans, an expiresAt of null says something: that there is none.
func decodeBanChange(v value, now time.Time) (change syncer.BanChange) {
	members, ok := v.members()
	ended := ""
	for _, m := range members {
		switch m.name {
		case "reason":
			m.setText(&change.Reason)
		case "expiresAt", "duration":
			if ended != "" {
				m.fault("says the same as %s; give one of them", ended)
			}
			ended = m.name
			change.ExpiresAt = syncer.Some(m.end(now))
		case "by":
			if !m.null() {
				change.By, _ = m.text()
			}
		default:
			m.unknown("reason", "expiresAt", "duration", "by")
		}
	}
	if ok && len(*v.faults) == 0 {
		v.note(change.Validate(now))
	}
	return change
}

// end reads when a ban ends from a member that names the time or the duration.
func (m member) end(now time.Time) syncer.Time {
	if m.name == "duration" {
		var body banBody
		readDuration(m, &body)
		return syncer.Millis(now.UnixMilli() + body.duration.Milliseconds())
	}
	at, _ := m.time()
	if at.IsForever() {
		return syncer.Time{}
	}
	return at
}

func (s *Server) noteOperation() operation[numbered[syncer.BanNote], plain[BanNote]] {
	schema := objectSchema("A note.", map[string]*huma.Schema{
		"text": textSchema("What.", "uses a second account", syncer.MaxNoteLength),
		"by":   textSchema("Who.", "Steve", syncer.MaxHistoryText),
	}, "text")
	return operation[numbered[syncer.BanNote], plain[BanNote]]{
		doc: document{
			method: http.MethodPost, path: "/v1/bans/{number}/notes", id: "add-ban-note", tag: tagBans,
			summary:     "Note something on a ban",
			description: "For the staff: players never see it. A ban that is over can be noted on too.",
			parameters:  []*huma.Param{banParameter()},
			request:     jsonBody("The note.", true, schema, map[string]any{"text": "uses a second account", "by": "Steve"}),
			replies:     []reply{{http.StatusCreated, "The note as it is stored.", reflect.TypeFor[BanNote](), exampleNotedBan().Notes[0], nil, ""}},
			refusals:    append([]int{http.StatusNotFound}, stored...),
		},
		decode: numberedBody(s, func(_ *call, v value) syncer.BanNote { return decodeNote(v) }),
		handle: func(ctx context.Context, _ *call, in numbered[syncer.BanNote]) (plain[BanNote], error) {
			note, err := s.deps.BanDetails.AddBanNote(ctx, in.number, in.said)
			return plain[BanNote]{http.StatusCreated, noteOf(note)}, err
		},
	}
}

func decodeNote(v value) (note syncer.BanNote) {
	members, ok := v.members()
	for _, m := range members {
		switch m.name {
		case "text":
			note.Text, _ = m.text()
		case "by":
			note.By, _ = m.text()
		default:
			m.unknown("text", "by")
		}
	}
	if ok && len(*v.faults) == 0 {
		v.note(note.Validate())
	}
	return note
}

// banNumber reads the number of the path.
func banNumber(c *call) (int64, error) { return c.number("must be the number of a ban, such as 7") }

func banParameter() *huma.Param { return numberParameter("The ban's id.", 7) }

func exampleNotedBan() NotedBan {
	ban := exampleBan()
	return NotedBan{Ban: ban, Notes: []BanNote{{ID: 3, At: ban.CreatedAt, By: "Steve", Text: "uses a second account"}}}
}
