package httpapi

import (
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/sidecar"
)

// answer is what a handler returns: a status, headers and a JSON body.
type answer interface {
	status() int
	header(h http.Header)
	append(b []byte) []byte // the body; not called for a status without one
}

// typed is an answer that is not always JSON.
type typed interface {
	contentType() []string
}

// plain is an answer without headers of its own.
type plain[T any] struct {
	code int
	body T
}

func (a plain[T]) status() int            { return a.code }
func (a plain[T]) header(http.Header)     {}
func (a plain[T]) append(b []byte) []byte { return appendJSON(b, a.body) }

// freshness says where data came from and how old it may be.
type freshness struct {
	source    sidecar.Source // "" leaves the header out
	staleness time.Duration
}

func (f freshness) header(h http.Header) {
	switch f.source {
	case "":
	case sidecar.FromMemory:
		h["Syncer-Source"] = sourceMemory
	default:
		h["Syncer-Source"] = []string{string(f.source)}
	}
	h["Syncer-Staleness"] = []string{strconv.FormatInt(max(f.staleness, 0).Milliseconds(), 10)}
}

var sourceMemory = []string{string(sidecar.FromMemory)}

// recordAnswer is one player.
type recordAnswer struct {
	freshness
	view        merge.View
	now         time.Time
	notModified bool // the client has this revision
}

func (a *recordAnswer) status() int {
	if a.notModified {
		return http.StatusNotModified
	}
	return http.StatusOK
}

func (a *recordAnswer) header(h http.Header) {
	a.freshness.header(h)
	h["Etag"] = []string{etag(a.view.Revision)}
}

func (a *recordAnswer) append(b []byte) []byte { return appendRecord(b, &a.view, a.now) }

// joinAnswer is the record and the verdict that a join asks for.
type joinAnswer struct {
	freshness
	view *merge.View
	ban  *syncer.Ban
	now  time.Time
}

// Joined is the body of a join's answer.
type Joined struct {
	Player *Record `json:"player" doc:"The record; null while the database is out of reach and the player is not in memory."`
	Ban    *Ban    `json:"ban" doc:"The ban that applies; null: let the player in."`
}

// TransformSchema says which members may be null.
func (Joined) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	return nullableMembers(s, "player", "ban")
}

func (a *joinAnswer) status() int { return http.StatusOK }

func (a *joinAnswer) header(h http.Header) {
	a.freshness.header(h)
	if a.view != nil {
		h["Etag"] = []string{etag(a.view.Revision)}
	}
}

func (a *joinAnswer) append(b []byte) []byte {
	b = append(b, `{"player":`...)
	if a.view == nil {
		b = append(b, "null"...)
	} else {
		b = appendRecord(b, a.view, a.now)
	}
	b = append(b, `,"ban":`...)
	if a.ban == nil {
		return append(b, "null}"...)
	}
	return append(appendJSON(b, a.ban.View(a.now)), '}')
}

// historyAnswer is a player's history.
type historyAnswer struct {
	freshness
	entries []syncer.HistoryEntry
}

// History is the body of a history's answer.
type History struct {
	History []syncer.HistoryEntry `json:"history" nullable:"false" doc:"Moderation actions, oldest first."`
}

func (a historyAnswer) status() int { return http.StatusOK }

func (a historyAnswer) append(b []byte) []byte {
	return append(appendHistory(append(b, `{"history":`...), a.entries), '}')
}

// checkAnswer says whether bans forbid joining.
type checkAnswer struct {
	bans []syncer.Ban
	now  time.Time
}

// Checked is the body of a ban check's answer.
type Checked struct {
	Banned bool  `json:"banned" doc:"Whether any ban forbids joining."`
	Bans   []Ban `json:"bans" nullable:"false" doc:"The bans that apply."`
}

func (a checkAnswer) status() int        { return http.StatusOK }
func (a checkAnswer) header(http.Header) {}

func (a checkAnswer) append(b []byte) []byte {
	if len(a.bans) == 0 {
		return append(b, `{"banned":false,"bans":[]}`...)
	}
	return appendJSON(b, Checked{Banned: true, Bans: syncer.ViewBans(a.bans, a.now)})
}

// nothing is an answer without a body.
type nothing struct{}

func (nothing) status() int            { return http.StatusNoContent }
func (nothing) header(http.Header)     {}
func (nothing) append(b []byte) []byte { return b }

// Content types, shared by all answers and never changed.
var (
	typeJSON    = []string{"application/json"}
	typeProblem = []string{"application/problem+json"}
)

// buffers holds the bytes of answers between uses.
var buffers = sync.Pool{New: func() any { return new([]byte) }}

// maxKeptBuffer keeps a rare huge answer from staying in memory.
const maxKeptBuffer = 64 << 10

func write(w http.ResponseWriter, a answer) {
	status := a.status()
	a.header(w.Header())
	if status == http.StatusNoContent || status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	buffer := buffers.Get().(*[]byte)
	*buffer = a.append((*buffer)[:0])
	kind := typeJSON
	if t, ok := a.(typed); ok {
		kind = t.contentType()
	}
	writeBody(w, status, kind, *buffer)
	if cap(*buffer) <= maxKeptBuffer {
		buffers.Put(buffer)
	}
}

// writeBody sends a whole body. A client that went away is no concern of ours.
func writeBody(w http.ResponseWriter, status int, contentType []string, body []byte) {
	h := w.Header()
	h["Content-Type"] = contentType
	h["Content-Length"] = []string{strconv.Itoa(len(body))}
	w.WriteHeader(status)
	_, _ = w.Write(body)
}
