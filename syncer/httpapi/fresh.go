package httpapi

import (
	"playersync/syncer/sidecar"
)

// FreshHeaders say where an answer came from and how old it may be.
type FreshHeaders struct {
	Source    string `header:"Syncer-Source" enum:"memory,database" doc:"Where the answer came from."`
	Staleness int64  `header:"Syncer-Staleness" minimum:"0" maximum:"9007199254740991" example:"3" doc:"Milliseconds since this sidecar last knew itself current."`
}

func (s *Server) freshHeaders(source sidecar.Source) FreshHeaders {
	return FreshHeaders{string(source), max(s.deps.Players.Staleness(), 0).Milliseconds()}
}

// freshResult is an answer that says how old it may be.
type freshResult[T any] struct {
	FreshHeaders
	Body T
}

// fresh returns an answer from memory.
func fresh[T any](s *Server, body T) *freshResult[T] {
	return &freshResult[T]{s.freshHeaders(sidecar.FromMemory), body}
}

// recordResult is an answer with a player's record.
type recordResult[T any] struct {
	ETag string `header:"ETag" example:"\"42\"" doc:"The revision in quotes. Own counters and usids do not change it."`
	FreshHeaders
	Body T
}
