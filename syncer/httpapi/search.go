package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// PlayersPage is the body of a search's answer.
type PlayersPage struct {
	Players []syncer.PlayerSummary `json:"players" nullable:"false" doc:"The players found."`
	Next    *string                `json:"next" doc:"The next page's after; null: this is the last."`
}

// searchInput is what to look for.
type searchInput struct {
	name string
	page sidecar.Page
}

func (s *Server) searchOperation() operation[searchInput, plain[PlayersPage]] {
	return operation[searchInput, plain[PlayersPage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/players", id: "search-players", tag: tagPlayers,
			summary:     "Search players by name",
			description: "Players whose name begins with or contains the text, whatever its case.",
			parameters: append([]*huma.Param{
				queryParameter("name", "Part of the name.", textSchema("", "steve", syncer.MaxNameLength), true),
			}, pageParameters()...),
			replies:  []reply{{http.StatusOK, "One page.", reflect.TypeFor[PlayersPage](), examplePlayersPage(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: decodeSearch,
		handle: func(ctx context.Context, _ *call, in searchInput) (plain[PlayersPage], error) {
			players, next, err := s.deps.Players.Search(ctx, in.name, in.page)
			if players == nil {
				players = []syncer.PlayerSummary{}
			}
			return plain[PlayersPage]{http.StatusOK, PlayersPage{players, optional(next)}}, inQueryIfAny(err)
		},
	}
}

func decodeSearch(c *call) (in searchInput, err error) {
	q, err := parameters(c.r, "name", "limit", "after")
	if err != nil {
		return in, err
	}
	in = searchInput{name: q.values.Get("name"), page: q.page()}
	switch {
	case in.name == "":
		q.fault("name", "is missing")
	case !storableText(in.name) || utf8.RuneCountInString(in.name) > syncer.MaxNameLength:
		q.fault("name", "must be at most 512 characters of UTF-8 without NUL")
	}
	return in, q.err()
}

// storableText reports whether PostgreSQL takes the text.
func storableText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// optional returns nil for the empty text.
func optional(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// inQueryIfAny says of a refused field that it was in the query.
func inQueryIfAny(err error) error {
	if syncer.CodeOf(err) != syncer.CodeInvalid {
		return err
	}
	problem, _ := problemOf(err)
	fields := problem.Errors
	for i := range fields {
		fields[i].In = inQuery
	}
	if len(fields) == 0 {
		return err
	}
	return refuse(fields...)
}
