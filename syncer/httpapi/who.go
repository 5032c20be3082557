package httpapi

import (
	"context"
	"errors"
	"net/http"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"playersync/syncer"
)

// Headers that say who asks: which game server, and for whom.
const (
	headerServer   = "Syncer-Server"
	headerBy       = "Syncer-By"
	headerGamemode = "Syncer-Gamemode"
	headerAddress  = "Syncer-Address"
)

// Asking is part of the input of an operation for which it matters which game server asks.
type Asking struct {
	Server   string `header:"Syncer-Server" maxLength:"64" example:"survival-1" doc:"Name of the game server that asks, server.name if absent. That of a server that is not configured needs gamemode and address with it."`
	Gamemode string `header:"Syncer-Gamemode" maxLength:"64" example:"survival" doc:"Its gamemode, which indexes counters and join times; as configured if absent."`
	Address  string `header:"Syncer-Address" maxLength:"64" example:"203.0.113.1:6567" doc:"Its address, which indexes usids; as configured if absent."`

	from syncer.GameServer
}

// Resolve finds out who asks.
func (a *Asking) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	var err error
	a.from, err = serverOf(ctx).gameServer(r.Header)
	return faultsOf(err)
}

// Author is part of the input of an operation that changes something.
type Author struct {
	By     string `header:"Syncer-By" maxLength:"512" example:"Steve" doc:"For whom the change is made: for the audit, and as the author of a ban, a lift or a note. A by in the body wins."`
	Server string `header:"Syncer-Server" maxLength:"64" example:"survival-1" doc:"Name of the game server through which the change is made, as the audit shows it. The configured one if absent."`

	attribution syncer.Attribution
}

// Resolve finds out for whom something is changed.
func (a *Author) Resolve(ctx huma.Context) []error {
	r, _ := humago.Unwrap(ctx)
	var err error
	a.attribution, err = attribution(r)
	return faultsOf(err)
}

func (a *Author) attribute(ctx context.Context) context.Context { return attribute(ctx, a.attribution) }

// Acting is part of the input of an operation by which a game server changes something.
type Acting struct {
	By string `header:"Syncer-By" maxLength:"512" example:"Steve" doc:"For whom the change is made: for the audit."`
	Asking

	attribution syncer.Attribution
	program     string
}

// Resolve finds out who asks, and for whom.
func (a *Acting) Resolve(ctx huma.Context) []error {
	if faults := a.Asking.Resolve(ctx); faults != nil {
		return faults
	}
	r, _ := humago.Unwrap(ctx)
	a.program = programOf(r)
	var err error
	a.attribution, err = attribution(r)
	return faultsOf(err)
}

func (a *Acting) attribute(ctx context.Context) context.Context {
	return attribute(syncer.WithCaller(ctx, a.program), a.attribution)
}

// attributed is an input that says for whom something is changed.
type attributed interface {
	attribute(ctx context.Context) context.Context
}

func attribute(ctx context.Context, by syncer.Attribution) context.Context {
	return syncer.WithServer(syncer.WithActor(ctx, by.By), by.Server)
}

// gameServer returns who asks. A header that is absent falls back to the configured server
// of the name that is given, or to home without a name. A name that is not configured does not
// say what its gamemode and address are, so it needs both.
func (s *Server) gameServer(h http.Header) (from syncer.GameServer, err error) {
	from = s.deps.Servers.Home()
	name, gamemode, address := h[headerServer], h[headerGamemode], h[headerAddress]
	if name == nil && gamemode == nil && address == nil {
		return from, nil
	}
	known := true
	if len(name) == 1 {
		if from, known = s.deps.Servers.Named(name[0]); known && gamemode == nil && address == nil {
			return from, nil
		}
	}
	var missing []FieldError
	for _, part := range []struct {
		header string
		given  []string
		into   *string
	}{
		{headerServer, name, &from.Name},
		{headerGamemode, gamemode, &from.Gamemode},
		{headerAddress, address, &from.Address},
	} {
		switch {
		case len(part.given) > 1:
			return from, refuse(FieldError{In: inHeader, Field: part.header, Message: "is given more than once"})
		case len(part.given) == 1:
			*part.into = part.given[0]
		case !known:
			missing = append(missing, FieldError{
				In: inHeader, Field: part.header,
				Message: "is needed too, since " + headerServer + " names a server that is not configured",
			})
		}
	}
	if missing != nil {
		return from, refuse(missing...)
	}
	if err := headerFault(from.Validate("")); err != nil {
		return from, err
	}
	return from, s.deps.Servers.Admit(from)
}

// headerFault names the header for a fault of the game server's field.
func headerFault(err error) error {
	e, ok := errors.AsType[*syncer.Error](err)
	if !ok {
		return err
	}
	header := map[string]string{"name": headerServer, "gamemode": headerGamemode, "address": headerAddress}[e.Field]
	return refuse(FieldError{In: inHeader, Field: header, Message: e.Message})
}

// attribution returns for whom and through which game server a request makes its
// changes, as far as its headers say it. What asks as a server has been read already.
func attribution(r *http.Request) (by syncer.Attribution, err error) {
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
