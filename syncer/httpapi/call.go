package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// call is one request on its way to a handler.
type call struct {
	w    http.ResponseWriter
	r    *http.Request
	id   syncer.PlayerID   // of the path, "" where it has none
	from syncer.GameServer // who asks
}

// Headers that say who asks: which game server, and for whom.
const (
	headerServer   = "Syncer-Server"
	headerBy       = "Syncer-By"
	headerGamemode = "Syncer-Gamemode"
	headerAddress  = "Syncer-Address"
)

// gameServer returns who asks: each header that is absent falls back to home,
// but another server's name alone does not say what its gamemode and address
// are, so it needs both.
func gameServer(h http.Header, home syncer.GameServer) (syncer.GameServer, error) {
	name, gamemode, address := h[headerServer], h[headerGamemode], h[headerAddress]
	if name == nil && gamemode == nil && address == nil {
		return home, nil
	}
	from := home
	for _, part := range []struct {
		header string
		given  []string
		into   *string
	}{{headerServer, name, &from.Name}, {headerGamemode, gamemode, &from.Gamemode}, {headerAddress, address, &from.Address}} {
		switch len(part.given) {
		case 0:
			if len(name) > 0 && name[0] != home.Name {
				return from, refuse(FieldError{
					In: inHeader, Field: part.header,
					Message: "is needed too, since " + headerServer + " names another server than the configured one",
				})
			}
		case 1:
			*part.into = part.given[0]
		default:
			return from, refuse(FieldError{In: inHeader, Field: part.header, Message: "is given more than once"})
		}
	}
	return from, headerFault(from.Validate(""))
}

// attribution returns for whom and through which game server a request makes its
// changes, as far as its headers say it. What asks as a server has been read already.
func attribution(r *http.Request) (by syncer.Attribution, err error) {
	if !changes(r.Method) {
		return by, nil
	}
	if by.By, err = single(r, headerBy, syncer.CheckAuthor); err != nil {
		return by, err
	}
	by.Server, err = single(r, headerServer, syncer.CheckServerName)
	return by, err
}

// single returns the value of a header that may be given once, "" if it is absent.
func single(r *http.Request, header string, check func(field, text string) error) (string, error) {
	given := r.Header[header]
	if len(given) == 0 {
		return "", nil
	}
	if len(given) > 1 {
		return "", refuse(FieldError{In: inHeader, Field: header, Message: "is given more than once"})
	}
	if err, ok := errors.AsType[*syncer.Error](check(header, given[0])); ok {
		return "", refuse(FieldError{In: inHeader, Field: header, Message: err.Message})
	}
	return given[0], nil
}

// changes reports whether requests of the method may change anything.
func changes(method string) bool { return method != http.MethodGet && method != http.MethodHead }

// headerFault names the header for a fault of the game server's field.
func headerFault(err error) error {
	e, ok := errors.AsType[*syncer.Error](err)
	if !ok {
		return err
	}
	header := map[string]string{"name": headerServer, "gamemode": headerGamemode, "address": headerAddress}[e.Field]
	return refuse(FieldError{In: inHeader, Field: header, Message: e.Message})
}

// pathID reads the player id of the path, which the mux has unescaped once.
func pathID(r *http.Request) (syncer.PlayerID, error) {
	id, err := syncer.ParsePlayerID(r.PathValue("id"))
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		return "", refuse(FieldError{In: inPath, Field: "id", Message: e.Message})
	}
	return id, nil
}

// readBody returns the request's body, bounded, or a problem for its type, size
// or delay.
func readBody(w http.ResponseWriter, r *http.Request, limit int64) ([]byte, error) {
	if r.ContentLength == 0 {
		return nil, nil
	}
	if err := checkMediaType(r.Header.Get("Content-Type")); err != nil {
		return nil, err
	}
	if r.ContentLength > limit {
		return nil, tooLarge(limit)
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
		return nil, newProblem(http.StatusRequestTimeout, codeTimeout, "the body did not arrive in time")
	default:
		return nil, malformed("ends before its length")
	}
}

func tooLarge(limit int64) *Problem {
	return newProblem(http.StatusRequestEntityTooLarge, syncer.CodeTooLarge, "the body has more than %d bytes", limit)
}

// typeUnsaid is what curl -d claims of any body, which is as good as nothing.
const typeUnsaid = "application/x-www-form-urlencoded"

// checkMediaType accepts JSON under its names, and a body of unsaid type.
func checkMediaType(header string) error {
	if header == "" || header == "application/json" || header == typeUnsaid {
		return nil
	}
	kind, parameters, err := mime.ParseMediaType(header)
	charset := parameters["charset"]
	if err == nil && (kind == "application/json" || kind == "application/merge-patch+json") &&
		(charset == "" || strings.EqualFold(charset, "utf-8")) {
		return nil
	}
	p := newProblem(http.StatusUnsupportedMediaType, codeMediaType,
		"the body must be JSON in UTF-8: send Content-Type: application/json")
	p.Errors = []FieldError{{In: inHeader, Field: "Content-Type", Message: "must be application/json or application/merge-patch+json"}}
	return p
}

// number reads the path's {number}; fault is what to say of one that is none.
func (c *call) number(fault string) (int64, error) {
	number, err := strconv.ParseInt(c.r.PathValue("number"), 10, 64)
	if err != nil || number < 1 {
		return 0, refuse(FieldError{In: inPath, Field: "number", Message: fault})
	}
	return number, nil
}

// query reads the parameters of a request and collects what is wrong with them.
type query struct {
	values url.Values
	faults []FieldError
}

// parameters parses the query, of which only the given names are known.
func parameters(r *http.Request, known ...string) (*query, error) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, codeMalformed, "the query cannot be read: %s", err)
	}
	q := &query{values: values}
	for name, given := range values {
		switch {
		case !slices.Contains(known, name):
			q.fault(name, "is unknown here")
		case len(given) > 1:
			q.fault(name, "is given more than once")
		}
	}
	return q, nil
}

// noParameters refuses any query.
func noParameters(r *http.Request) error {
	if r.URL.RawQuery == "" {
		return nil
	}
	q, err := parameters(r)
	if err != nil {
		return err
	}
	return q.err()
}

func (q *query) fault(name, message string) {
	q.faults = append(q.faults, FieldError{In: inQuery, Field: name, Message: message})
}

// err returns what is wrong with the query, or nil.
func (q *query) err() error {
	if len(q.faults) > 0 {
		return refuse(q.faults...)
	}
	return nil
}

// Sizes of a page.
const (
	defaultPage = 50
	maxPage     = 500
)

// page reads limit and after.
func (q *query) page() sidecar.Page {
	page := sidecar.Page{Size: defaultPage, After: q.values.Get("after")}
	if q.values.Has("limit") {
		n, err := strconv.Atoi(q.values.Get("limit"))
		if err != nil || n < 1 || n > maxPage {
			q.fault("limit", "must be from 1 to "+strconv.Itoa(maxPage))
		}
		page.Size = n
	}
	return page
}

// bounded returns the request's context with the time-out for answers.
func (s *Server) bounded(r *http.Request) (context.Context, context.CancelFunc) {
	return context.WithTimeout(r.Context(), s.config.RequestTimeout)
}
