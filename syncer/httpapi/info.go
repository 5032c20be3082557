package httpapi

import (
	"context"
	"net/http"
	"net/netip"
	"reflect"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"playersync/syncer"
	"playersync/syncer/sidecar"
)

// Visits is what the API needs of the use-cases about players' visits;
// *sidecar.Sidecar is one.
type Visits interface {
	Kick(ctx context.Context, from syncer.GameServer, id syncer.PlayerID) error
	Info(ctx context.Context, id syncer.PlayerID) (syncer.PlayerInfo, error)
	InfoByName(ctx context.Context, name string, page sidecar.Page) (matches []syncer.InfoMatch, next string, err error)
	InfoByAddress(ctx context.Context, ip netip.Prefix, page sidecar.Page) (matches []syncer.InfoMatch, next string, err error)
	SharingAccounts(ctx context.Context, id syncer.PlayerID, page sidecar.Page) (accounts []syncer.SharingAccount, next string, err error)
}

// registerInfo adds the operations on players' visits.
func (s *Server) registerInfo() {
	register(s, s.kickOperation())
	register(s, s.infoOperation())
	register(s, s.infoSearchOperation())
	register(s, s.accountsOperation())
}

func (s *Server) kickOperation() operation[struct{}, nothing] {
	return operation[struct{}, nothing]{
		doc: document{
			method: http.MethodPost, path: "/v1/players/{id}/kicks", id: "kick-player", tag: tagInfo, asServer: true,
			summary: "A player was kicked",
			description: "Counts a kick from the asking server. Like a join it is in memory at once, in the database soon, and stored exactly once " +
				"also if the database is away. It kicks nobody: the game does that.",
			request:  jsonBody("Nothing, or an empty object.", false, objectSchema("Nothing.", map[string]*huma.Schema{}), map[string]any{}),
			replies:  []reply{{http.StatusNoContent, "Counted.", nil, nil, nil, ""}},
			refusals: []int{http.StatusNotFound, http.StatusGatewayTimeout},
		},
		decode: optionalBody(s, func(_ *call, v value) struct{} {
			members, _ := v.members()
			for _, m := range members {
				m.fault("is unknown; a kick has no fields")
			}
			return struct{}{}
		}),
		handle: func(ctx context.Context, c *call, _ struct{}) (nothing, error) {
			return nothing{}, s.deps.Visits.Kick(ctx, c.from, c.id)
		},
	}
}

func (s *Server) infoOperation() operation[struct{}, plain[syncer.InfoView]] {
	return operation[struct{}, plain[syncer.InfoView]]{
		doc: document{
			method: http.MethodGet, path: "/v1/players/{id}/info", id: "get-player-info", tag: tagInfo,
			summary: "Read what is known of a player's visits",
			description: "Times joined and kicked, names and addresses, of all servers together and of each: of every player and server the 64 names " +
				"and 256 addresses seen last. From the database; what was counted through this sidecar is in it, what others counted follows " +
				"within their flush interval (5 s unless configured).",
			replies:  []reply{{http.StatusOK, "What is known.", reflect.TypeFor[syncer.InfoView](), exampleInfo(), nil, ""}},
			refusals: append([]int{http.StatusNotFound, http.StatusUnprocessableEntity}, stored...),
		},
		handle: func(ctx context.Context, c *call, _ struct{}) (plain[syncer.InfoView], error) {
			info, err := s.deps.Visits.Info(ctx, c.id)
			return plain[syncer.InfoView]{http.StatusOK, info.View()}, err
		},
	}
}

// infoSearch is what to look for: a name or an address.
type infoSearch struct {
	name string
	ip   netip.Prefix
	page sidecar.Page
}

func (s *Server) infoSearchOperation() operation[infoSearch, plain[InfoPage]] {
	return operation[infoSearch, plain[InfoPage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/player-info", id: "search-player-info", tag: tagInfo,
			summary: "Search players by a name or an address they once joined with",
			description: "Either `name`, a part of one whatever its case, or `ip`, an address or range. Who joined with a match last comes first; " +
				"a player who joins again between two pages moves to the first.",
			parameters: append([]*huma.Param{
				queryParameter("name", "Part of a name.", textSchema("", "steve", syncer.MaxNameLength), false),
				queryParameter("ip", "Address or CIDR range.", textSchema("", "198.51.100.0/24", 64), false),
			}, pageParameters()...),
			replies:  []reply{{http.StatusOK, "One page.", reflect.TypeFor[InfoPage](), exampleInfoPage(), nil, ""}},
			refusals: append([]int{http.StatusBadRequest}, stored...),
		},
		decode: decodeInfoSearch,
		handle: func(ctx context.Context, _ *call, in infoSearch) (plain[InfoPage], error) {
			var matches []syncer.InfoMatch
			var next string
			var err error
			if in.ip.IsValid() {
				matches, next, err = s.deps.Visits.InfoByAddress(ctx, in.ip, in.page)
			} else {
				matches, next, err = s.deps.Visits.InfoByName(ctx, in.name, in.page)
			}
			return plain[InfoPage]{http.StatusOK, InfoPage{matches, optional(next)}}, inQueryIfAny(err)
		},
	}
}

func decodeInfoSearch(c *call) (in infoSearch, err error) {
	q, err := parameters(c.r, "name", "ip", "limit", "after")
	if err != nil {
		return in, err
	}
	in = infoSearch{name: q.values.Get("name"), page: q.page()}
	switch named, addressed := q.values.Has("name"), q.values.Has("ip"); {
	case named && addressed:
		q.fault("ip", "must not be given together with name")
	case addressed:
		in.ip, err = syncer.ParsePrefix(q.values.Get("ip"))
		q.note("ip", err)
	case in.name == "":
		q.fault("name", "is missing; give a name or an ip")
	case !storableText(in.name) || utf8.RuneCountInString(in.name) > syncer.MaxNameLength:
		q.fault("name", "must be at most 512 characters of UTF-8 without NUL")
	}
	return in, q.err()
}

func (s *Server) accountsOperation() operation[sidecar.Page, plain[AccountsPage]] {
	return operation[sidecar.Page, plain[AccountsPage]]{
		doc: document{
			method: http.MethodGet, path: "/v1/players/{id}/accounts", id: "list-sharing-accounts", tag: tagInfo,
			summary: "List the accounts that share an address with a player",
			description: "Other players who joined from an address that this one joined from, on any server: who shares the most addresses first, " +
				"then who was seen there last. Many players share the address of a school or a mobile network: look at how often each came.",
			parameters: pageParameters(),
			replies:    []reply{{http.StatusOK, "One page.", reflect.TypeFor[AccountsPage](), exampleAccounts(), nil, ""}},
			refusals:   append([]int{http.StatusBadRequest, http.StatusUnprocessableEntity}, stored...),
		},
		decode: func(c *call) (sidecar.Page, error) {
			q, err := parameters(c.r, "limit", "after")
			if err != nil {
				return sidecar.Page{}, err
			}
			return q.page(), q.err()
		},
		handle: func(ctx context.Context, c *call, page sidecar.Page) (plain[AccountsPage], error) {
			accounts, next, err := s.deps.Visits.SharingAccounts(ctx, c.id, page)
			return plain[AccountsPage]{http.StatusOK, AccountsPage{accounts, optional(next)}}, inQueryIfAny(err)
		},
	}
}
