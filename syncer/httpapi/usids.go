package httpapi

import (
	"context"
	"net/http"

	"playersync/syncer/httpapi/wire"
	"playersync/syncer/mindustry"
)

// registerUSIDs adds the operations on rejected proofs of identity.
func (s *Server) registerUSIDs() {
	declare(s, route{
		http.MethodGet, "/v1/usid-rejections", "list-usid-rejections", tagStaff,
		"List players turned away for their proof of identity",
		"The newest of the last 30 days that nobody has approved, from the database.",
		replies{200: "The rejections."},
		stored,
	}, s.listRejectedUSIDs)
	declare(s, route{
		http.MethodPost, "/v1/usid-rejections/{code}/approve", "approve-usid", tagStaff,
		"Approve a rejected proof of identity",
		"Whoever was turned away with the code is that player on that game server from the next join on. " +
			"Make sure who shows you the code. A code is good for one approval; the second one gets 409.",
		replies{200: "What was approved."},
		storedOr(http.StatusNotFound, http.StatusConflict),
	}, s.approveUSID)
}

// USIDs is what the API needs of the use-cases about proofs of identity that game
// servers rejected; *sidecar.USIDs is one.
type USIDs interface {
	RejectedUSIDs(ctx context.Context, size int) ([]mindustry.RejectedUSID, error)
	ApproveUSID(ctx context.Context, code, address string) (mindustry.RejectedUSID, error)
}

func (s *Server) listRejectedUSIDs(ctx context.Context, in *PageSize) (*result[wire.RejectedUSIDs], error) {
	rejected, err := s.deps.USIDs.RejectedUSIDs(ctx, in.Limit)
	return &result[wire.RejectedUSIDs]{wire.RejectedUSIDsOf(rejected)}, err
}

type approveUSIDInput struct {
	Code rejectionCode `path:"code" maxLength:"64" example:"01234-2" doc:"What the player was told, percent-encoded."`
	Author
	Body *wire.USIDApproval `doc:"The game server, if several gave the same code."`
}

func (s *Server) approveUSID(ctx context.Context, in *approveUSIDInput) (*result[wire.RejectedUSID], error) {
	address, err := in.Body.Server()
	if err != nil {
		return nil, err
	}
	if own, bound := s.deps.Servers.Named(speaker(ctx)); bound {
		if address != "" && address != own.Address {
			return nil, foreignServer(own, notThisServer(inBody, "address", own.Address))
		}
		address = own.Address
	}
	approved, err := s.deps.USIDs.ApproveUSID(ctx, in.Code.string, address)
	return &result[wire.RejectedUSID]{wire.RejectedUSIDOf(approved)}, err
}
