package httpapi

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	"playersync/syncer"
	"playersync/syncer/httpapi/strict"
	"playersync/syncer/sidecar"
)

// Operations that are asked many times a second are read and written by hand: huma's
// reflection would cost more than the answer itself. BenchmarkHandler measures them.

// call is such a request on its way to its handler.
type call struct {
	w    http.ResponseWriter
	r    *http.Request
	id   syncer.PlayerID   // of the path, "" where it has none
	from syncer.GameServer // who asks
}

// byHand returns the handler of an operation without parameters in its query.
func (s *Server) byHand(handle func(ctx context.Context, c *call) (answer, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		c := &call{w: w, r: r}
		ctx, cancel := context.WithTimeout(r.Context(), s.config.RequestTimeout)
		defer cancel()
		ctx = syncer.WithCaller(ctx, programOf(r))
		by, err := s.address(c)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		if by != (syncer.Attribution{}) {
			ctx = attribute(ctx, by)
		}
		out, err := handle(ctx, c)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		write(w, out)
	}
}

// address reads what a request says of the player and of who asks.
func (s *Server) address(c *call) (by syncer.Attribution, err error) {
	if id := c.r.PathValue("id"); id != "" {
		c.id, err = syncer.ParsePlayerID(id)
		if e, ok := errors.AsType[*syncer.Error](err); ok {
			return by, refuse(FieldError{In: inPath, Field: "id", Message: e.Message})
		}
	}
	if c.from, err = s.gameServer(c.r.Header); err != nil {
		return by, err
	}
	faults, err := knownQuery(nil).check(c.r)
	if err != nil {
		return by, err
	}
	if faults != nil {
		return by, refuse(faults...)
	}
	if c.r.Method == http.MethodGet || c.r.Method == http.MethodHead {
		return by, nil
	}
	return attribution(c.r)
}

// body reads a body into what into points to, which holds a pointer for a body that may be
// left out.
func (s *Server) body(c *call, into any) error {
	data, err := readBody(c.w, c.r, s.config.MaxBody)
	if err != nil {
		return err
	}
	if err, refused := errors.AsType[*strict.Error](strict.Unmarshal(data, into)); refused {
		return refuseBody(err)
	}
	return nil
}

// readBody returns the request's body, bounded, or a problem for its type, size
// or delay.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	if err := checkBody(r, limit); err != nil {
		return nil, err
	}
	reader := http.MaxBytesReader(w, r.Body, limit)
	var data []byte
	var err error
	if r.ContentLength > 0 {
		data = make([]byte, r.ContentLength)
		_, err = io.ReadFull(reader, data)
	} else {
		data, err = io.ReadAll(reader)
	}
	switch _, large := errors.AsType[*http.MaxBytesError](err); {
	case err == nil:
		return data, nil
	case large:
		return nil, tooLarge(limit)
	case errors.Is(err, os.ErrDeadlineExceeded):
		return nil, tooSlow()
	default:
		return nil, malformed("ends before its length")
	}
}

// answer is what such a handler returns: a status, headers and a JSON body.
type answer interface {
	status() int
	header(h http.Header)
	append(b []byte) []byte // the body; not called for a status without one
}

// freshness says where data came from and how old it may be.
type freshness struct {
	source    sidecar.Source // "" leaves the header out
	staleness time.Duration
}

func (s *Server) freshness(source sidecar.Source) freshness {
	return freshness{source: source, staleness: s.deps.Players.Staleness()}
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
	writeBody(w, status, typeJSON, *buffer)
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
