package httpapi

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/mindustry"
)

// USIDs is what the API needs of the use-cases about proofs of identity that game
// servers rejected; *sidecar.Sidecar is one.
type USIDs interface {
	RejectedUSIDs(ctx context.Context, size int) ([]mindustry.RejectedUSID, error)
	ApproveUSID(ctx context.Context, code, address string) (mindustry.RejectedUSID, error)
}

// registerUSIDs adds the operations on rejected proofs of identity.
func (s *Server) registerUSIDs() {
	register(s, s.rejectedOperation())
	register(s, s.approveOperation())
}

// RejectedUSID is a player whom a game server turned away for another proof of identity
// than the stored one. The proof itself is a secret.
type RejectedUSID struct {
	Code       string          `json:"code" doc:"What the player was told to show."`
	UUID       syncer.PlayerID `json:"uuid" doc:"Player id."`
	Name       string          `json:"name" doc:"The player's name; empty if there is no such player."`
	Rank       string          `json:"rank" doc:"The player's rank; empty as well."`
	Address    string          `json:"address" doc:"The game server, ip:port."`
	RejectedAt syncer.Time     `json:"rejectedAt" doc:"When."`
}

// RejectedUSIDs is the body of a listing's answer.
type RejectedUSIDs struct {
	Rejections []RejectedUSID `json:"rejections" nullable:"false" doc:"Those that nobody approved, newest first."`
}

func (s *Server) rejectedOperation() operation[int, plain[RejectedUSIDs]] {
	return operation[int, plain[RejectedUSIDs]]{
		doc: document{
			method: http.MethodGet, path: "/v1/usid-rejections", id: "list-usid-rejections", tag: tagStaff,
			summary:     "List players turned away for their proof of identity",
			description: "The newest of the last 30 days that nobody has approved, from the database.",
			parameters:  pageParameters()[:1],
			replies:     []reply{{http.StatusOK, "The rejections.", reflect.TypeFor[RejectedUSIDs](), exampleRejections(), nil, ""}},
			refusals:    append([]int{http.StatusBadRequest}, stored...),
		},
		decode: func(c *call) (int, error) {
			q, err := parameters(c.r, "limit")
			if err != nil {
				return 0, err
			}
			return q.page().Size, q.err()
		},
		handle: func(ctx context.Context, _ *call, size int) (plain[RejectedUSIDs], error) {
			rejected, err := s.deps.USIDs.RejectedUSIDs(ctx, size)
			out := RejectedUSIDs{make([]RejectedUSID, len(rejected))}
			for i, r := range rejected {
				out.Rejections[i] = rejectedUSIDOf(r)
			}
			return plain[RejectedUSIDs]{http.StatusOK, out}, err
		},
	}
}

// approval is which rejection to approve.
type approval struct {
	code    string
	address string // "": the only one with that code
}

func (s *Server) approveOperation() operation[approval, plain[RejectedUSID]] {
	return operation[approval, plain[RejectedUSID]]{
		doc: document{
			method: http.MethodPost, path: "/v1/usid-rejections/{code}/approve", id: "approve-usid", tag: tagStaff,
			summary: "Approve a rejected proof of identity",
			description: "Whoever was turned away with the code is that player on that game server from the next join on. " +
				"Make sure who shows you the code. A code is good for one approval; the second one gets 409.",
			parameters: []*huma.Param{{
				Name: "code", In: "path", Required: true, Schema: textSchema("", exampleCode, 64), Example: exampleCode,
				Description: "What the player was told, percent-encoded.",
			}},
			request: jsonBody("The game server, if several gave the same code.", false, objectSchema("Which one.", map[string]*huma.Schema{
				"address": textSchema("ip:port of the game server.", exampleAddress, 64),
			}), map[string]any{"address": exampleAddress}),
			replies:  []reply{{http.StatusOK, "What was approved.", reflect.TypeFor[RejectedUSID](), exampleRejection(), nil, ""}},
			refusals: append([]int{http.StatusNotFound, http.StatusConflict}, stored...),
		},
		decode: s.decodeApproval,
		handle: func(ctx context.Context, _ *call, in approval) (plain[RejectedUSID], error) {
			approved, err := s.deps.USIDs.ApproveUSID(ctx, in.code, in.address)
			return plain[RejectedUSID]{http.StatusOK, rejectedUSIDOf(approved)}, err
		},
	}
}

func (s *Server) decodeApproval(c *call) (approval, error) {
	in, err := optionalBody(s, func(_ *call, v value) approval { return decodeApprovalBody(v) })(c)
	if err != nil {
		return in, err
	}
	in.code = c.r.PathValue("code")
	if e, ok := errors.AsType[*syncer.Error](mindustry.CheckRejectionCode(in.code)); ok {
		return in, refuse(FieldError{In: inPath, Field: "code", Message: e.Message})
	}
	return in, nil
}

func decodeApprovalBody(v value) (in approval) {
	members, _ := v.members()
	for _, f := range members {
		if f.name != "address" {
			f.fault("is unknown here; known is address")
			continue
		}
		if in.address, _ = f.text(); len(*v.faults) == 0 {
			v.note(syncer.GameServer{Name: "any", Gamemode: "any", Address: in.address}.Validate(""))
		}
	}
	return in
}

func rejectedUSIDOf(r mindustry.RejectedUSID) RejectedUSID {
	return RejectedUSID{Code: r.Code, UUID: r.ID, Name: r.Name, Rank: r.Rank, Address: r.Address, RejectedAt: r.RejectedAt}
}

const (
	exampleCode    = "01234-2"
	exampleAddress = "203.0.113.1:6567"
)

func exampleRejection() RejectedUSID {
	rejected, _ := syncer.ParseTime(exampleTime)
	return RejectedUSID{Code: exampleCode, UUID: exampleID, Name: "Steve", Rank: "mod", Address: exampleAddress, RejectedAt: rejected}
}

func exampleRejections() RejectedUSIDs { return RejectedUSIDs{[]RejectedUSID{exampleRejection()}} }
