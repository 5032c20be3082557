package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer"
)

// Servers is what the API needs of the game servers that ask; *sidecar.Servers is one.
type Servers interface {
	Home() syncer.GameServer // who asks when a request does not say
	Named(name string) (server syncer.GameServer, known bool)
	Admit(from syncer.GameServer) error
}

// keySpeaker is where a request's context keeps the name of the game server whose token it
// carries.
type keySpeaker struct{}

// speaker returns the name of the only game server that a request may speak for, "" if it
// may speak for every one.
func speaker(ctx context.Context) string {
	name, _ := ctx.Value(keySpeaker{}).(string)
	return name
}

// speakAs makes a request with the token of a configured game server one of that server,
// or returns the problem for one that says it comes from another.
func (s *Server) speakAs(r *http.Request, name string) (*http.Request, *Problem) {
	server, _ := s.deps.Servers.Named(name)
	var faults []FieldError
	for _, is := range []struct{ header, value string }{
		{headerServer, server.Name}, {headerGamemode, server.Gamemode}, {headerAddress, server.Address},
	} {
		for _, given := range r.Header[is.header] {
			if given != is.value {
				faults = append(faults, notThisServer(inHeader, is.header, is.value))
			}
		}
	}
	if faults != nil {
		return r, foreignServer(server, faults...)
	}
	r.Header[headerServer] = []string{server.Name}
	return r.WithContext(context.WithValue(r.Context(), keySpeaker{}, server.Name)), nil
}

func notThisServer(in, field, value string) FieldError {
	return FieldError{In: in, Field: field, Message: "is not " + value + ", for which the token speaks: leave it out"}
}

// foreignServer refuses what the token of one game server may not do for another.
func foreignServer(server syncer.GameServer, faults ...FieldError) *Problem {
	p := newProblem(http.StatusForbidden, codeForbidden, "this token speaks for the server %s only", server.Name)
	p.Errors = faults
	return p
}
