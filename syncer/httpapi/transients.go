package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
)

// Transients is what the API needs of values kept in memory only;
// *sidecar.Transients is one.
type Transients interface {
	Put(from syncer.GameServer, id syncer.PlayerID, value syncer.Transient) error
	Get(from syncer.GameServer, id syncer.PlayerID, key string) (syncer.Transient, error)
	List(from syncer.GameServer, id syncer.PlayerID) []syncer.Transient
	Delete(from syncer.GameServer, id syncer.PlayerID, key string) error
}

// registerTransients adds the operations on transients.
func (s *Server) registerTransients() {
	register(s, s.putTransientOperation())
	register(s, s.transientOperation())
	register(s, s.transientsOperation())
	register(s, s.deleteTransientOperation())
}

// Transient is a value that is kept until its server restarts.
type Transient struct {
	Key         string          `json:"key" doc:"Its name."`
	Value       json.RawMessage `json:"value" doc:"The value, as it was put."`
	ExpiresAt   syncer.Time     `json:"expiresAt" doc:"When it goes by itself; null: when the game server or this sidecar restarts."`
	ResetOnJoin bool            `json:"resetOnJoin" doc:"Whether it goes when the player joins this server."`
}

// TransformSchema says that the value may be anything.
func (Transient) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Properties["value"] = &huma.Schema{Description: "The value, as it was put."}
	return s
}

func transientOf(t syncer.Transient, now time.Time) Transient {
	out := Transient{Key: t.Key, Value: t.Value, ResetOnJoin: t.ResetOnJoin}
	if t.TTL > 0 {
		out.ExpiresAt = syncer.TimeOf(now.Add(t.TTL))
	}
	return out
}

// TransientList is the body of all transients of a player.
type TransientList struct {
	Transients []Transient `json:"transients" nullable:"false" doc:"All of the player on the asking server, by key."`
}

// pathOfTransient names one transient.
const pathOfTransient = "/v1/players/{id}/transients/{key}"

func keyParameter() []*huma.Param {
	return []*huma.Param{{
		Name: "key", In: "path", Required: true, Schema: textSchema("", "pet", syncer.MaxTransientKey), Example: "pet",
		Description: "Name of the value: 1 to 64 of letters, digits, `_`, `.`, `:` and `-`, first a letter, a digit or `_`.",
	}}
}

func (s *Server) putTransientOperation() operation[syncer.Transient, nothing] {
	return operation[syncer.Transient, nothing]{
		doc: document{
			method: http.MethodPut, path: pathOfTransient, id: "put-transient", tag: tagTransients, asServer: true,
			summary: "Keep a value for a while",
			description: "In the memory of this sidecar only, for the asking server only: it is gone when the game server announces its start, " +
				"when this sidecar restarts, when `ttl` is over, or with `resetOnJoin` when the player joins again. Nothing of it is ever on disk. " +
				"A value has at most 64 KiB of JSON, a player 64 keys on a server, and a server 64 MiB altogether.",
			parameters: keyParameter(),
			request:    jsonBody("The value.", true, transientSchema(), examplePut),
			replies:    []reply{{http.StatusNoContent, "It is kept.", nil, nil, nil, ""}},
			refusals:   []int{http.StatusInsufficientStorage},
		},
		decode: body(s, decodeTransient),
		handle: func(_ context.Context, c *call, in syncer.Transient) (nothing, error) {
			return nothing{}, inPathIfKey(s.deps.Transients.Put(c.from, c.id, in))
		},
	}
}

func (s *Server) transientOperation() operation[struct{}, plain[Transient]] {
	return operation[struct{}, plain[Transient]]{
		doc: document{
			method: http.MethodGet, path: pathOfTransient, id: "get-transient", tag: tagTransients, asServer: true,
			summary:     "Read a value",
			description: "404 also where it has run out, or another server put it.",
			parameters:  keyParameter(),
			replies:     []reply{{http.StatusOK, "The value.", reflect.TypeFor[Transient](), exampleTransient(), nil, ""}},
			refusals:    []int{http.StatusNotFound, http.StatusUnprocessableEntity},
		},
		handle: func(_ context.Context, c *call, _ struct{}) (plain[Transient], error) {
			found, err := s.deps.Transients.Get(c.from, c.id, c.r.PathValue("key"))
			return plain[Transient]{http.StatusOK, transientOf(found, s.deps.Players.Now())}, inPathIfKey(err)
		},
	}
}

func (s *Server) transientsOperation() operation[struct{}, plain[TransientList]] {
	return operation[struct{}, plain[TransientList]]{
		doc: document{
			method: http.MethodGet, path: "/v1/players/{id}/transients", id: "list-transients", tag: tagTransients, asServer: true,
			summary:     "Read all values of a player",
			description: "Those that the asking server put and that have not run out.",
			replies:     []reply{{http.StatusOK, "The values.", reflect.TypeFor[TransientList](), exampleTransients(), nil, ""}},
			refusals:    []int{http.StatusUnprocessableEntity},
		},
		handle: func(_ context.Context, c *call, _ struct{}) (plain[TransientList], error) {
			values := s.deps.Transients.List(c.from, c.id)
			list := TransientList{Transients: make([]Transient, len(values))}
			for i, t := range values {
				list.Transients[i] = transientOf(t, s.deps.Players.Now())
			}
			return plain[TransientList]{http.StatusOK, list}, nil
		},
	}
}

func (s *Server) deleteTransientOperation() operation[struct{}, nothing] {
	return operation[struct{}, nothing]{
		doc: document{
			method: http.MethodDelete, path: pathOfTransient, id: "delete-transient", tag: tagTransients, asServer: true,
			summary:     "Drop a value",
			description: "That there is none is no error.",
			parameters:  keyParameter(),
			replies:     []reply{{http.StatusNoContent, "There is none.", nil, nil, nil, ""}},
			refusals:    []int{http.StatusUnprocessableEntity},
		},
		handle: func(_ context.Context, c *call, _ struct{}) (nothing, error) {
			return nothing{}, inPathIfKey(s.deps.Transients.Delete(c.from, c.id, c.r.PathValue("key")))
		},
	}
}

// inPathIfKey says of a fault of the key that it is in the path.
func inPathIfKey(err error) error {
	if e, ok := errors.AsType[*syncer.Error](err); ok && e.Field == "key" {
		problem, _ := problemOf(err)
		problem.Errors[0].In = inPath
		return problem
	}
	return err
}

// decodeTransient reads the body of a put.
func decodeTransient(c *call, v value) syncer.Transient {
	t := syncer.Transient{Key: c.r.PathValue("key")}
	members, ok := v.members()
	for _, m := range members {
		switch m.name {
		case "value":
			t.Value = compact(m.raw)
		case "ttl":
			if m.null() {
				continue
			}
			if text, ok := m.text(); ok {
				var err error
				if t.TTL, err = syncer.ParseDuration(text); err != nil {
					m.fault("%s", err)
				}
			}
		case "resetOnJoin":
			t.ResetOnJoin, _ = m.boolean()
		default:
			m.fault("is unknown; a transient has value, ttl and resetOnJoin")
		}
	}
	if ok && t.Value == nil {
		v.missing("value")
	}
	return t
}

// compact returns valid JSON without space, in memory of its own.
func compact(raw json.RawMessage) json.RawMessage {
	var out bytes.Buffer
	if err := json.Compact(&out, raw); err != nil {
		panic("httpapi: a value of a parsed body is no JSON: " + err.Error())
	}
	return bytes.Clone(out.Bytes())
}

func transientSchema() *huma.Schema {
	ttl := nullableText("For how long: `90s`, `15m`, `2h`, `1d`, at most 30 days; null or absent: until a restart.", "90s", 64)
	return objectSchema("A value to keep.", map[string]*huma.Schema{
		"value":       {Description: "Any JSON of at most 64 KiB."},
		"ttl":         ttl,
		"resetOnJoin": booleanSchema("Whether it goes when the player joins this server; absent: false."),
	}, "value")
}
