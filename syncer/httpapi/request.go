package httpapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/mindustry"
)

// knownQuery is the parameters that an operation takes in its query.
type knownQuery map[string]*huma.Schema

func queryOf(op *huma.Operation) knownQuery {
	known := knownQuery{}
	for _, p := range op.Parameters {
		if p.In == inQuery {
			known[p.Name] = p.Schema
		}
	}
	return known
}

// check refuses what huma lets pass: parameters that are unknown, given twice, or empty
// where an empty one has no meaning, and other words for true and false.
func (q knownQuery) check(r *http.Request) (faults []FieldError, err error) {
	if r.URL.RawQuery == "" {
		return nil, nil
	}
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, newProblem(http.StatusBadRequest, codeMalformed, "the query cannot be read: %s", err)
	}
	for _, name := range slices.Sorted(maps.Keys(values)) {
		if message := q.fault(name, values[name]); message != "" {
			faults = append(faults, FieldError{In: inQuery, Field: name, Message: message})
		}
	}
	return faults, nil
}

// keyFaults is where a request's context keeps what is wrong with its query, until all
// that is wrong with it is known.
type keyFaults struct{}

func withFaults(r *http.Request, faults []FieldError) *http.Request {
	if faults == nil {
		return r
	}
	return r.WithContext(context.WithValue(r.Context(), keyFaults{}, faults))
}

func faultsInQuery(ctx context.Context) []FieldError {
	faults, _ := ctx.Value(keyFaults{}).([]FieldError)
	return faults
}

func (q knownQuery) fault(name string, given []string) string {
	schema := q[name]
	switch {
	case schema == nil && len(q) == 0:
		return "is unknown here; this path takes no parameters"
	case schema == nil:
		return "is unknown here; known are " + strings.Join(slices.Sorted(maps.Keys(q)), ", ")
	case len(given) > 1:
		return "is given more than once"
	case !storableText(given[0]):
		return "must be UTF-8 without NUL"
	case schema.Type == huma.TypeBoolean && given[0] != "true" && given[0] != "false":
		return "must be true or false"
	case given[0] == "" && (schema.Type != huma.TypeString || schema.MinLength != nil):
		return "must not be empty; leave it out"
	default:
		return ""
	}
}

// typeUnsaid is what curl -d claims of any body, which is as good as nothing.
const typeUnsaid = "application/x-www-form-urlencoded"

// checkBody refuses a body of another type than JSON, and one that says that it is too large.
func checkBody(r *http.Request, limit int64) error {
	if r.ContentLength == 0 {
		return nil
	}
	if err := checkMediaType(r.Header.Get("Content-Type")); err != nil {
		return err
	}
	if r.ContentLength > limit {
		return tooLarge(limit)
	}
	return nil
}

// refuseAnyBody refuses what an operation without a body would not read. Nothing, or an empty
// object, says nothing.
func refuseAnyBody(w http.ResponseWriter, r *http.Request, limit int64) error {
	data, err := readBody(w, r, limit)
	if data = bytes.TrimSpace(data); err != nil || len(data) == 0 || string(data) == "{}" {
		return err
	}
	return refuse(FieldError{In: inBody, Field: "body", Message: "is not taken here; leave it out"})
}

func tooLarge(limit int64) *Problem {
	return newProblem(http.StatusRequestEntityTooLarge, syncer.CodeTooLarge, "the body has more than %d bytes", limit)
}

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
	p.Errors = []FieldError{
		{In: inHeader, Field: "Content-Type", Message: "must be application/json or application/merge-patch+json"},
	}
	return p
}

// Parameters that are more than a text or a number. Their UnmarshalText is what huma asks.

// playerID is a player id in a path or query.
type playerID struct{ syncer.PlayerID }

// UnmarshalText checks the id.
func (p *playerID) UnmarshalText(text []byte) (err error) {
	p.PlayerID, err = syncer.ParsePlayerID(string(text))
	return bare(err)
}

// bannedPlayer is whom a query about bans names: a player id, or the name of a player, and
// nothing that is clearly neither.
type bannedPlayer struct{ syncer.PlayerID }

// UnmarshalText checks the id as a ban of it would.
func (p *bannedPlayer) UnmarshalText(text []byte) error {
	target, err := syncer.ParseTarget(string(text), "")
	p.PlayerID = target.ID
	return bare(err)
}

// OnePlayer is part of the input of an operation on one player.
type OnePlayer struct {
	ID playerID `path:"id" maxLength:"64" example:"abcdefghijklmnopqrstuv==" doc:"Player id, percent-encoded: / as %2F, = may stay. 1 to 64 printable characters; a UUID in any spelling."`
}

// network is an address or a CIDR range in a query; absent: none.
type network struct{ netip.Prefix }

// UnmarshalText reads the range.
func (n *network) UnmarshalText(text []byte) (err error) {
	n.Prefix, err = syncer.ParsePrefix(string(text))
	return bare(err)
}

// text returns the range, or the address if it is a single one, "" for none.
func (n network) text() string {
	if !n.IsValid() {
		return ""
	}
	return syncer.Target{Prefix: n.Prefix}.IP()
}

// given is a parameter of which it matters whether it is given.
type given[T any] struct {
	value T
	set   bool
}

// Schema returns the schema of the value.
func (g given[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// Receiver returns what huma puts the value into.
func (g *given[T]) Receiver() reflect.Value { return reflect.ValueOf(&g.value).Elem() }

// OnParamSet notes that there is a value.
func (g *given[T]) OnParamSet(isSet bool, _ any) { g.set = isSet }

// pointer returns the value, or nil if none is given.
func (g given[T]) pointer() *T {
	if !g.set {
		return nil
	}
	return &g.value
}

// moment is a time in a query, or how long ago it was; absent: none.
type moment struct{ syncer.Moment }

// UnmarshalText reads the time.
func (m *moment) UnmarshalText(text []byte) (err error) {
	m.Moment, err = syncer.ParseMoment(string(text))
	if err != nil && bytes.Contains(text, []byte(" ")) {
		return fmt.Errorf("%w; write + as %%2B", err)
	}
	return err
}

// serverName is the name of a game server or of a gamemode.
type serverName struct{ string }

// UnmarshalText checks the name.
func (n *serverName) UnmarshalText(text []byte) error {
	n.string = string(text)
	return bare(syncer.CheckServerName("", n.string))
}

// mapName is a map's file.
type mapName struct{ string }

// UnmarshalText checks the name.
func (n *mapName) UnmarshalText(text []byte) error {
	n.string = string(text)
	return bare(syncer.CheckMap("", n.string))
}

// transientKey is the name of a transient.
type transientKey struct{ string }

// UnmarshalText checks the name.
func (n *transientKey) UnmarshalText(text []byte) error {
	n.string = string(text)
	return bare(syncer.CheckTransientKey("", n.string))
}

// rejectionCode is what a player was told who was turned away.
type rejectionCode struct{ string }

// UnmarshalText checks the name.
func (n *rejectionCode) UnmarshalText(text []byte) error {
	n.string = string(text)
	return bare(mindustry.CheckRejectionCode(n.string))
}

// currencyName is the name of a currency.
type currencyName struct{ string }

// UnmarshalText checks the name.
func (n *currencyName) UnmarshalText(text []byte) error {
	n.string = string(text)
	if syncer.CheckCurrency("", n.string) != nil {
		return errors.New("is no name of a currency")
	}
	return nil
}

// auditField is a field that the audit knows.
type auditField struct{ syncer.AuditField }

// Schema lists them all, so that huma refuses any other.
func (auditField) Schema(huma.Registry) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeString}
	for _, field := range syncer.AuditFields {
		schema.Enum = append(schema.Enum, string(field))
	}
	return schema
}

// UnmarshalText keeps the name.
func (f *auditField) UnmarshalText(text []byte) error {
	f.AuditField = syncer.AuditField(text)
	return nil
}

// stepTime is the length of a step of an export.
type stepTime struct{ time.Duration }

// UnmarshalText reads the time.
func (t *stepTime) UnmarshalText(text []byte) error {
	step, err := syncer.ParseDuration(string(text))
	if t.Duration = step; err != nil {
		return errors.New("must be a multiple of 4 minutes, up to a day, such as 1h")
	}
	return nil
}

// bare returns a refusal without the name of its field.
func bare(err error) error {
	if e, ok := errors.AsType[*syncer.Error](err); ok {
		return errors.New(e.Message)
	}
	return err
}

// storableText reports whether PostgreSQL takes the text.
func storableText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }
