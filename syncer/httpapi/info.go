package httpapi

import (
	"context"
	"net/http"
	"net/netip"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/httpapi/wire"
	"playersync/syncer/sidecar"
)

// registerInfo adds the operations on players' visits.
func (s *Server) registerInfo() {
	declare(s, route{
		http.MethodPost, "/v1/players/{id}/kicks", "kick-player", tagInfo,
		"A player was kicked",
		"Counts a kick from the asking server. Like a join it is in memory at once, in the database soon, " +
			"and stored exactly once also if the database is away. It kicks nobody: the game does that.",
		replies{204: "Counted."},
		[]int{http.StatusNotFound, http.StatusGatewayTimeout},
	}, s.kickPlayer)
	declare(s, route{
		http.MethodGet, "/v1/players/{id}/info", "get-player-info", tagInfo,
		"Read what is known of a player's visits",
		"Times joined and kicked, names and addresses, of all servers together and of each: " +
			"of every player and server the 64 names and 256 addresses seen last. " +
			"From the database; what was counted through this sidecar is in it, what others counted follows " +
			"within their flush interval (5 s unless configured).",
		replies{200: "What is known."},
		storedOr(http.StatusNotFound),
	}, s.getInfo)
	declare(s, route{
		http.MethodGet, "/v1/player-info", "search-player-info", tagInfo,
		"Search players by a name or an address they once joined with",
		"Either `name`, a part of one whatever its case, or `ip`, an address or range. " +
			"Who joined with a match last comes first; a player who joins again between two pages moves to the first.",
		replies{200: "One page."},
		stored,
	}, s.searchInfo)
	declare(s, route{
		http.MethodGet, "/v1/players/{id}/accounts", "list-sharing-accounts", tagInfo,
		"List the accounts that share an address with a player",
		"Other players who joined from an address that this one joined from, on any server: " +
			"who shares the most addresses first, then who was seen there last. " +
			"Many players share the address of a school or a mobile network: look at how often each came.",
		replies{200: "One page."},
		stored,
	}, s.listAccounts)
}

// Visits is what the API needs of the use-cases about players' visits;
// *sidecar.Info is one.
type Visits interface {
	Kick(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) error
	Info(ctx context.Context, id syncer.PlayerID) (syncer.PlayerInfo, error)
	InfoByName(ctx context.Context, name string, page sidecar.Page) (matches []syncer.InfoMatch, next string, err error)
	InfoByAddress(
		ctx context.Context, ip netip.Prefix, page sidecar.Page,
	) (matches []syncer.InfoMatch, next string, err error)
	SharingAccounts(
		ctx context.Context, id syncer.PlayerID, page sidecar.Page,
	) (accounts []syncer.SharingAccount, next string, err error)
}

type kickInput struct {
	OnePlayer
	Acting
	Body *wire.Kick `doc:"Nothing, or an empty object."`
}

func (s *Server) kickPlayer(ctx context.Context, in *kickInput) (*struct{}, error) {
	return &struct{}{}, s.deps.Visits.Kick(ctx, in.from, in.ID.PlayerID)
}

func (s *Server) getInfo(ctx context.Context, in *OnePlayer) (*result[wire.PlayerInfo], error) {
	info, err := s.deps.Visits.Info(ctx, in.ID.PlayerID)
	return &result[wire.PlayerInfo]{wire.PlayerInfoOf(info, s.deps.Players.Now())}, err
}

type searchInfoInput struct {
	Name string  `query:"name" minLength:"1" maxLength:"512" example:"steve" doc:"Part of a name."`
	IP   network `query:"ip" minLength:"1" maxLength:"64" example:"198.51.100.0/24" doc:"Address or CIDR range."`
	Page
}

// Resolve demands one of the two.
func (in *searchInfoInput) Resolve(ctx huma.Context) []error {
	url := ctx.URL()
	switch query := url.Query(); {
	case query.Has("name") && query.Has("ip"):
		return []error{FieldError{In: inQuery, Field: "ip", Message: "must not be given together with name"}}
	case !query.Has("name") && !query.Has("ip"):
		return []error{FieldError{In: inQuery, Field: "name", Message: "is missing; give a name or an ip"}}
	default:
		return nil
	}
}

func (s *Server) searchInfo(ctx context.Context, in *searchInfoInput) (*result[wire.InfoPage], error) {
	var matches []syncer.InfoMatch
	var next string
	var err error
	if in.IP.IsValid() {
		matches, next, err = s.deps.Visits.InfoByAddress(ctx, in.IP.Prefix, in.selection())
	} else {
		matches, next, err = s.deps.Visits.InfoByName(ctx, in.Name, in.selection())
	}
	return &result[wire.InfoPage]{wire.InfoPageOf(matches, next)}, inQueryIfAny(err)
}

type listAccountsInput struct {
	OnePlayer
	Page
}

func (s *Server) listAccounts(ctx context.Context, in *listAccountsInput) (*result[wire.AccountsPage], error) {
	accounts, next, err := s.deps.Visits.SharingAccounts(ctx, in.ID.PlayerID, in.selection())
	return &result[wire.AccountsPage]{wire.AccountsPageOf(accounts, next)}, inQueryIfAny(err)
}
