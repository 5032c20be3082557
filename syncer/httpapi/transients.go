package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
)

// registerTransients adds the operations on values that a server keeps for a while.
func (s *Server) registerTransients() {
	declare(s, route{
		http.MethodPut, "/v1/players/{id}/transients/{key}", "put-transient", tagTransients,
		"Keep a value for a while",
		"In the memory of this sidecar only, for the asking server only: " +
			"it is gone when the game server announces its start, when this sidecar restarts, when `ttl` is over, " +
			"or with `resetOnJoin` when the player joins again. Nothing of it is ever on disk. " +
			"A value has at most 64 KiB of JSON, a player 64 keys on a server, and a configured server 64 MiB " +
			"altogether; all other servers share as much.",
		replies{204: "It is kept."},
		[]int{http.StatusInsufficientStorage},
	}, s.putTransient)
	declare(s, route{
		http.MethodGet, "/v1/players/{id}/transients/{key}", "get-transient", tagTransients,
		"Read a value",
		"404 also where it has run out, or another server put it.",
		replies{200: "The value."},
		[]int{http.StatusNotFound},
	}, s.getTransient)
	declare(s, route{
		http.MethodGet, "/v1/players/{id}/transients", "list-transients", tagTransients,
		"Read all values of a player",
		"Those that the asking server put and that have not run out.",
		replies{200: "The values."},
		nil,
	}, s.listTransients)
	declare(s, route{
		http.MethodDelete, "/v1/players/{id}/transients/{key}", "delete-transient", tagTransients,
		"Drop a value",
		"That there is none is no error.",
		replies{204: "There is none."},
		nil,
	}, s.deleteTransient)
}

// Transients is what the API needs of values kept in memory only;
// *sidecar.Transients is one.
type Transients interface {
	Put(from syncer.GameServer, id syncer.PlayerID, value syncer.Transient) error
	Get(from syncer.GameServer, id syncer.PlayerID, key string) (syncer.Transient, error)
	List(from syncer.GameServer, id syncer.PlayerID) []syncer.Transient
	Delete(from syncer.GameServer, id syncer.PlayerID, key string) error
}

// OneTransient is part of the input of an operation on one value.
type OneTransient struct {
	OnePlayer
	Key transientKey `path:"key" maxLength:"64" example:"pet" doc:"Name of the value: 1 to 64 of letters, digits, _, ., : and -, first a letter, a digit or _."`
}

type putTransientInput struct {
	OneTransient
	Acting
	Body wire.NewTransient `doc:"The value."`
}

func (s *Server) putTransient(_ context.Context, in *putTransientInput) (*struct{}, error) {
	return &struct{}{}, s.deps.Transients.Put(in.from, in.ID.PlayerID, in.Body.Transient(in.Key.string))
}

type transientInput struct {
	OneTransient
	Asking
}

func (s *Server) getTransient(_ context.Context, in *transientInput) (*result[wire.Transient], error) {
	found, err := s.deps.Transients.Get(in.from, in.ID.PlayerID, in.Key.string)
	return &result[wire.Transient]{wire.TransientOf(found, s.deps.Players.Now())}, err
}

type listTransientsInput struct {
	OnePlayer
	Asking
}

func (s *Server) listTransients(_ context.Context, in *listTransientsInput) (*result[wire.TransientList], error) {
	values := s.deps.Transients.List(in.from, in.ID.PlayerID)
	return &result[wire.TransientList]{wire.TransientListOf(values, s.deps.Players.Now())}, nil
}

type deleteTransientInput struct {
	OneTransient
	Acting
}

func (s *Server) deleteTransient(_ context.Context, in *deleteTransientInput) (*struct{}, error) {
	return &struct{}{}, s.deps.Transients.Delete(in.from, in.ID.PlayerID, in.Key.string)
}
