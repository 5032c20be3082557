package httpapi

import (
	"context"
	"net/http"
	"reflect"

	"playersync/syncer"
	"playersync/syncer/merge"
	"playersync/syncer/sidecar"
)

// registerPlayers adds the operations on players.
func (s *Server) registerPlayers() {
	register(s, s.joinOperation())
	register(s, s.playerOperation())
	register(s, s.patchOperation())
	register(s, s.leaveOperation())
	register(s, s.historyOperation())
	register(s, s.searchOperation())
}

func (s *Server) freshness(source sidecar.Source) freshness {
	return freshness{source: source, staleness: s.deps.Players.Staleness()}
}

func (s *Server) joinOperation() operation[sidecar.JoinRequest, *joinAnswer] {
	return operation[sidecar.JoinRequest, *joinAnswer]{
		doc: document{
			method: http.MethodPost, path: "/v1/players/{id}/join", id: "join-player", tag: tagPlayers, asServer: true,
			summary: "A player connects",
			description: "One request at the connect packet: returns the record as the asking server sees it and the ban that applies, " +
				"counts the join and remembers name and address. The verdict comes from memory and is given also while the database is out of reach.",
			request:  jsonBody("Who connects.", true, joinSchema(), exampleJoin),
			replies:  []reply{{http.StatusOK, "The record and the verdict.", reflect.TypeFor[Joined](), exampleJoined(), recordHeaders, ""}},
			refusals: stored,
		},
		decode: body(s, func(_ *call, v value) sidecar.JoinRequest { return decodeJoin(v) }),
		handle: func(ctx context.Context, c *call, in sidecar.JoinRequest) (*joinAnswer, error) {
			result, err := s.deps.Players.Join(ctx, c.from, c.id, in)
			if err != nil {
				return nil, err
			}
			return &joinAnswer{
				freshness: s.freshness(result.Source), view: result.Player, ban: result.Ban, now: s.deps.Players.Now(),
			}, nil
		},
	}
}

func (s *Server) playerOperation() operation[struct{}, *recordAnswer] {
	return operation[struct{}, *recordAnswer]{
		doc: document{
			method: http.MethodGet, path: "/v1/players/{id}", id: "get-player", tag: tagPlayers, asServer: true,
			summary:     "Read a player",
			description: "The record as the asking server sees it. If-None-Match with the ETag answers 304 where the revision is the same.",
			replies: []reply{
				{http.StatusOK, "The record.", reflect.TypeFor[Record](), exampleRecord(), recordHeaders, ""},
				{http.StatusNotModified, "The revision is the one in If-None-Match.", nil, nil, recordHeaders, ""},
			},
			parameters: conditionParameter("If-None-Match", "ETag of the copy that the client has."),
			refusals:   append([]int{http.StatusNotFound, http.StatusUnprocessableEntity}, stored...),
		},
		handle: func(ctx context.Context, c *call, _ struct{}) (*recordAnswer, error) {
			view, source, err := s.deps.Players.Player(ctx, c.from, c.id)
			if err != nil {
				return nil, err
			}
			return &recordAnswer{
				freshness: s.freshness(source), view: view, now: s.deps.Players.Now(),
				notModified: noneMatch(c.r.Header, view.Revision),
			}, nil
		},
	}
}

// patchInput is a change and the revision it depends on.
type patchInput struct {
	patch   sidecar.Patch
	ifMatch *int64
}

func (s *Server) patchOperation() operation[patchInput, *recordAnswer] {
	decode := body(s, func(_ *call, v value) sidecar.Patch { return decodePatch(v, s.deps.Players.Now()) })
	return operation[patchInput, *recordAnswer]{
		doc: document{
			method: http.MethodPatch, path: "/v1/players/{id}", id: "patch-player", tag: tagPlayers, asServer: true,
			summary: "Change fields of a player",
			description: "A JSON merge patch over the fields. Important fields (rank, flags, unmuteTime, unmarkTime, muted, attributes) " +
				"are applied to the current row at once and reach every server within milliseconds; the others are in memory " +
				"at once and in the database soon. " +
				"With If-Match nothing happens unless the revision is still the one given.",
			parameters: conditionParameter("If-Match", `ETag that the change depends on, or "*".`),
			request:    jsonBody("The fields to change.", true, patchSchema(), examplePatch, "application/merge-patch+json"),
			replies:    []reply{{http.StatusOK, "The record after the change.", reflect.TypeFor[Record](), exampleRecord(), recordHeaders, ""}},
			refusals:   append([]int{http.StatusNotFound, http.StatusConflict, http.StatusPreconditionFailed}, stored...),
		},
		decode: func(c *call) (in patchInput, err error) {
			if in.ifMatch, err = ifMatch(c.r.Header); err != nil {
				return in, err
			}
			in.patch, err = decode(c)
			return in, err
		},
		handle: func(ctx context.Context, c *call, in patchInput) (*recordAnswer, error) {
			view, err := s.deps.Players.Patch(ctx, c.from, c.id, in.patch, in.ifMatch)
			if err != nil {
				return nil, s.withCurrentTag(ctx, c, err)
			}
			return &recordAnswer{freshness: s.freshness(sidecar.FromDatabase), view: view, now: s.deps.Players.Now()}, nil
		},
	}
}

// withCurrentTag adds the current ETag to the refusal of a stale change, where it
// is known.
func (s *Server) withCurrentTag(ctx context.Context, c *call, err error) error {
	if syncer.CodeOf(err) != syncer.CodeStale {
		return err
	}
	problem, _ := problemOf(err)
	problem.Errors = []FieldError{{In: inHeader, Field: "If-Match", Message: "is no longer the current revision"}}
	if view, _, err := s.deps.Players.Player(ctx, c.from, c.id); err == nil {
		problem.header = http.Header{"Etag": {etag(view.Revision)}}
	}
	return problem
}

func (s *Server) leaveOperation() operation[merge.Save, nothing] {
	return operation[merge.Save, nothing]{
		doc: document{
			method: http.MethodPost, path: "/v1/players/{id}/leave", id: "leave-player", tag: tagPlayers, asServer: true,
			summary: "A player leaves",
			description: "Saves the unimportant and unsynced fields; what the asking server did not change since it was shown the record is left alone. " +
				"A whole record may be sent: important and computed fields are passed over. Without a body only pending changes are saved. " +
				"During an outage of the database the save is kept on disk and stored exactly once later.",
			request: jsonBody("The fields to save, or the whole record, or nothing.", false, leaveSchema(), exampleLeave),
			replies: []reply{{http.StatusNoContent, "Saved, or kept on disk until it can be.", nil, nil, nil, ""}},
		},
		decode: optionalBody(s, func(c *call, v value) merge.Save { return decodeLeave(v, c.id, s.deps.Players.Now()) }),
		handle: func(ctx context.Context, c *call, in merge.Save) (nothing, error) {
			return nothing{}, s.deps.Players.Leave(ctx, c.from, c.id, in)
		},
	}
}

func (s *Server) historyOperation() operation[struct{}, historyAnswer] {
	return operation[struct{}, historyAnswer]{
		doc: document{
			method: http.MethodGet, path: "/v1/players/{id}/history", id: "get-history", tag: tagPlayers,
			summary:     "Read a player's history",
			description: "All moderation actions, oldest first. Nothing a server sends can remove an entry.",
			replies: []reply{{
				http.StatusOK, "The entries.", reflect.TypeFor[History](), exampleHistory(), []string{headerSource, headerStaleness}, "",
			}},
			refusals: append([]int{http.StatusNotFound, http.StatusUnprocessableEntity}, stored...),
		},
		handle: func(ctx context.Context, c *call, _ struct{}) (historyAnswer, error) {
			entries, source, err := s.deps.Players.History(ctx, c.id)
			return historyAnswer{s.freshness(source), entries}, err
		},
	}
}
